"""One text on several sites: one of its stories is listed and pushed, whatever is withdrawn or separated."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from bot.clock import utcnow
from bot.config import Newsroom
from bot.storage.engine import Database, Session
from bot.storage.models import Push, PushKind, Story, StoryState
from bot.stories import pipeline
from bot.stories.items import Item
from bot.stories.showing import browse
from bot.stories.telling import withdrawal
from bot.stories.telling.copies import RecentStories

SITES = ("satu", "dua", "tiga", "empat")
NEWSROOM = Newsroom.model_validate(
    {
        "newsroom": {"name": "Kabar", "url": "https://news.example"},
        "sections": [{"slug": "dunia", "names": {"id": "Dunia"}}],
        "sources": [{"id": name, "url": f"https://{name}.example/rss", "section": "dunia"} for name in SITES],
    }
)
TABLES = {table.id: table for table in NEWSROOM.sources}
AGENCY = "Warga membersihkan lumpur dari rumah setelah air yang menggenang kampung di tepi sungai akhirnya surut."
SOMEBODY_WAITS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE NOT granted AND datname = current_database()"
)


class Sites:
    """Sites that carry one agency's text, and what came of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = RecentStories()

    async def carry(self, site: str, number: int = 7, hours_ago: float = 0.0, **more: Any) -> None:
        when = utcnow() - timedelta(hours=hours_ago)
        item = Item(
            f"https://{site}.example/{number}/lumpur", "Warga membersihkan lumpur", summary=AGENCY, published_at=when
        )
        await pipeline.take_in(
            self._database, NEWSROOM, TABLES[site], [item], utcnow(), push=True, recent=self._recent, **more
        )  # fmt: skip

    async def publish(self, site: str, number: int = 7) -> None:
        """The newsroom's CMS publishes what that site carries."""
        item = Item(f"https://{site}.example/{number}/lumpur", "Warga membersihkan lumpur", summary=AGENCY)
        published = pipeline.CmsStory("artikel-7", item, "dunia", given=frozenset({"title", "summary", "section"}))
        await pipeline.publish(self._database, NEWSROOM, published, utcnow())

    async def withdraw(self, site: str) -> None:
        async with self._database.write() as session:
            for story in await session.scalars(select(Story).where(Story.source_id == site)):
                await withdrawal.retract(session, story, utcnow())

    async def separate(self, site: str) -> bool:
        async with self._database.write() as session:
            story = (await session.scalars(select(Story).where(Story.source_id == site))).one()
            return await pipeline.separate(session, story, NEWSROOM, utcnow())

    async def stories(self) -> list[Story]:
        async with self._database.read() as session:
            return list(await session.scalars(select(Story).order_by(Story.id)))

    async def listed(self) -> list[str]:
        async with self._database.read() as session:
            return [story.source_id for story in (await browse.latest(session)).stories]

    async def alerted(self) -> list[str]:
        """The sites whose stories were pushed, in order."""
        alerts = select(Story.source_id).join(Push, Push.alert_of == Story.id).order_by(Push.id)
        async with self._database.read() as session:
            return list(await session.scalars(alerts))


async def test_when_the_original_is_withdrawn_its_oldest_copy_is_listed_and_not_pushed(database: Database) -> None:
    sites = Sites(database)
    for site in ("satu", "dua", "tiga"):
        await sites.carry(site)
    await sites.withdraw("satu")
    _, second, third = await sites.stories()
    assert (second.copy_of, second.verdict) == (None, "original_gone")
    assert (third.copy_of, third.verdict) == (second.id, "copy")
    assert await sites.listed() == ["dua"]
    await sites.carry("empat")
    assert (await sites.stories())[-1].copy_of == second.id, "what comes later is a copy of the one that is listed"
    await sites.withdraw("dua")
    assert await sites.listed() == ["tiga"]
    assert await sites.alerted() == ["satu"]


async def test_a_copy_that_is_withdrawn_takes_no_place(database: Database) -> None:
    sites = Sites(database)
    for site in ("satu", "dua", "tiga"):
        await sites.carry(site)
    await sites.withdraw("dua")
    assert not await sites.separate("dua")
    await sites.withdraw("satu")
    assert await sites.listed() == ["tiga"]
    assert await sites.alerted() == ["satu"]


async def test_a_copy_that_is_stored_while_its_original_is_withdrawn_is_not_hidden(database: Database) -> None:
    sites = Sites(database)
    await sites.carry("satu")
    withdrawals: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:

        async def meanwhile(session: Session, _: pipeline.Stored) -> None:
            withdrawals.append(group.create_task(sites.withdraw("satu")))
            while not (session.is_sqlite or withdrawals[0].done() or await session.scalar(SOMEBODY_WAITS)):
                await asyncio.sleep(0.01)

        await sites.carry("dua", then=meanwhile)
    assert await sites.listed() == ["dua"]


async def test_what_the_cms_publishes_is_no_copy(database: Database) -> None:
    sites = Sites(database)
    await sites.carry("satu")
    await sites.carry("dua")
    await sites.publish("dua")
    await sites.publish("dua")
    assert [(story.copy_of, story.verdict) for story in await sites.stories()] == [(None, "pushed")] * 2
    assert sorted(await sites.listed()) == ["api", "satu"]
    assert await sites.alerted() == ["satu", "api"]


async def test_a_copy_that_an_editor_separates_is_pushed_if_it_is_young_enough(database: Database) -> None:
    sites = Sites(database)
    await sites.carry("satu", hours_ago=7)
    await sites.carry("dua", hours_ago=7)
    assert [await sites.separate("dua"), await sites.separate("dua")] == [True, False]
    assert (await sites.stories())[-1].verdict == "too_old"
    await sites.carry("tiga")
    assert await sites.separate("tiga")
    assert await sites.alerted() == ["tiga"]
    assert sorted(await sites.listed()) == ["dua", "satu", "tiga"]


async def play(template: Path, steps: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kabar.db"
        shutil.copy(template, path)
        async with Database(f"sqlite+aiosqlite:///{path}") as database:
            sites = Sites(database)
            came: set[str] = set()
            withdrawn: set[str] = set()
            for what, site in steps:
                if what == "carry":
                    await sites.carry(site)
                    came.add(site)
                elif site in came:
                    await sites.withdraw(site)
                    withdrawn.add(site)
                await check(database, sites, came - withdrawn)


async def check(database: Database, sites: Sites, live: set[str]) -> None:
    assert len(await sites.listed()) == min(1, len(live)), "the text is listed once, as long as a site carries it"
    stories = {story.id: story for story in await sites.stories()}
    for story in stories.values():
        if story.state == StoryState.LIVE and story.copy_of is not None:
            original = stories[story.copy_of]
            assert (original.state, original.copy_of) == (StoryState.LIVE, None), "a hidden copy has a listed original"
        assert (story.verdict == "copy") == (story.copy_of is not None)
    async with database.read() as session:
        kinds = select(Push.alert_of).where(Push.kind == PushKind.SECTION)
        alerts = set(await session.scalars(kinds))
    assert alerts == {story.id for story in stories.values() if story.verdict == "pushed"}


@settings(
    max_examples=30, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(steps=st.lists(st.tuples(st.sampled_from(("carry", "carry", "withdraw")), st.sampled_from(SITES)), max_size=12))
def test_one_text_is_listed_once_as_long_as_a_site_carries_it(
    sqlite_template: Path, steps: list[tuple[str, str]]
) -> None:
    asyncio.run(play(sqlite_template, steps))
