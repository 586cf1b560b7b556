"""Queries for lists of stories: the newest, those of a section, UPDATEs and popular ones. Search has its own module."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from bot.storage.engine import Session
from bot.storage.models import Appearance, Story, StoryState

LATEST = 10
POPULAR = 7
COPIES = 5
COPIES_SINCE = timedelta(days=7)  # who would make older ones news


@dataclass(frozen=True, slots=True)
class Stretch:
    """One page of a list, from `offset` on.

    `anchor` is the highest story id when the list was opened, so that later stories don't shift its pages. `more`:
    there is a next page.
    """

    stories: list[Story]
    anchor: int
    offset: int
    more: bool


async def get(session: Session, story_id: int, *, lock: bool = False) -> Story | None:
    """The story, or None. `lock`: no other transaction changes it until this one ends."""
    return await session.get(Story, story_id, with_for_update=lock or None)


async def latest(
    session: Session, *, section: str = "", anchor: int = 0, offset: int = 0, size: int = LATEST
) -> Stretch:
    """The newest stories, of one section if given."""
    query = select(Story).where(Story.state == StoryState.LIVE, Story.copy_of.is_(None))
    if section:
        query = query.where(Story.section == section)
    return await _stretch(session, query, anchor, offset, size)


async def updates(session: Session, *, anchor: int = 0, offset: int = 0) -> Stretch:
    """The newest UPDATEs."""
    query = select(Story).where(Story.is_update, Story.state == StoryState.LIVE, Story.copy_of.is_(None))
    return await _stretch(session, query, anchor, offset, LATEST)


async def newest_id(session: Session) -> int:
    """The highest story id; 0 if there is no story."""
    return await session.scalar(select(func.coalesce(func.max(Story.id), 0))) or 0


async def _stretch(session: Session, query: Select[Story], anchor: int, offset: int, size: int) -> Stretch:
    anchor = anchor or await newest_id(session)
    offset = max(0, offset)
    rows = await session.scalars(
        query.where(Story.id <= anchor)
        .order_by(Story.published_at.desc(), Story.id.desc())
        .offset(offset)
        .limit(size + 1)
    )
    stories = list(rows.all())
    return Stretch(stories[:size], anchor, offset, len(stories) > size)


async def popular(session: Session, size: int = POPULAR) -> list[Story]:
    """The publisher's own list first, in its order; readers' numbers fill the places after it; then the newest."""
    # "= 'live'" would lead SQLite to an index that all are in
    shown = select(Story).where(Story.state != StoryState.RETRACTED)
    ranked = shown.join(Appearance, Appearance.story_id == Story.id).where(Appearance.rank > 0)
    own = shown.where(Story.copy_of.is_(None))
    stories: dict[int, Story] = {}
    for query in (
        ranked.order_by(Appearance.rank, Appearance.source_id),
        own.where(Story.heat.is_not(None)).order_by(Story.heat.desc(), Story.id.desc()),
        own.where(Story.state == StoryState.LIVE).order_by(Story.published_at.desc(), Story.id.desc()),
    ):
        if len(stories) < size:
            rows = await session.scalars(query.where(Story.id.not_in(list(stories))).limit(size - len(stories)))
            stories |= {story.id: story for story in rows}
    return list(stories.values())


def _copies(now: datetime) -> Select[Story]:
    young = Story.published_at > now - COPIES_SINCE
    return select(Story).where(Story.copy_of.is_not(None), Story.state == StoryState.LIVE, young)


async def copies(session: Session, now: datetime, *, anchor: int = 0, offset: int = 0) -> tuple[Stretch, list[Story]]:
    """The newest stories that were taken for copies, and the original of each."""
    stretch = await _stretch(session, _copies(now), anchor, offset, COPIES)
    rows = await session.scalars(select(Story).where(Story.id.in_([copy.copy_of for copy in stretch.stories])))
    originals = {story.id: story for story in rows}
    return stretch, [originals[copy.copy_of] for copy in stretch.stories if copy.copy_of is not None]


async def count_copies(session: Session, now: datetime) -> int:
    return await session.scalar(select(func.count()).select_from(_copies(now).subquery())) or 0


async def count(session: Session) -> int:
    return await session.scalar(select(func.count()).select_from(Story)) or 0


async def count_by_source(session: Session) -> dict[str, int]:
    rows = await session.execute(select(Story.source_id, func.count()).group_by(Story.source_id))
    return {source_id: number for source_id, number in rows}
