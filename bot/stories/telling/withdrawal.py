"""Withdrawal: a story leaves every list and every chat, and the oldest of its copies takes its place in the lists."""

from datetime import datetime

from bot.delivery import corrections
from bot.storage.engine import Session
from bot.storage.models import Story, StoryState
from bot.stories.telling import rows
from bot.stories.telling.decide import Verdict


async def retract(session: Session, story: Story, now: datetime) -> bool:
    """Withdraw the story from every chat that received it, and from all lists; False if it already was."""
    await session.refresh(story, with_for_update=True)
    if story.state == StoryState.RETRACTED:
        return False
    if story.copy_of is None:
        await _list_oldest_copy(session, story, now)
    return await corrections.retract(session, story, now)


async def _list_oldest_copy(session: Session, original: Story, now: datetime) -> None:
    """List the oldest copy instead of its original; the others are copies of it from now on.

    It is not pushed: most of those who would get it had the original, and see that it was withdrawn.
    """
    await rows.copies_of(session, original.id)  # stories are locked before ONE_AT_A_TIME, as a poll does
    await session.lock(rows.ONE_AT_A_TIME)  # a poll that compares now may find one more
    copies = await rows.copies_of(session, original.id)
    for copy in copies[:1]:
        copy.copy_of, copy.verdict, copy.updated_at = None, Verdict.ORIGINAL_GONE, now
    for copy in copies[1:]:
        copy.copy_of = copies[0].id
