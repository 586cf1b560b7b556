"""Random newsrooms against a simple model: whatever comes in whatever order, each story arrives once and says what its
newsroom says.

Documents' items go in below HTTP, rows of stories and pushes come out. A source words each version of a story in its
own way; entries come, change, go back, vanish, lose fields and regain them, are listed twice and delivered twice;
transactions are rolled back, and processes begin anew.
"""

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.clock import utcnow
from bot.config import Newsroom, SourceTable
from bot.delivery import corrections
from bot.storage.engine import Database, Session
from bot.storage.models import Push, Story
from bot.stories import pipeline
from bot.stories.articles.article import Article
from bot.stories.items import Item
from bot.stories.telling import appearances, recognise
from bot.stories.telling.compose import compose
from bot.stories.telling.copies import RecentStories
from bot.stories.telling.wants import Want
from tests.delivery.rows import add_chats

NEWSROOM = Newsroom.model_validate(
    {
        "newsroom": {"name": "Kabar", "url": "https://news.example"},
        "sections": [{"slug": slug, "names": {"id": slug.title()}} for slug in ("dunia", "politik")],
        "sources": [
            {"id": "dunia", "url": "https://news.example/dunia.xml", "section": "dunia"},
            {"id": "politik", "url": "https://news.example/politik.xml", "section": "politik"},
            {"id": "darurat", "url": "https://news.example/darurat.xml", "update": True},
            {"id": "daftar", "kind": "page", "url": "https://news.example/", "select": {"item": "li"}},
            {
                "id": "populer",
                "kind": "page",
                "url": "https://news.example/",
                "list": "popular",
                "select": {"item": "ol"},
            },
        ],
    }
)
TABLES = {table.id: table for table in NEWSROOM.sources}
FEEDS, POPULAR, CMS, PAGE = ("dunia", "politik", "darurat"), "populer", "api", "@page"
STORIES, VERSIONS = 3, 3


@dataclass(frozen=True)
class Entry:
    """A story in a document: its number, which version of it, and what the entry leaves out or cuts off."""

    story: int
    version: int
    bare: bool
    cut: bool


@dataclass(frozen=True)
class Poll:
    """A document: its entries, of which the first may be listed twice."""

    source: str
    entries: tuple[Entry, ...]
    killed: bool
    twice: bool


@dataclass(frozen=True)
class Published:
    entry: Entry


@dataclass(frozen=True)
class PageRead:
    entry: Entry
    answers: bool


entries = st.builds(
    Entry, st.integers(0, STORIES - 1), st.integers(0, VERSIONS - 1), bare=st.booleans(), cut=st.booleans()
)
polls = st.builds(
    Poll,
    st.sampled_from(sorted(TABLES)),
    st.lists(entries, max_size=STORIES, unique_by=lambda entry: entry.story).map(tuple),
    killed=st.booleans(),
    twice=st.booleans(),
)
happenings = st.lists(
    st.one_of(polls, polls, polls, st.builds(Published, entries), st.builds(PageRead, entries, st.booleans())),
    min_size=1,
    max_size=12,
)


def title_of(entry: Entry, source: str) -> str:
    return f"Kabar nomor {entry.story} versi {entry.version} kata {source}"


def item_of(entry: Entry, source: str) -> Item:
    summary = f"Ringkasan nomor {entry.story} versi {entry.version} kata {source}."
    if entry.cut:
        summary = summary[:30].rstrip() + "…"
    return Item(
        url=url_of(entry.story),
        title=title_of(entry, source),
        summary="" if entry.bare else summary,
        author="" if entry.bare else f"Rina {source}",
        image_url="" if entry.bare else f"https://news.example/{entry.story}-{entry.version}.jpg",
    )


def url_of(story: int) -> str:
    return f"https://news.example/dunia/{10_001 + story}/kabar"


def article_of(entry: Entry) -> Article:
    item = item_of(entry, PAGE)
    return Article(item.title, item.url, item.summary, "", item.author, item.image_url, "", "", ("Dunia",), None)


@dataclass
class Model:
    """What should come of it: who has said what of each story, in the order of first sight."""

    titles: dict[int, dict[str, str]] = field(default_factory=dict)
    versions: dict[int, dict[str, set[int]]] = field(default_factory=dict)

    def say(self, story: int, source: str, entry: Entry) -> None:
        self.titles.setdefault(story, {})[source] = title_of(entry, source)
        self.versions.setdefault(story, {}).setdefault(source, set()).add(entry.version)

    def title(self, story: int) -> str:
        """The CMS's; else the first feed's that brought it; else the list's; else the popular list's."""
        said = self.titles[story]
        first_feed = next((source for source in said if source in FEEDS), "")
        words = next(source for source in (CMS, first_feed, "daftar", POPULAR, PAGE) if source in said)
        return said[words]

    def is_brought(self, story: int) -> bool:
        return bool(self.titles[story].keys() - {POPULAR, PAGE})

    def is_update(self, story: int) -> bool:
        return "darurat" in self.titles[story]

    def may_be_corrected(self, story: int) -> bool:
        """Whether somebody has said two versions, or the CMS another than was shown."""
        return CMS in self.titles[story] or any(len(said) > 1 for said in self.versions[story].values())


class Killed(Exception):
    pass


class Run:
    """A newsroom being read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = utcnow()
        self.model = Model()
        self.recent = RecentStories()

    async def happen(self, happening: Poll | Published | PageRead) -> None:
        self.now += timedelta(seconds=20)
        match happening:
            case Poll():
                await self._poll(happening)
            case Published(entry):
                item = item_of(entry, CMS)
                given = frozenset(name for name in ("summary", "author", "image_url") if getattr(item, name))
                published = pipeline.CmsStory(f"cms-{entry.story}", item, given=given)
                await pipeline.publish(self.database, NEWSROOM, published, self.now)
                self.model.say(entry.story, CMS, entry)
            case PageRead(entry, answers):
                await self._read_page(entry, answers)

    async def _poll(self, poll: Poll) -> None:
        if poll.killed:  # its transaction was not committed, and another process begins anew
            try:
                await self._take_in(poll, dies=True)
            except Killed:
                self.recent = RecentStories()
        for _ in range(1 + poll.twice):
            await self._take_in(poll)
        for entry in poll.entries:
            self.model.say(entry.story, poll.source, entry)

    async def _take_in(self, poll: Poll, *, dies: bool = False) -> None:
        async def die(_: Session, __: pipeline.Stored) -> None:
            raise Killed

        table: SourceTable = TABLES[poll.source]
        items = [item_of(entry, poll.source) for entry in (*poll.entries, *poll.entries[:1])]
        then = die if dies else None
        await pipeline.take_in(
            self.database, NEWSROOM, table, items, self.now, push=True, recent=self.recent, then=then
        )

    async def _read_page(self, entry: Entry, answers: bool) -> None:
        async with self.database.read() as session:
            story = await session.scalar(select(Story).where(Story.url == url_of(entry.story)))
        if story is None:
            return
        want = Want(story.id, story.url, story.title, story.source_id, 0, False)
        article = article_of(entry) if answers else None
        await pipeline.complete(self.database, NEWSROOM, want, article, self.now)
        if answers:
            self.model.say(entry.story, PAGE, entry)

    async def check(self) -> None:
        async with self.database.read() as session:
            stories = {story.url: story for story in await session.scalars(select(Story))}
            said = await appearances.of_stories(session, [story.id for story in stories.values()])
            alerts = list(await session.scalars(select(Push).where(Push.alert_of.is_not(None))))
        assert stories.keys() == {url_of(number) for number in self.model.titles}, "each story is one"
        for number in self.model.titles:
            story = stories[url_of(number)]
            pushed = [push for push in alerts if push.alert_of == story.id]
            assert len(pushed) == self.model.is_brought(number), "each story that was brought is pushed once"
            if pushed:
                assert ("update" in pushed[0].audience["targets"]) == story.is_update == self.model.is_update(number)
                assert set(pushed[0].audience["targets"]) > {"update"} or not story.is_update
            assert story.title == self.model.title(number)
            assert set(each.source_id for each in said[story.id]) == self.model.titles[number].keys()
            shown = compose(said[story.id], NEWSROOM)
            for name in (
                "title",
                "summary",
                "author",
                "image_url",
                "section",
                "is_update",
                "published_at",
                "source_id",
            ):
                assert getattr(story, name) == getattr(shown, name), name
            loud = story.corrected_at is not None or (story.correct_at is not None and not story.correct_quietly)
            assert not loud or self.model.may_be_corrected(number), "nobody's words changed"


async def play(template: Path, story: list[Poll | Published | PageRead]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kabar.db"
        shutil.copy(template, path)
        async with Database(f"sqlite+aiosqlite:///{path}") as database:
            await add_chats(database, 1, follow=("update", "section:dunia"))
            run = Run(database)
            for happening in story:
                await run.happen(happening)
                await run.check()


@settings(
    max_examples=60, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(story=happenings)
def test_each_story_arrives_once_and_says_what_its_newsroom_says(
    sqlite_template: Path, story: list[Poll | Published | PageRead]
) -> None:
    asyncio.run(play(sqlite_template, story))


async def test_the_words_of_who_words_a_story_are_corrected_and_no_others(database: Database) -> None:
    run = Run(database)
    first, changed = Entry(0, 0, bare=False, cut=False), Entry(0, 1, bare=False, cut=False)
    bare = Entry(0, 0, bare=True, cut=False)

    async def is_corrected(*polled: Poll) -> bool:
        for poll in polled:
            await run.happen(poll)
        async with database.write() as session:
            story = (await session.scalars(select(Story))).one()
            loud = story.correct_at is not None and not story.correct_quietly
            story.correct_at, story.correct_quietly = None, False
        return loud

    def poll(source: str, *listed: Entry) -> Poll:
        return Poll(source, listed, killed=False, twice=False)

    assert not await is_corrected(poll("dunia", first), poll("dunia", bare), poll("dunia", first))
    assert not await is_corrected(poll("politik", changed), poll("daftar", changed), poll("populer", changed))
    assert not await is_corrected(poll("politik", first), poll("daftar", bare), poll("populer", first))
    assert await is_corrected(poll("dunia", changed))
    assert not await is_corrected(poll("dunia"), poll("dunia", changed))


async def test_a_story_taken_for_a_copy_is_separated_by_an_editor_and_pushed(database: Database) -> None:
    text = "Warga membersihkan lumpur dari rumah setelah air yang menggenang kampung di tepi sungai akhirnya surut."
    for source, host in (("dunia", "satu"), ("politik", "dua")):
        item = Item(f"https://{host}.example/7/lumpur", "Warga membersihkan lumpur", summary=text)
        table, now = TABLES[source], utcnow()
        await pipeline.take_in(database, NEWSROOM, table, [item], now, push=True, recent=RecentStories())
    async with database.write() as session:
        original, copy = (await session.scalars(select(Story).order_by(Story.id))).all()
        assert (copy.copy_of, copy.verdict) == (original.id, "copy")
        assert await pipeline.separate(session, copy, NEWSROOM, now)
        assert not await pipeline.separate(session, copy, NEWSROOM, now)
    async with database.read() as session:
        alerts = list(await session.scalars(select(Push.alert_of).order_by(Push.id)))
    assert alerts == [original.id, copy.id]


async def test_a_story_with_a_cms_id_is_never_another_ids(database: Database) -> None:
    now: datetime = utcnow()
    for name in ("satu", "dua"):
        item = Item("https://news.example/dunia/10001/kabar", f"Kabar {name}")
        await pipeline.publish(database, NEWSROOM, pipeline.CmsStory(name, item), now)
    async with database.write() as session:
        one, other = (await recognise.find(session, "satu"), await recognise.find(session, "dua"))
        assert one is not None and other is not None and one.id != other.id
        assert await corrections.retract(session, other, now)
        assert one.state == "live"
