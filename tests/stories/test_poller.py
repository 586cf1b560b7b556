import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import update

from bot.clock import utcnow
from bot.config import Newsroom, SourceTable
from bot.delivery import notices
from bot.storage.engine import Database, clock
from bot.storage.models import Source
from bot.stories import sources
from bot.stories.items import Item
from bot.stories.pipeline import Stored, take_in
from bot.stories.poller import Poller
from bot.stories.reading.fetcher import Fetcher
from bot.stories.showing import browse
from bot.stories.telling.copies import RecentStories

FEED = "<rss version='2.0'><channel><title>Kabar</title>{}</channel></rss>"
ITEM = "<item><title>{0}</title><link>https://news.example/dunia/{1}/a</link><guid>{1}</guid></item>"


class Site:
    """One feed, as a test wants it answered."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"body": FEED.format("").encode()}
        self.asked: list[web.Request] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.url = ""
        self.moved = False

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        await self.hold.wait()
        if self.moved and request.path == "/feed":
            return web.Response(status=301, headers={"Location": "/pindah"})
        return web.Response(**self.answer)

    def publish(self, *items: tuple[str, int]) -> None:
        self.answer = {"body": FEED.format("".join(ITEM.format(*item) for item in items)).encode()}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_get("/feed", made.serve)
    app.router.add_get("/pindah", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/feed"
    yield made
    await runner.cleanup()


@pytest.fixture
async def poller(database: Database, site: Site) -> AsyncIterator[Poller]:
    file = Newsroom.model_validate(
        {
            "newsroom": {"name": "Kabar", "url": "https://news.example"},
            "sections": [{"slug": "dunia", "names": {"id": "Dunia"}}],
            "sources": [{"id": "dunia", "url": site.url, "section": "dunia", "every": "1m"}],
        }
    )
    async with database.write() as session:
        await sources.sync(session, file.sources)
    async with Fetcher(private=True, timeout=5) as fetcher:
        yield Poller(
            database=database, fetcher=fetcher, newsroom=file, owner="one", now=utcnow, stopping=asyncio.Event()
        )


async def row(database: Database) -> Source:
    async with database.read() as session:
        return (await sources.everything(session))[0]


async def due_again(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Source).values(next_poll_at=0.0))


async def step(poller: Poller) -> bool:
    """Poll what is due; False: nothing was."""
    due = await poller.claim(1)
    for source in due:
        await poller.poll(source)
    return bool(due)


async def poll(poller: Poller, database: Database) -> Source:
    await due_again(database)
    assert await step(poller)
    return await row(database)


async def wait_of(database: Database) -> float:
    """Seconds until the source is due."""
    from sqlalchemy import select

    async with database.read() as session:
        return float(await session.scalar(select(Source.next_poll_at - clock())) or 0.0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"body": b""}, "empty"),
        ({"body": b"<html><body>Sedang dirawat</body></html>", "content_type": "text/html"}, "HTML"),
        ({"body": b"<rss><chan"}, ""),
        ({"status": 404}, "HTTP 404"),
        ({"status": 500}, "HTTP 500"),
        ({"body": bytes(50_000_000)}, "10 MB"),
    ],
    ids=["empty", "page", "broken", "missing", "failing", "50MB"],
)
async def test_a_source_in_trouble_says_so_once_and_when_it_is_over(
    poller: Poller, database: Database, site: Site, caplog: pytest.LogCaptureFixture, answer: dict[str, Any], words: str
) -> None:
    await poll(poller, database)
    site.answer = answer
    for _ in range(3):
        failed = await poll(poller, database)
    assert failed.failures == 3
    assert words in failed.last_error
    site.publish(("Pulih", 10001))
    assert (await poll(poller, database)).failures == 0
    events = [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
    assert events.count("source_failed") == 1
    assert events.count("source_recovered") == 1
    async with database.read() as session:
        assert [story.title for story in (await browse.latest(session)).stories] == ["Pulih"]


async def test_waits_grow_with_failures_and_follow_retry_after(poller: Poller, database: Database, site: Site) -> None:
    await poll(poller, database)
    assert 55 < await wait_of(database) < 65
    site.answer = {"status": 503}
    await poll(poller, database)
    assert 100 < await wait_of(database) < 140
    await poll(poller, database)
    assert 200 < await wait_of(database) < 280
    site.answer = {"status": 429, "headers": {"Retry-After": "5000"}}
    await poll(poller, database)
    assert await wait_of(database) > 4990
    site.answer = {"status": 410}
    await poll(poller, database)
    assert await wait_of(database) > 80_000


async def test_a_source_that_moved_for_good_is_asked_at_its_new_place_until_that_fails(
    poller: Poller, database: Database, site: Site
) -> None:
    site.moved = True
    await poll(poller, database)
    await poll(poller, database)
    assert [request.path for request in site.asked] == ["/feed", "/pindah", "/pindah"]
    site.answer, site.moved = {"status": 404}, False
    await poll(poller, database)
    await poll(poller, database)
    assert [request.path for request in site.asked[3:]] == ["/pindah", "/feed"]


async def test_a_source_that_fails_for_long_is_told_of_once_and_once_more_when_it_is_back(
    poller: Poller, database: Database, site: Site
) -> None:
    await poll(poller, database)
    site.answer = {"status": 404}
    await poll(poller, database)
    async with database.read() as session:
        assert await notices.unsaid(session) == []
    async with database.write() as session:
        await session.execute(update(Source).values(failing_since=utcnow() - timedelta(hours=2)))
    for _ in range(3):
        await poll(poller, database)
    site.publish(("Pulih", 10001))
    await poll(poller, database)
    await poll(poller, database)
    async with database.read() as session:
        assert [each.kind for each in await notices.unsaid(session)] == ["source_failing", "source_recovered"]


async def test_a_still_source_is_asked_less_often_until_it_changes(
    poller: Poller, database: Database, site: Site
) -> None:
    await poll(poller, database)
    async with database.write() as session:
        await session.execute(update(Source).values(last_change_at=utcnow() - timedelta(days=3)))
    await poll(poller, database)
    assert 165 < await wait_of(database) < 195
    site.publish(("Baru", 10001))
    await poll(poller, database)
    assert 55 < await wait_of(database) < 65


async def test_a_source_says_how_long_it_stays_as_it_is(poller: Poller, database: Database, site: Site) -> None:
    for header, seconds in (("max-age=600", 600), ("no-cache, max-age=99999999", 3600), ("max-age=1", 60)):
        site.answer["headers"] = {"Cache-Control": header}
        await poll(poller, database)
        assert seconds * 0.9 < await wait_of(database) < seconds * 1.1


async def test_an_unchanged_feed_is_asked_for_with_its_etag(poller: Poller, database: Database, site: Site) -> None:
    site.publish(("Satu", 10001))
    site.answer["headers"] = {"ETag": '"a"', "Last-Modified": "Sun, 22 Feb 2026 02:40:00 GMT"}
    await poll(poller, database)
    site.answer = {"status": 304}
    again = await poll(poller, database)
    assert site.asked[-1].headers["If-None-Match"] == '"a"'
    assert site.asked[-1].headers["If-Modified-Since"] == "Sun, 22 Feb 2026 02:40:00 GMT"
    assert (again.etag, again.failures) == ('"a"', 0)


async def test_a_source_is_polled_by_one_at_a_time(poller: Poller, database: Database, site: Site) -> None:
    await due_again(database)
    site.hold.clear()
    first = asyncio.get_running_loop().create_task(step(poller))
    while not site.asked:
        await asyncio.sleep(0.01)
    await due_again(database)
    assert not await step(poller)
    site.hold.set()
    assert await first
    assert len(site.asked) == 1


async def test_a_source_whose_poll_was_killed_is_due_at_the_next_start(poller: Poller, database: Database) -> None:
    await due_again(database)
    assert await poller.claim(1)
    async with database.write() as session:
        await sources.sync(session, list(poller._newsroom.sources))
    await due_again(database)
    assert await poller.claim(1)


async def test_an_empty_first_poll_counts_as_the_first(poller: Poller, database: Database, site: Site) -> None:
    assert (await poll(poller, database)).primed
    site.publish(("Satu", 10001))
    done = await poller.poll(await row(database))
    assert done == Stored(new=1, queued=1)


async def test_a_source_with_a_new_address_begins_anew(poller: Poller, database: Database, site: Site) -> None:
    await poll(poller, database)
    moved = Newsroom.model_validate(
        {
            "newsroom": {"name": "Kabar", "url": "https://news.example"},
            "sources": [{"id": "dunia", "url": site.url + "?baru"}],
        }
    )
    async with database.write() as session:
        await sources.sync(session, moved.sources)
    assert not (await row(database)).primed


async def test_a_source_of_which_the_file_says_something_new_is_read_as_if_never_seen(
    poller: Poller, database: Database, site: Site
) -> None:
    site.answer["headers"] = {"ETag": '"satu"'}
    assert (await poll(poller, database)).etag == '"satu"'
    (table,) = poller._newsroom.sources
    for changed, etag in ((table, '"satu"'), (table.model_copy(update={"section": None}), "")):
        async with database.write() as session:
            await sources.sync(session, [changed])
        again = await row(database)
        assert (again.etag, again.digest == "", again.primed) == (etag, not etag, True)


async def test_who_asks_to_be_left_alone_for_days_is_told_of_at_once(
    poller: Poller, database: Database, site: Site
) -> None:
    site.answer = {"status": 503, "headers": {"Retry-After": "604800"}}
    assert (await poll(poller, database)).told_failing


async def test_a_source_of_updates_is_asked_however_long_it_says_it_stays(
    poller: Poller, database: Database, site: Site
) -> None:
    table = poller._tables["dunia"].model_copy(update={"update": True})
    poller._tables["dunia"] = table
    site.answer["headers"] = {"Cache-Control": "max-age=3600"}
    await poll(poller, database)
    assert await wait_of(database) < 70


async def test_a_second_source_that_words_a_story_otherwise_changes_nothing(
    poller: Poller, database: Database, site: Site
) -> None:
    site.publish(("Satu", 10001))
    await poll(poller, database)
    site.publish(("Satu, dengan ralat", 10001))
    await poll(poller, database)
    lain = SourceTable(id="lain", url=site.url)
    for title in ("Satu, kata yang lain", "Satu, kata yang lain lagi"):
        other = Item("https://news.example/dunia/10001/a", title, guid="x")
        await take_in(database, poller._newsroom, lain, [other], utcnow(), push=True, recent=RecentStories())
    async with database.read() as session:
        (story,) = (await browse.latest(session)).stories
    assert (story.title, story.revision) == ("Satu, dengan ralat", 2)


async def test_two_sources_that_bring_one_story_at_the_same_moment_make_one(database: Database, site: Site) -> None:
    file = Newsroom.model_validate(
        {
            "newsroom": {"name": "Kabar", "url": "https://news.example"},
            "sections": [{"slug": "dunia", "names": {"id": "Dunia"}}],
            "sources": [
                {"id": name, "url": f"{site.url}?{name}", "section": "dunia"}
                for name in ("satu", "dua", "tiga", "empat")
            ],
        }
    )
    async with database.write() as session:
        await sources.sync(session, file.sources)
        await session.execute(update(Source).values(primed=True))
    site.publish(*((f"Kabar {number}", number) for number in range(10_001, 10_006)))
    async with database.read() as session:
        rows = await sources.everything(session)
    async with Fetcher(private=True, timeout=5) as fetcher:
        poller = Poller(
            database=database, fetcher=fetcher, newsroom=file, owner="one", now=utcnow, stopping=asyncio.Event()
        )
        done = await asyncio.gather(*(poller.poll(row) for row in rows))
    stored = [each for each in done if isinstance(each, Stored)]
    assert (sum(each.new for each in stored), sum(each.queued for each in stored)) == (5, 5)
    async with database.read() as session:
        assert await browse.count(session) == 5


async def test_a_feed_that_only_says_when_it_was_built_says_nothing_new(
    poller: Poller, database: Database, site: Site
) -> None:
    def built(hour: int, *items: tuple[str, int]) -> None:
        date = f"<lastBuildDate>Mon, 23 Nov 2026 {hour:02}:00:00 GMT</lastBuildDate>"
        site.answer = {"body": FEED.format(date + "".join(ITEM.format(*item) for item in items)).encode()}

    built(1, ("Banjir surut", 70_001))
    first = await poll(poller, database)
    built(2, ("Banjir surut", 70_001))
    site.answer["body"] += b"<!-- cached 02:00 -->"
    again = await poll(poller, database)
    assert (again.digest, again.body_digest) == (first.digest, first.body_digest)
    assert first.digest != first.body_digest != ""
    built(2, ("Banjir surut di tiga desa", 70_001))
    assert (await poll(poller, database)).digest != first.digest


async def test_what_is_wrong_with_a_document_is_kept_until_one_without_it_is_read(
    database: Database, poller: Poller, site: Site
) -> None:
    useless = "<item><title>Tanpa tautan</title><link>N/A</link><guid isPermaLink='false'>N/A</guid></item>"
    site.answer = {"body": FEED.format(useless + ITEM.format("Kabar satu", 1)).encode(), "headers": {"ETag": '"1"'}}
    assert (await poll(poller, database)).complaints == {"entries": 2, "unusable": 1}
    site.answer = {"status": 304}
    assert (await poll(poller, database)).complaints == {"entries": 2, "unusable": 1}
    site.answer = {"status": 500}
    assert (await poll(poller, database)).complaints == {"entries": 2, "unusable": 1}
    site.answer = {"body": FEED.format(useless * 2 + ITEM.format("Kabar satu", 1)).encode()}
    assert (await poll(poller, database)).complaints == {"entries": 3, "unusable": 2}
    site.publish(("Kabar satu", 1))
    assert (await poll(poller, database)).complaints == {}
