"""Whatever a system does to its feed, nothing is pushed twice, nothing floods, and only what is gone is withdrawn."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import func, select, update

from bot.clock import utcnow
from bot.delivery import pushes
from bot.storage.engine import Database
from bot.storage.models import Notice, Push, Source, Story
from bot.stories import pipeline
from bot.stories.articles import lookups
from bot.stories.reading import parsing
from tests.stories.hostile import PATIENCE, beside, drip, item, response, rss

FIRST, SECOND, THIRD = (
    item(700_001, "Banjir surut di tiga desa"),
    item(700_002, "Panen kopi melimpah"),
    item(700_003, "Jembatan gantung dibuka"),
)


def moved(number: int, slug: str, **more: str) -> str:
    return item(number, "Banjir surut di tiga desa", link=f"https://news.example/dunia/{number}/{slug}", **more)


def shuffled_tracking(round_: int) -> str:
    address = f"https://news.example/dunia/700001/jembatan?utm_source=rss&amp;utm_id={round_}&amp;fbclid=x{round_}"
    return item(700_001, "Banjir surut di tiga desa", link=address, guid=f"x{round_}")


def dated(round_: int) -> str:
    return item(700_001, "Banjir surut di tiga desa", pubDate=format_datetime(utcnow() - timedelta(minutes=round_)))


HABITS: dict[str, Callable[[int], bytes]] = {
    "changed-guids": lambda n: rss(item(700_001, "Banjir surut di tiga desa", guid=f"guid-{n}"), SECOND),
    "changed-slugs": lambda n: rss(moved(700_001, f"slug-{n}", guid=f"guid-{n}"), SECOND),
    "changed-addresses": lambda n: rss(
        item(1, "Banjir surut di tiga desa", link=f"https://news.example/a{n}", guid="tetap"), SECOND
    ),
    "re-emitted": lambda n: rss(FIRST, SECOND) if n % 2 == 0 else rss(),
    "reordered": lambda n: rss(FIRST, SECOND, THIRD) if n % 2 == 0 else rss(THIRD, FIRST, SECOND),
    "shrunken": lambda n: rss(FIRST, SECOND, THIRD) if n % 2 == 0 else rss(SECOND),
    "doubled": lambda n: rss(FIRST, SECOND, FIRST, SECOND),
    "tracking": lambda n: rss(shuffled_tracking(n), SECOND),
    "dates": lambda n: rss(dated(n), SECOND),
    "white-space": lambda n: rss(item(700_001, "Banjir  surut " + " " * n + "di tiga\n desa"), SECOND),
    "case-of-host": lambda n: rss(
        item(700_001, "Banjir surut", link=f"https://{'NEWS' if n % 2 else 'www.news'}.example/dunia/700001/a/"), SECOND
    ),
}


@pytest.mark.parametrize("name", HABITS)
async def test_nothing_is_pushed_twice(database: Database, name: str) -> None:
    habit = HABITS[name]
    async with beside(database) as both:
        await both.primed()
        await both.poll(response(habit(0)))
        alerts, stories = await both.alerts(), len(await both.stories())
        assert alerts == stories - 1 >= 2
        for round_ in range(1, 5):
            await both.poll(response(habit(round_)))
        assert (await both.alerts(), len(await both.stories())) == (alerts, stories)
        assert {story.state for story in await both.stories()} == {"live"}


async def test_a_text_that_flaps_is_one_story_and_no_second_alert(database: Database) -> None:
    async with beside(database) as both:
        await both.primed()
        for round_ in range(6):
            title = "Banjir surut" if round_ % 2 else "Banjir surut di tiga desa"
            await both.poll(response(rss(item(700_001, title))))
        assert await both.alerts() == 1
        assert [story.revision for story in await both.stories()] == [1, 2]


async def test_a_flood_of_new_stories_is_stored_in_parts_and_all_alerts_wait_for_an_editor(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "AT_ONCE", 100)
    items = [item(700_000 + number, f"Kabar banjir nomor {number} dari desa") for number in range(510)]
    async with beside(database) as both:  # the last part, of ten, is no flood by itself
        await both.primed()
        await both.poll(response(rss(*items)), patience=60)
        async with database.read() as session:
            pushed = select(Push.state, func.count()).join(Story, Story.id == Push.alert_of).group_by(Push.state)
            states = {
                state: count for state, count in await session.execute(pushed.where(Story.title.like("%banjir%")))
            }
            held = list(await session.scalars(select(Notice.data).where(Notice.kind == "pushes_held")))
    assert states == {pushes.HELD: 510}
    assert [data["count"] for data in held] == [510]


async def test_what_is_old_is_stored_and_not_pushed(database: Database) -> None:
    old = format_datetime(utcnow() - timedelta(days=14))
    async with beside(database) as both:
        await both.primed()
        await both.poll(response(rss(item(700_001, "Kabar dua pekan lalu", pubDate=old))))
        assert "Kabar dua pekan lalu" in await both.titles()
        assert await both.alerts() == 0


@pytest.mark.parametrize(
    ("status", "state"),
    [("200 OK", "live"), ("404 Not Found", "live"), ("500 Broken", "live"), ("410 Gone", "retracted")],
)
async def test_a_deleted_item_is_no_retraction_and_a_410_is(
    database: Database, monkeypatch: pytest.MonkeyPatch, status: str, state: str
) -> None:
    monkeypatch.setattr(lookups, "AGAIN_AFTER", timedelta(0))
    async with beside(database) as both:
        await both.primed()
        page = f"http://{both.hostile.place}/dunia/700001/jembatan"

        async def publish(*items: str) -> None:
            gone = response(b"<p>x", status=status, kind="text/html")
            await both.serve({"/feed": response(rss(*items)), "/dunia/700001/jembatan": gone})

        older = format_datetime(utcnow() - timedelta(hours=2))
        newer = format_datetime(utcnow() - timedelta(hours=1))
        below = item(700_002, "Panen kopi melimpah", pubDate=older)
        await publish(item(700_001, "Banjir surut", link=page, pubDate=newer), below)
        await publish(below)
        states = {story.title: story.state for story in await both.stories()}
        assert (states["Banjir surut"], states["Panen kopi melimpah"]) == (state, "live")
        assert ("story_gone" in await both.notices()) == (state == "retracted")


AGENCY = (
    "Warga mulai membersihkan lumpur dari rumah mereka setelah air yang menggenang tiga desa sejak Senin malam "
    "akhirnya surut, kata kepala desa."
)


async def test_an_agencys_copy_in_another_source_is_linked_and_not_pushed_again(database: Database) -> None:
    async with beside(database) as both:
        await both.primed()
        first = item(600_100, "Banjir surut, warga tiga desa bersihkan lumpur", description=AGENCY)
        both.healthy.answer = response(rss(first))
        await both.poller.poll(await both.row("healthy"))
        copy = item(9, "Warga tiga desa bersihkan lumpur", link="https://lain.example/9/lumpur", description=AGENCY)
        await both.poll(response(rss(copy)))
        original = "Banjir surut, warga tiga desa bersihkan lumpur"
        assert await both.copies() == {"Warga tiga desa bersihkan lumpur": original}
        assert "Warga tiga desa bersihkan lumpur" not in await both.titles()
        assert await both.alerts() == 0
        await both.poll(response(rss(copy.replace("bersihkan", "membersihkan"))))  # known by its own address now
        assert await both.copies() == {"Warga tiga desa membersihkan lumpur": original}
        assert original in await both.titles("healthy"), "a copy's words never replace the original's"
        assert await both.alerts() == 0


async def test_two_sources_that_bring_an_agencys_text_at_one_moment_push_it_once(database: Database) -> None:
    async with beside(database) as both:
        await both.primed()
        rows = [await both.row("hostile"), await both.row("healthy")]
        both.hostile.answer = response(rss(item(700_001, "Banjir surut di tiga desa", description=AGENCY)))
        copy = item(9, "Tiga desa bersih, banjir surut", link="https://lain.example/9/lumpur", description=AGENCY)
        both.healthy.answer = response(rss(copy))
        await asyncio.gather(*(both.poller.poll(row) for row in rows))
        told = [title for name in ("hostile", "healthy") for title in await both.titles(name) if "surut" in title]
        async with database.read() as session:
            pushed = select(func.count()).select_from(Push).join(Story, Story.id == Push.alert_of)
            alerts = await session.scalar(pushed.where(Story.title.like("%surut%")))
    assert (len(told), alerts) == (1, 1)


async def test_a_story_in_two_sections_is_one(database: Database) -> None:
    async with beside(database) as both:
        await both.primed()
        both.healthy.answer = response(rss(FIRST))
        await both.poller.poll(await both.row("healthy"))
        await both.poll(response(rss(FIRST.replace("/dunia/", "/politik/"))))
        assert await both.alerts() == 0
        assert len(await both.stories()) == 1


async def test_the_loop_itself_serves_the_healthy_while_the_hostile_hangs(database: Database) -> None:
    """Not one poll beside another: the poller's own loop, with everything that it schedules."""
    async with beside(database, every="1s") as both:
        both.hostile.answer = drip
        async with asyncio.TaskGroup() as group:
            group.create_task(both.poller.run())
            for number in (1, 2, 3):
                both.healthy.answer = response(rss(item(number, f"Kabar nomor {number}")))
                async with asyncio.timeout(PATIENCE):
                    while f"Kabar nomor {number}" not in await both.titles("healthy"):
                        await asyncio.sleep(0.05)
            both.poller.stopping.set()
        assert (await both.row()).failures >= 1


async def test_a_host_that_hangs_takes_neither_the_places_nor_the_blame_of_its_many_sources(
    database: Database,
) -> None:
    """A hundred and fifty feeds at one server that never answers: two of them wait for it, and nobody for them."""
    over = asyncio.Event()

    async def hang(_: asyncio.StreamWriter) -> None:
        await over.wait()

    async with beside(database, every="1s", crowd=149, timeout=PATIENCE * 2) as both:
        both.hostile.answer = hang
        async with asyncio.TaskGroup() as group:
            group.create_task(both.poller.run())
            for number in (1, 2, 3):
                both.healthy.answer = response(rss(item(number, f"Kabar nomor {number}")))
                async with asyncio.timeout(PATIENCE):
                    while f"Kabar nomor {number}" not in await both.titles("healthy"):
                        await asyncio.sleep(0.05)
            both.poller.stopping.set()
            assert len(both.hostile.requests) == 2
            over.set()
        async with database.read() as session:
            rows = (await session.scalars(select(Source))).all()
    assert sum(row.failures for row in rows) == 2
    assert all(row.lease_until == 0 for row in rows), "who starts next need not wait for them"


async def test_not_changed_is_no_answer_to_who_has_nothing(database: Database) -> None:
    async with beside(database) as both:
        row = await both.poll(response(status="304 Not Modified"))
        assert not row.primed
        assert "304" in row.last_error


def sitemap(*paths: str, place: str, inside: str = "") -> bytes:
    inside = inside or "<news:news><news:title>Kabar dari {0}</news:title></news:news>"
    entries = "".join(f"<url><loc>http://{place}{path}</loc>{inside.format(path)}</url>" for path in paths)
    head = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="urn:news">'
    return response(f"{head}{entries}</urlset>".encode(), kind="application/xml")


def index(*paths: str, place: str) -> bytes:
    entries = "".join(f"<sitemap><loc>http://{place}{path}</loc></sitemap>" for path in paths)
    text = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>'
    return response(text.encode(), 'ETag: "satu"', kind="application/xml")


async def test_an_index_stays_while_its_sitemaps_change(database: Database) -> None:
    async with beside(database, kind="sitemap") as both:
        place = both.hostile.place
        for paths in (["/a/satu"], ["/a/satu", "/a/dua"]):
            row = await both.serve(
                {"/feed": index("/news.xml", place=place), "/news.xml": sitemap(*paths, place=place)}
            )
        assert row.etag == "", "it would be answered with 304 while its sitemaps change"
        assert [story.title for story in await both.stories()] == ["Kabar dari /a/satu", "Kabar dari /a/dua"]


async def test_what_a_sitemap_could_not_be_read_for_at_first_is_no_news_later(database: Database) -> None:
    async with beside(database, kind="sitemap") as both:
        place = both.hostile.place
        answers = {"/feed": index("/news-a.xml", "/news-b.xml", place=place)}
        row = await both.serve(answers)
        assert "404" in row.last_error
        row = await both.serve(answers | {"/news-a.xml": sitemap("/a/satu", place=place)})
        assert not row.primed
        answers |= {"/news-a.xml": sitemap("/a/satu", place=place), "/news-b.xml": sitemap("/b/dua", place=place)}
        assert (await both.serve(answers)).primed
        del answers["/news-b.xml"]
        answers["/news-a.xml"] = sitemap("/a/satu", "/a/tiga", place=place)
        row = await both.serve(answers)
        assert (row.failures, await both.alerts()) == (0, 1), "one sitemap of two is better than none"


async def test_titles_that_are_on_pages_are_read_in_several_polls_and_are_no_news(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "AT_MOST", 5)
    paths = [f"/a/desa-{number}" for number in range(8)]
    pages = {path: response(f"<h1>Kabar dari {path}</h1><p>Isi.".encode(), kind="text/html") for path in paths}
    new = {"/a/baru": response(b"<h1>Kabar yang baru</h1><p>Isi.", kind="text/html")}
    async with beside(database, kind="sitemap") as both:
        untitled = {"place": both.hostile.place, "inside": "<lastmod>2026-11-01</lastmod>"}
        row = await both.serve({"/feed": sitemap(*paths, **untitled), **pages})
        assert (row.primed, len(await both.stories())) == (False, 5)
        row = await both.serve({"/feed": sitemap(*paths, **untitled), **pages})
        assert (row.primed, len(await both.stories())) == (True, 8)
        await both.serve({"/feed": sitemap("/a/baru", *paths, **untitled), **pages, **new})
        assert (len(await both.stories()), await both.alerts()) == (9, 1)


async def test_an_old_address_that_is_gone_does_not_withdraw_a_story_that_moved(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "AGAIN_AFTER", timedelta(0))
    async with beside(database) as both:
        await both.primed()
        older, newer = (format_datetime(utcnow() - timedelta(hours=hours)) for hours in (2, 1))
        below = item(700_002, "Panen kopi melimpah", pubDate=older)
        page = f"http://{both.hostile.place}/dunia/700001/jembatan"
        above = item(700_001, "Banjir surut", link=page, pubDate=newer)
        await both.serve({"/feed": response(rss(above, below))})
        await both.serve({"/feed": response(rss(below))})
        async with database.write() as session:
            await session.execute(
                update(Story).where(Story.url == page).values(url="https://news.example/baru", source_id="api")
            )
        gone = response(b"", status="410 Gone", kind="text/html")
        await both.serve({"/feed": response(rss(below), "X: 2"), "/dunia/700001/jembatan": gone})
        async with database.read() as session:
            assert set(await session.scalars(select(Story.state))) == {"live"}


async def test_one_article_that_leads_nowhere_and_an_odd_header_stop_nothing(database: Database) -> None:
    async with beside(database) as both:
        await both.primed()
        astray = item(700_001, "Banjir surut", link=f"http://{both.hostile.place}/astray")
        feed = response(rss(astray)).replace(b"Connection:", b'ETag: "\xe9"\r\nConnection:')
        row = await both.serve({"/feed": feed, "/astray": response(b"", "Location: //[", status="302 Found")})
        assert (row.failures, row.last_error, row.etag, await both.alerts()) == (0, "", "", 1)


async def test_an_articles_page_that_exceeds_the_limits_of_parsing_is_kept_with_its_source(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "MEMORY", 0)
    monkeypatch.setattr(parsing, "MEMORY_PER_BYTE", 0)
    page = response(b"<h1>Banjir surut</h1>" + b"<p>Warga pulang.</p>" * 50_000, kind="text/html")
    async with beside(database, kind="sitemap") as both:
        untitled = sitemap("/a/desa", place=both.hostile.place, inside="<lastmod>2026-11-01</lastmod>")
        row = await both.serve({"/feed": untitled, "/a/desa": page})
        assert row.page_overrun["url"] == f"http://{both.hostile.place}/a/desa"
        assert "memory" in row.page_overrun["error"]
        row = await both.serve({"/feed": untitled})
        assert row.page_overrun["at"] <= utcnow().isoformat(), "it is kept at later polls"
