"""Corrections and retractions: pushes that edit or delete the copies of a story that chats already have."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, select, update

from bot.audience import segments
from bot.delivery import deliveries, notices, pushes
from bot.delivery.deliveries import Record
from bot.delivery.lanes import LANES
from bot.delivery.outcomes import Mark
from bot.delivery.pushes import CANCELLED, DRAFT, FINISHED, HELD, PAUSED, RUNNING
from bot.storage.engine import Session, clock
from bot.storage.models import Push, PushKind, Story, StoryState

LIVE, RETRACTED = StoryState
CORRECTION, RETRACTION = PushKind.CORRECTION, PushKind.RETRACTION

SETTLE_SECONDS = 60.0  # a change found by a poll is sent when the text has not changed again for this long
ROUNDS = 2  # corrections to the same content; a source that returns to it once more is flapping
CORRECTIONS_AT_MOST = 20  # per story; otherwise a counter in a summary would edit every chat's message all day


async def schedule(session: Session, story: Story, after: float, *, quiet: bool = False) -> None:
    """The story has changed: its copies are to be corrected when it has been still for `after` seconds.

    `quiet`: they follow without the line that says so, unless another change that is still waited for needs it.
    """
    await session.flush()
    pending = Story.correct_at.is_not(None)
    values: dict[str, Any] = {"correct_at": clock() + after, "correct_quietly": False}
    if quiet:
        values = {
            "correct_at": case((pending, Story.correct_at), else_=clock() + after),
            "correct_quietly": case((pending, Story.correct_quietly), else_=True),
        }
    await session.execute(
        update(Story).where(Story.id == story.id).values(values).execution_options(synchronize_session=False)
    )


async def queue_due(session: Session, now: datetime, limit: int = 20) -> int:
    """Queue corrections of stories that have not changed again for long enough. Returns how many stories were due."""
    due = (
        select(Story)
        .where(Story.correct_at.is_not(None), Story.correct_at <= clock())
        .order_by(Story.correct_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    stories = (await session.scalars(due)).all()
    for story in stories:
        quiet, story.correct_at, story.correct_quietly = story.correct_quietly, None, False
        await _correct(session, story, now, was_wrong=not quiet)
    return len(stories)


async def correct_now(session: Session, story: Story, now: datetime) -> None:
    """Correct the copies without waiting or limit, because the newsroom itself reported the change."""
    await session.flush()
    story.correct_at = None
    await _correct(session, story, now, trusted=True)


async def promote(session: Session, story: Story, now: datetime) -> None:
    """The story became an UPDATE: edit its copies at once. It is not marked as corrected, as nothing was wrong."""
    await session.flush()
    await _correct(session, story, now, trusted=True, was_wrong=False)


async def _correct(
    session: Session, story: Story, now: datetime, *, trusted: bool = False, was_wrong: bool = True
) -> None:
    alert = await _alert(session, story)
    if story.state != LIVE or alert is None or alert.state in (DRAFT, HELD):
        return
    running = alert.state in (RUNNING, PAUSED) or await _is_corrected_now(session, story)
    if not running and not await deliveries.any_stale(session, alert.id, story.revision):
        return  # all copies already show this revision, and none will get another
    if not trusted and await _flaps(session, story):
        await notices.add(session, "story_flaps", {"title": story.title, "source": story.source_id}, now)
        return
    await _cancel(session, story, (RUNNING, PAUSED), now, Push.kind == CORRECTION)
    if was_wrong:
        story.corrected_at = now
    alert.revision = story.revision  # a process that is sending the alert reloads the story
    audience = segments.of_copies(alert.id, other_than=story.revision)
    await _start(session, story, alert, CORRECTION, story.revision, audience, now)


async def _is_corrected_now(session: Session, story: Story) -> bool:
    """Whether an earlier correction may still change copies."""
    earlier = exists().where(Push.story_id == story.id, Push.kind == CORRECTION, Push.state.in_((RUNNING, PAUSED)))
    return bool(await session.scalar(select(earlier)))


async def _flaps(session: Session, story: Story) -> bool:
    earlier = (
        await session.scalars(select(Push.revision).where(Push.story_id == story.id, Push.kind == CORRECTION))
    ).all()
    return len(earlier) >= CORRECTIONS_AT_MOST or earlier.count(story.revision) >= ROUNDS


async def retract(session: Session, story: Story, now: datetime) -> bool:
    """Withdraw the story from every chat that received it, and from all lists; False if it already was."""
    if story.state == RETRACTED:
        return False
    story.state, story.correct_at, story.updated_at = RETRACTED, None, now
    alert = await _alert(session, story)  # locked before the other pushes, in the same order as in a checkpoint
    await _cancel(session, story, (DRAFT, HELD, RUNNING, PAUSED), now)
    if alert is not None and alert.started_at is not None:
        await _start(session, story, alert, RETRACTION, 0, segments.of_copies(alert.id), now)
    return True


async def hand_over_late_copies(session: Session, push: Push, records: Iterable[Record]) -> None:
    """Give copies that were sent while a newer correction or retraction was running to that push.

    Their requests were in flight when it was queued, so it may have paged past these chats before the copies existed.
    Their deliveries of the newer push are deleted, and a range that covers them is added, so they are sent again.
    """
    revisions = {record.chat.subscriber_id: record.revision for record in records if record.mark == Mark.SENT}
    if push.story_id is None or not revisions:
        return
    newest = await session.scalar(
        select(Push)
        .where(Push.story_id == push.story_id, Push.kind.in_((CORRECTION, RETRACTION)))
        .order_by(Push.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if newest is None or newest.id == push.id or newest.state == CANCELLED:
        return
    late = sorted(
        subscriber_id
        for subscriber_id, revision in revisions.items()
        if newest.kind == RETRACTION or revision != newest.revision
    )
    if not late:
        return
    await deliveries.forget(session, newest.id, late)
    session.add(pushes.new_range(newest.id, late[0] - 1, late[-1]))
    newest.total = pushes.UNCOUNTED
    if newest.state == FINISHED:
        newest.state, newest.finished_at = RUNNING, None


async def _alert(session: Session, story: Story) -> Push | None:
    return await session.scalar(
        select(Push)
        .where(Push.alert_of == story.id)
        .execution_options(populate_existing=True)
        .with_for_update(key_share=True)
    )


async def _cancel(
    session: Session, story: Story, states: tuple[str, ...], now: datetime, *conditions: ColumnElement[bool]
) -> None:
    await session.execute(
        update(Push)
        .where(Push.story_id == story.id, Push.state.in_(states), *conditions)
        .values(state=CANCELLED, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def _start(
    session: Session,
    story: Story,
    alert: Push,
    kind: PushKind,
    revision: int,
    audience: segments.Audience,
    now: datetime,
) -> None:
    push = Push(
        kind=kind,
        lane=LANES[kind],
        state=DRAFT,
        story_id=story.id,
        revision=revision,
        audience=audience,
        created_at=now,
    )
    session.add(push)
    await session.flush()
    await pushes.start(session, push, now)
