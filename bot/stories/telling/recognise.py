"""Recognise: which stories a document's entries are, by their keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select

from bot.storage.engine import Session
from bot.storage.models import Story, StoryKey
from bot.stories.items import Item
from bot.stories.telling.appearances import Fields
from bot.stories.telling.keys import keyed

AT_ONCE = 500  # rows of one statement
MISSING_AT_MOST = 5  # stories looked for when they disappear from their source
YOUNG = timedelta(hours=48)  # an older story's disappearance is nobody's alarm
_BY_CMS = "a:"  # the key of a story that the CMS published

T = TypeVar("T")


class KeyTaken(Exception):
    """Another transaction has just stored a story under one of the keys: look again, it is known now."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry of a document says, and the keys that it is known by, the strongest first."""

    keys: tuple[str, ...]
    fields: Fields


@dataclass(slots=True)
class Recognised:
    """An entry's story: None where it is new. `names` are keys that the story does not have yet."""

    fields: Fields
    story_id: int | None
    names: list[str] = field(default_factory=list)


def cms_key(name: str) -> str:
    """The key of the story that the CMS publishes under its id."""
    return f"{_BY_CMS}{name}"


async def recognise(session: Session, entries: Sequence[Entry]) -> list[Recognised]:
    """The stories that the entries of one document are, in the entries' order.

    A story that the document lists twice is as it is listed first.
    """
    known = await _known(session, [key for entry in entries for key in entry.keys])
    published = await _published_by_cms(session, entries, known)
    by_story: dict[int, Recognised] = {}
    by_key: dict[str, Recognised] = {}
    found: list[Recognised] = []
    for entry in entries:
        story_id = next((known[key] for key in entry.keys if key in known and known[key] not in published), None)
        names = [key for key in entry.keys if key not in known]
        same = by_story.get(story_id) if story_id else next((by_key[key] for key in names if key in by_key), None)
        if same is None:
            same = Recognised(entry.fields, story_id)
            found.append(same)
            if story_id is not None:
                by_story[story_id] = same
        same.names += (key for key in names if key not in by_key)
        by_key |= {key: same for key in names if key not in by_key}
    return found


async def _published_by_cms(session: Session, entries: Sequence[Entry], known: dict[str, int]) -> set[int]:
    """Stories that the CMS published under other ids than the entry's: its ids are never merged."""
    own = [entry.keys[0] for entry in entries if entry.keys[0].startswith(_BY_CMS)]
    if not own or own[0] in known:
        return set(known.values()) - {known[own[0]]} if own else set()
    by_cms = select(StoryKey.story_id).where(
        StoryKey.story_id.in_(set(known.values())), StoryKey.key.startswith(_BY_CMS, autoescape=True)
    )
    return set(await session.scalars(by_cms)) if known else set()


async def name(session: Session, keys: dict[str, int], new: set[int]) -> None:
    """Give stories their keys. Raises KeyTaken if one of a new story is another's by now."""
    taken = session.upsert(StoryKey).on_conflict_do_nothing(index_elements=["key"]).returning(StoryKey.key)
    for some in _parts(list(keys)):
        rows = await session.execute(taken.values([{"key": key, "story_id": keys[key]} for key in some]))
        for key in set(some) - set(rows.scalars()):
            if keys[key] in new:
                raise KeyTaken(key)


async def find(session: Session, name: str) -> Story | None:
    """The story that the CMS published under its id."""
    return await session.scalar(select(Story).join(StoryKey).where(StoryKey.key == cms_key(name)))


async def unknown(session: Session, source_id: str, items: Sequence[Item]) -> list[Item]:
    """The items that are not stories yet, in their order."""
    pairs = keyed(items, source_id)
    known = await _known(session, [key for _, keys in pairs for key in keys])
    return [item for item, keys in pairs if known.keys().isdisjoint(keys)]


async def missing(session: Session, source_id: str, items: Sequence[Item], now: datetime) -> dict[str, int]:
    """The source's young stories that a document should list and does not, by address; at most MISSING_AT_MOST.

    Those that are older than what it lists have only made room.
    """
    oldest = min((item.published_at for item in items if item.published_at), default=None)
    if oldest is None:
        return {}
    rows = await session.execute(
        select(Story.id, Story.url)
        .where(Story.source_id == source_id, Story.state == "live")
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


async def _known(session: Session, keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _parts(keys):
        rows = await session.execute(select(StoryKey.key, StoryKey.story_id).where(StoryKey.key.in_(some)))
        found |= {key: story_id for key, story_id in rows}
    return found


def _parts(keys: list[T]) -> Iterator[list[T]]:
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))
