"""Pages that are wanted: nobody is robbed, and a page that was away is asked again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import utcnow
from bot.config import Newsroom
from bot.delivery import alerts, pushes
from bot.storage.engine import Database
from bot.storage.models import PageWant, Push, Story
from bot.stories import pipeline
from bot.stories.articles.article import Article
from bot.stories.items import Item
from bot.stories.telling import wants
from bot.stories.telling.copies import RecentStories
from tests.delivery.rows import add_chats

NEWSROOM = Newsroom.model_validate(
    {
        "newsroom": {"name": "Kabar", "url": "https://news.example"},
        "sections": [{"slug": "dunia", "names": {"id": "Dunia"}}],
        "sources": [
            {"id": name, "url": f"https://news.example/{name}", "section": "dunia", "update": name == "darurat"}
            for name in ("satu", "dua", "darurat")
        ],
    }
)
TABLES = {table.id: table for table in NEWSROOM.sources}
URL = "https://news.example/dunia/10001/a"
NOW = utcnow()


def article(**fields: object) -> Article:
    whole = {"title": "Banjir surut", "canonical": URL, "summary": "Warga pulang.", "body": "", "author": "Rina",
             "image_url": "https://news.example/a.jpg", "image_caption": "", "image_credit": "", "sections": (),
             "published_at": None}  # fmt: skip
    return Article(**(whole | fields))  # type: ignore[arg-type]  # by name


@pytest.fixture(autouse=True)
async def reader(database: Database) -> None:
    await add_chats(database, 1, follow=("update", "section:dunia"))


async def bring(database: Database, source: str, title: str = "Banjir surut") -> None:
    items = [Item(URL, title)]
    await pipeline.take_in(database, NEWSROOM, TABLES[source], items, NOW, push=True, recent=RecentStories())


async def claimed(database: Database) -> list[wants.Want]:
    async with database.write() as session:
        return await wants.claim(session, 10, 10)


async def wait_of(database: Database) -> float:
    """Seconds that the one alert still waits."""
    async with database.read() as session:
        push = (await session.scalars(select(Push))).one()
        return push.not_before - await session.moment()


async def test_two_sources_that_list_one_story_share_its_page(database: Database) -> None:
    await bring(database, "satu")
    await bring(database, "dua")
    (want,) = await claimed(database)
    assert (want.title, want.urgent) == ("Banjir surut", True)
    assert await claimed(database) == [], "another process asks it"
    await pipeline.complete(database, NEWSROOM, want, article(), NOW)
    async with database.read() as session:
        story = (await session.scalars(select(Story))).one()
        assert (story.summary, story.author, story.correct_at) == ("Warga pulang.", "Rina", None)
        assert list(await session.scalars(select(PageWant))) == []


@pytest.mark.parametrize(
    ("lacking", "wanted"), [("", 0), ("summary", 1), ("image_url", 1)], ids=["nothing", "the summary", "the photo"]
)
async def test_a_page_is_wanted_where_a_feed_lacks_what_it_may_say(
    database: Database, lacking: str, wanted: int
) -> None:
    whole = Item(URL, "Banjir surut", summary="Warga pulang.", image_url="https://news.example/a.jpg")
    items = [replace(whole, **{lacking: ""}) if lacking else whole]
    await pipeline.take_in(database, NEWSROOM, TABLES["satu"], items, NOW, push=True, recent=RecentStories())
    assert len(await claimed(database)) == wanted


async def test_no_more_pages_are_claimed_than_there_are_places(database: Database) -> None:
    items = [Item(f"https://news.example/dunia/1000{number}/a", f"Kabar {number}") for number in range(3)]
    await pipeline.take_in(database, NEWSROOM, TABLES["satu"], items, NOW, push=True, recent=RecentStories())
    async with database.write() as session:
        assert len(await wants.claim(session, 2, 2)) == 2
    assert len(await claimed(database)) == 1


async def test_a_page_that_was_away_is_asked_again_ever_later_and_then_given_up(database: Database) -> None:
    await bring(database, "satu")
    waits = []
    while due := await claimed(database):
        await pipeline.complete(database, NEWSROOM, due[0], None, NOW)
        async with database.write() as session:
            row = await session.scalar(select(PageWant))
            waits += [] if row is None else [row.not_before - await session.moment()]
            await session.execute(update(PageWant).values(not_before=0.0))
    assert [round(wait / 5) * 5 for wait in waits] == list(wants.AGAIN_AFTER)


@pytest.mark.parametrize(("source", "seconds"), [("satu", wants.ALERT_WAITS), ("darurat", wants.UPDATE_WAITS)])
async def test_an_alert_waits_for_its_page_a_few_seconds_and_goes_when_it_is_read(
    database: Database, source: str, seconds: float
) -> None:
    await bring(database, source)
    assert seconds - 1 < await wait_of(database) <= seconds
    (want,) = await claimed(database)
    await pipeline.complete(database, NEWSROOM, want, article(), NOW)
    assert await wait_of(database) < 0
    async with database.read() as session:
        push, story = (await session.scalars(select(Push))).one(), (await session.scalars(select(Story))).one()
    assert push.revision == story.revision == 2
    assert story.correct_at is None, "nobody has the bare text"


async def test_an_alert_goes_at_once_when_its_page_says_nothing(database: Database) -> None:
    await bring(database, "satu")
    (want,) = await claimed(database)
    await pipeline.complete(database, NEWSROOM, want, None, NOW)
    assert await wait_of(database) < 0


@pytest.mark.parametrize(("minutes", "follows"), [(1, True), (10, False)])
async def test_what_the_page_says_later_comes_without_a_word_while_the_story_is_young(
    database: Database, minutes: int, follows: bool
) -> None:
    await bring(database, "satu")
    async with database.write() as session:
        await session.execute(update(Push).values(not_before=0.0))  # it has gone
    (want,) = await claimed(database)
    await pipeline.complete(database, NEWSROOM, want, article(), NOW + timedelta(minutes=minutes))
    async with database.read() as session:
        story = (await session.scalars(select(Story))).one()
    assert story.summary == "Warga pulang."
    assert (story.correct_at is not None, story.correct_quietly) == (follows, follows)


async def test_an_alert_whose_page_says_that_it_is_old_is_taken_back(database: Database) -> None:
    await bring(database, "satu")
    (want,) = await claimed(database)
    await pipeline.complete(database, NEWSROOM, want, article(published_at=NOW - timedelta(days=2)), NOW)
    async with database.read() as session:
        story, push = (await session.scalars(select(Story))).one(), (await session.scalars(select(Push))).one()
    assert (story.verdict, push.state) == ("too_old", pushes.CANCELLED)


async def test_a_corrected_title_reads_the_page_again(database: Database) -> None:
    await bring(database, "satu", "Kantor pindah ke Semarang")
    (want,) = await claimed(database)
    await pipeline.complete(database, NEWSROOM, want, article(summary="Kantor itu di Semarang."), NOW)
    await bring(database, "satu", "Kantor pindah ke Solo")
    (want,) = await claimed(database)
    assert want.title == "Kantor pindah ke Solo"
    await pipeline.complete(database, NEWSROOM, want, article(summary="Kantor itu di Solo."), NOW)
    async with database.read() as session:
        story = (await session.scalars(select(Story))).one()
    assert (story.summary, story.correct_quietly) == ("Kantor itu di Solo.", False)
    assert story.correct_at is not None


async def test_the_cms_waits_for_no_page(database: Database) -> None:
    published = pipeline.CmsStory("7", Item(URL, "Banjir surut"), section="dunia", update=True)
    await pipeline.publish(database, NEWSROOM, published, NOW)
    assert await claimed(database) == []
    assert await wait_of(database) < 0


async def test_what_is_too_old_when_it_would_be_sent_expires(database: Database) -> None:
    await bring(database, "satu")
    async with database.write() as session:
        assert await alerts.expire(session, NOW) == []
        await session.execute(update(Push).values(expires_at=1.0))
        assert await alerts.expire(session, NOW) == ["Banjir surut"]
        assert await alerts.expire(session, NOW) == []
        assert (await session.scalars(select(Push))).one().state == pushes.EXPIRED
