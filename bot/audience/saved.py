"""Saved stories: what a reader keeps to read again, the latest saved first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, select

from bot.storage.engine import Session
from bot.storage.models import SavedStory, Story, StoryState

AT_MOST = 200  # stories of one reader
PAGE = 10


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of what a reader has saved: the stories after the first `offset` of `count`."""

    stories: list[Story]
    offset: int
    count: int


async def save(session: Session, subscriber_id: int, story_id: int, now: datetime) -> bool:
    """Save the story; saving it again is fine. False: the reader has AT_MOST others."""
    if await is_saved(session, subscriber_id, story_id):
        return True
    if await count(session, subscriber_id) >= AT_MOST:
        return False
    await session.execute(
        session.upsert(SavedStory)
        .values(subscriber_id=subscriber_id, story_id=story_id, saved_at=now)
        .on_conflict_do_nothing(index_elements=["subscriber_id", "story_id"])
    )
    return True


async def drop(session: Session, subscriber_id: int, story_id: int) -> None:
    """Take the story out; one that is not there is fine."""
    await session.execute(
        delete(SavedStory).where(SavedStory.subscriber_id == subscriber_id, SavedStory.story_id == story_id)
    )


async def is_saved(session: Session, subscriber_id: int, story_id: int) -> bool:
    mine = select(SavedStory.story_id).where(SavedStory.subscriber_id == subscriber_id, SavedStory.story_id == story_id)
    return await session.scalar(mine) is not None


async def count(session: Session, subscriber_id: int) -> int:
    return await session.scalar(select(func.count()).select_from(_shown(subscriber_id).subquery())) or 0


async def page(session: Session, subscriber_id: int, offset: int = 0) -> Shelf:
    """The stories from `offset` on; where nothing is left there, the last page."""
    there = await count(session, subscriber_id)
    last = max(0, there - 1) // PAGE * PAGE
    offset = min(offset // PAGE * PAGE, last)
    stories = await session.scalars(
        _shown(subscriber_id)
        .order_by(SavedStory.saved_at.desc(), SavedStory.story_id.desc())
        .offset(offset)
        .limit(PAGE)
    )
    return Shelf(list(stories.all()), offset, there)


def _shown(subscriber_id: int) -> Select[Story]:
    """Withdrawn stories are in no list."""
    return (
        select(Story)
        .join(SavedStory, SavedStory.story_id == Story.id)
        .where(SavedStory.subscriber_id == subscriber_id, Story.state == StoryState.LIVE)
    )
