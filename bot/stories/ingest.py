"""Items become stories, and stories pushes, in one transaction."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, time, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from bot.config import Newsroom, SourceTable
from bot.delivery import corrections, notices, pushes, revisions
from bot.delivery.corrections import LIVE, RETRACTED
from bot.storage.engine import Database, Session
from bot.storage.models import PopularEntry, Story, StoryKey
from bot.stories import sources
from bot.stories.items import Item
from bot.stories.showing.browse import searchable
from bot.stories.telling import changes, duplicates
from bot.stories.telling.duplicates import RecentStories, Text
from bot.stories.telling.keys import keyed, keys_of

log = structlog.get_logger("kabar.ingest")

T = TypeVar("T")


class KeyTaken(Exception):
    """Another transaction has just stored a story under one of the keys: look again, it is known now."""


@dataclass(frozen=True, slots=True)
class Ingested:
    new: int = 0
    corrected: int = 0
    queued: int = 0
    held: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.new or self.corrected or self.queued)

    def __add__(self, other: "Ingested") -> "Ingested":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Ingested(*(mine + theirs for mine, theirs in pairs))


async def ingest(
    session: Session,
    newsroom: Newsroom,
    source: SourceTable,
    items: Sequence[Item],
    now: datetime,
    *,
    push: bool,
    recent: RecentStories,
    flood: bool = False,
) -> Ingested:
    """Store items of a source, in the transaction of `session`. `push`: alerts may be queued; `flood`: they are held.

    Raises KeyTaken when two sources bring one new story at the same moment; the later transaction begins again.
    """
    popular = source.list == "popular"
    pairs = keyed([item for item in items if item.title], source.id)
    stories = await _stories(session, [key for _, keys in pairs for key in keys])
    if push and not popular and any(stories.keys().isdisjoint(keys) for _, keys in pairs):
        await _remember(session, recent, now)
    new: set[Story] = set()
    corrected: set[Story] = set()
    promoted: set[Story] = set()  # to an UPDATE
    alerts: list[Story] = []
    ranked: list[Story] = []
    named: dict[str, Story] = {}
    for item, keys in reversed(pairs):  # feeds list the newest first; pushes go out in the order of publishing
        story = next((stories[key] for key in keys if key in stories), None)
        if story is None and push and not popular:
            story = await _repeated(session, source, item, recent, now)
        if story is None:
            story = _new_story(item, source, newsroom, now)
            revisions.note(story)
            session.add(story)
            new.add(story)
            becomes_alert = True
        else:
            was_update, had_section = story.is_update, bool(story.section)
            only_ranked = not popular and story.source_id in newsroom.rankings
            if only_ranked:  # who brings it now is its source, and it is news
                story.source_id, story.published_at = source.id, _published(item, newsroom, now)
            if _take_over(story, item, source, newsroom, now) and story not in new:
                corrected.add(story)
            becomes_alert = only_ranked
            if story.is_update and not was_update and story not in new:
                revisions.note(story)
                promoted.add(story)
                becomes_alert = True
            becomes_alert |= bool(story.section) and not had_section
        unknown_keys = [key for key in keys if key not in stories]
        named |= dict.fromkeys(unknown_keys, story)
        stories |= dict.fromkeys(unknown_keys, story)
        ranked.append(story)
        if (
            becomes_alert
            and push
            and not popular
            and changes.may_push(story.published_at, newsroom.newsroom.push_max_age, now)
        ):
            alerts.append(story)
    await session.flush()
    await _name(session, named, new)
    for story in corrected:
        await corrections.schedule(session, story, corrections.SETTLE_SECONDS)
    if popular:
        await _rank(session, source.id, list(dict.fromkeys(story.id for story in reversed(ranked))))
        return Ingested(len(new), len(corrected))
    held = flood or len(new) > changes.HELD_ABOVE
    queued = 0
    for story in dict.fromkeys(alerts):
        queued += await pushes.queue_alert(session, story, now, held=held) is not None
    for story in promoted:
        await corrections.promote(session, story, now)
    return Ingested(len(new), len(corrected), 0 if held else queued, queued if held else 0)


ONE_AT_A_TIME = 0x6B61626172  # "kabar", the number of PostgreSQL's lock around comparing new stories with recent ones
AT_ONCE = 500  # items of one transaction, rows of one statement
MISSING_AT_MOST = 5  # stories looked for when they disappear from their source
YOUNG = timedelta(hours=48)  # an older story's disappearance is nobody's alarm
API = "api"  # the source of what the story API brings
ATTEMPTS = 4  # at storing what a source may be storing at the same moment


@dataclass(frozen=True, slots=True)
class CmsStory:
    """What the newsroom's own CMS published under its id `name`; `given` are the fields of which it said anything."""

    name: str
    item: Item
    section: str = ""
    update: bool = False
    given: frozenset[str] = frozenset()


async def publish(database: Database, newsroom: Newsroom, published: CmsStory, now: datetime) -> Ingested:
    """Store what the CMS published; its alert or its correction begins at once."""
    return await store(database, lambda session: _publish(session, newsroom, published, now))


async def take_in(
    database: Database,
    newsroom: Newsroom,
    source: SourceTable,
    items: Sequence[Item],
    now: datetime,
    *,
    push: bool,
    recent: RecentStories,
    then: Callable[[Session, Ingested], Awaitable[None]] | None = None,
) -> Ingested:
    """Store what a document of a source holds; `push`: its new stories are news (not at a source's first poll).

    A large one takes several transactions, and others write between them; `then` is done in the last. A flood is stored
    and not pushed: an admin is asked.
    """
    parts = [items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE)] or [items]
    if source.list == "popular":
        parts = parts[:1]
    flood = False
    if len(parts) > 1:
        async with database.read() as session:
            flood = len(await unknown(session, source.id, items)) > changes.HELD_ABOVE
    done = Ingested()
    for part in reversed(parts):  # the newest last

        async def once(session: Session, part: Sequence[Item] = part, before: Ingested = done) -> Ingested:
            news = push or await sources.is_primed(session, source.id)  # by another process, meanwhile
            stored = await ingest(session, newsroom, source, part, now, push=news, recent=recent, flood=flood)
            so_far = before + stored
            if part is parts[0]:
                if so_far.held:
                    await notices.add(session, "pushes_held", {"source": source.id, "count": so_far.held}, now)
                if then is not None:
                    await then(session, so_far)
            return so_far

        done = await store(database, once)
    return done


async def store(database: Database, work: Callable[[Session], Awaitable[Ingested]]) -> Ingested:
    """Do `work` in a transaction, and once more when another one was storing the same story."""
    for attempt in range(ATTEMPTS):
        try:
            async with database.write() as session:
                return await work(session)
        except (KeyTaken, DBAPIError):  # two that wait for each other's keys are told apart by PostgreSQL
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(random.uniform(0, 0.2))
    raise AssertionError("the last attempt returns or raises")


async def unknown(session: Session, source_id: str, items: Sequence[Item]) -> list[Item]:
    """The items that are not stories yet, in their order."""
    pairs = keyed(items, source_id)
    known = await _known(session, [key for _, keys in pairs for key in keys])
    return [item for item, keys in pairs if not any(key in known for key in keys)]


async def missing(session: Session, source_id: str, items: Sequence[Item], now: datetime) -> dict[str, int]:
    """The source's young stories that a document should list and does not, by address; at most MISSING_AT_MOST.

    Those that are older than what it lists have only made room.
    """
    oldest = min((item.published_at for item in items if item.published_at), default=None)
    if oldest is None:
        return {}
    rows = await session.execute(
        select(Story.id, Story.url)
        .where(Story.source_id == source_id, Story.state == LIVE)
        .where(Story.published_at > max(oldest, now - YOUNG))
        .order_by(Story.published_at.desc())
        .limit(len(items) + MISSING_AT_MOST)
    )
    listed = {item.url for item in items}
    unlisted = {story_id: url for story_id, url in rows if url not in listed}
    if unlisted:
        known = await _known(session, [key for _, keys in keyed(items, source_id) for key in keys])
        unlisted = {story_id: url for story_id, url in unlisted.items() if story_id not in known.values()}
    return {url: story_id for story_id, url in list(unlisted.items())[:MISSING_AT_MOST]}


async def find(session: Session, name: str) -> Story | None:
    """The story that the CMS published under its id."""
    return await session.scalar(select(Story).join(StoryKey).where(StoryKey.key == _api_key(name)))


async def _publish(session: Session, newsroom: Newsroom, published: CmsStory, now: datetime) -> Ingested:
    item, api_key = published.item, _api_key(published.name)
    source = SourceTable(id=API, url=newsroom.newsroom.url, section=published.section or None, update=published.update)
    keys = (api_key, *keys_of(item, API))
    known = await _known(session, list(keys))
    found = known.get(api_key) or await _first_without_cms_id(session, [known[key] for key in keys if key in known])
    story = await session.get(Story, found, with_for_update=True) if found is not None else None
    corrected = promoted = becomes_alert = False
    if story is None:
        story = _new_story(item, source, newsroom, now)
        revisions.note(story)
        session.add(story)
        await session.flush()
        becomes_alert = True
    else:
        was_update, had_section = story.is_update, bool(story.section)
        story.source_id = API  # from here on the CMS words it
        if story.state == RETRACTED:
            story.state, story.updated_at = LIVE, now  # said again by who withdrew it; its alert was one already
        changed = _rewrite(story, published, newsroom, now)
        corrected = _take_over(story, item, source, newsroom, now) or changed
        if corrected:
            revisions.note(story)
            await corrections.correct_now(session, story, now)
        promoted = story.is_update and not was_update
        becomes_alert = promoted or (bool(story.section) and not had_section)
    await _name(session, {key: story for key in keys if key not in known}, [story] if found is None else [])
    queued = None
    if becomes_alert and changes.may_push(story.published_at, newsroom.newsroom.push_max_age, now):
        queued = await pushes.queue_alert(session, story, now)
    if promoted and not corrected:
        revisions.note(story)
        await corrections.promote(session, story, now)
    return Ingested(new=found is None, corrected=corrected, queued=queued is not None)


def _rewrite(story: Story, published: CmsStory, newsroom: Newsroom, now: datetime) -> bool:
    """What the CMS says replaces what we had: nothing too, and where and when. True if something was otherwise.

    Words are left to `_take_over`, for which nothing said is nothing new.
    """
    kept = ("summary", "author", "image_url", "image_caption", "section", "published_at")
    before = [getattr(story, name) for name in kept]
    for name in {"summary", "author", "image_url", "image_caption"} & published.given:
        if not getattr(published.item, name):
            setattr(story, name, "")
    if not story.image_url:
        story.image_file_id = story.image_caption = ""
    if published.section:
        story.section = published.section
    if published.item.published_at == (when := _published(published.item, newsroom, now)):
        story.published_at = when
    return before != [getattr(story, name) for name in kept]


async def _first_without_cms_id(session: Session, story_ids: Sequence[int]) -> int | None:
    """The first of the stories that the CMS has not published under another id."""
    named = select(StoryKey.story_id).where(StoryKey.story_id.in_(story_ids), StoryKey.key.startswith("a:"))
    taken = set(await session.scalars(named)) if story_ids else set()
    return next((story_id for story_id in story_ids if story_id not in taken), None)


def _api_key(name: str) -> str:
    return f"a:{name}"


async def _remember(session: Session, recent: RecentStories, now: datetime) -> None:
    """Take the stories stored since the last time into `recent`.

    Until this transaction ends no other compares: of two sources that bring a story at once, one sees the other's.
    """
    await session.lock(ONE_AT_A_TIME)
    rows = await session.execute(
        select(Story.id, Story.source_id, Story.published_at, Story.title, Story.summary)
        .where(Story.id > recent.newest_id, Story.published_at > now - duplicates.WITHIN)
        .order_by(Story.id.desc())
        .limit(duplicates.REMEMBERED)
    )
    for row in reversed(rows.all()):
        recent.add(Text.of(*row))


async def _repeated(
    session: Session, source: SourceTable, item: Item, recent: RecentStories, now: datetime
) -> Story | None:
    """The recent story of another source that the item only repeats."""
    found = recent.closest(Text.of(0, source.id, item.published_at or now, item.title, item.summary))
    story = None if found is None else await session.get(Story, found)
    if story is None or story.state != LIVE:
        return None
    log.info("story_repeated", source=source.id, title=item.title, story=story.id)
    return story


async def _known(session: Session, keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _parts(keys):
        rows = await session.execute(select(StoryKey.key, StoryKey.story_id).where(StoryKey.key.in_(some)))
        found |= {key: story_id for key, story_id in rows}
    return found


async def _stories(session: Session, keys: list[str]) -> dict[str, Story]:
    """The stories that have these keys."""
    known = await _known(session, keys)
    found: dict[int, Story] = {}
    for some in _parts(sorted(set(known.values()))):  # locked in one order; a retraction may come between
        rows = await session.scalars(select(Story).where(Story.id.in_(some)).order_by(Story.id).with_for_update())
        found |= {story.id: story for story in rows}
    return {key: found[story_id] for key, story_id in known.items()}


async def _name(session: Session, keys: dict[str, Story], new: Collection[Story]) -> None:
    """Give the stories their keys. Raises KeyTaken if one of a new story is another's by now."""
    taken = session.upsert(StoryKey).on_conflict_do_nothing(index_elements=["key"]).returning(StoryKey.key)
    for some in _parts(list(keys)):
        rows = await session.execute(taken.values([{"key": key, "story_id": keys[key].id} for key in some]))
        for key in set(some) - set(rows.scalars()):
            if keys[key] in new:
                raise KeyTaken(key)


def _parts(keys: list[T]) -> Iterator[list[T]]:
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))


def _new_story(item: Item, source: SourceTable, newsroom: Newsroom, now: datetime) -> Story:
    return Story(
        source_id=source.id,
        section=changes.section_of(item, source, newsroom),
        title=item.title,
        summary=item.summary,
        url=item.url,
        author=item.author,
        image_url=item.image_url,
        image_caption=item.image_caption,
        is_update=source.list != "popular" and changes.is_update(item, source, newsroom),
        published_at=_published(item, newsroom, now),
        first_seen_at=now,
        updated_at=now,
        search_text=searchable(f"{item.title} {item.summary}"),
    )


def _published(item: Item, newsroom: Newsroom, now: datetime) -> datetime:
    """When the story was published, as far as its source says; of a day without an hour, today's is now."""
    if item.published_at is None or item.published_at > now:
        return now
    local = item.published_at.astimezone(newsroom.zone)
    if local.time() == time(0) and local.date() == now.astimezone(newsroom.zone).date():
        return now
    return item.published_at


def _take_over(story: Story, item: Item, source: SourceTable, newsroom: Newsroom, now: datetime) -> bool:
    """Bring a known story up to date; True if a reader would see a difference.

    Only the source that brought the story corrects it: two that word it differently would otherwise take turns.
    """
    if source.list == "popular" or story.state == RETRACTED:
        return False
    if not story.section:
        story.section = changes.section_of(item, source, newsroom)
    if not story.is_update and changes.is_update(item, source, newsroom):
        story.is_update = True
    if story.source_id != source.id or not changes.differs(story, item):
        return False
    if item.image_url and item.image_url != story.image_url:
        story.image_url, story.image_file_id, story.image_caption = item.image_url, "", ""
    story.image_caption = item.image_caption or story.image_caption
    story.title, story.url = item.title, item.url
    story.summary = item.summary or story.summary
    story.author = item.author or story.author
    story.updated_at = now
    story.search_text = searchable(f"{story.title} {story.summary}")
    return revisions.note(story)


async def _rank(session: Session, source_id: str, story_ids: list[int]) -> None:
    await session.execute(delete(PopularEntry).where(PopularEntry.source_id == source_id))
    session.add_all(
        PopularEntry(source_id=source_id, rank=rank, story_id=story_id) for rank, story_id in enumerate(story_ids, 1)
    )
