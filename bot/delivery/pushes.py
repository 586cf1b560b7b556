"""Pushes: one message to many chats. Create, queue, pause, resume, cancel, finish; and their progress.

States: `draft` (a person is writing it), `held` (an admin must release it), `running`, `paused`, `finished`,
`cancelled`, `expired` (an alert whose story had become too old). Every change names the states it comes from, so a
second tap or a second admin changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.audience import segments
from bot.storage.engine import Session, clock
from bot.storage.models import Delivery, Push, PushKind, PushRange, PushState

DRAFT, HELD, RUNNING, PAUSED, FINISHED, CANCELLED, EXPIRED = PushState

RANGE_SIZE = 20_000  # subscriber ids; one process's share of a push at a time
LARGE = 10_000  # chats; a larger push goes first to recently active chats
SEEN = timedelta(days=30)  # a chat seen since then is recently active
PROBE_SECONDS = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)  # before each probe; the last repeats
UNCOUNTED = -1  # the total before it is counted; counting a million followers would delay the first message too much


async def start(session: Session, push: Push, now: datetime, *, not_before: float = 0.0) -> None:
    """Start sending: fix the audience's highest id and divide it into ranges. The audience is counted later.

    `not_before`: when sending may begin, in seconds since 1970 by the database's clock; 0 is at once.
    """
    push.ceiling = await segments.ceiling(session)
    push.total = UNCOUNTED
    push.state, push.started_at, push.not_before = RUNNING, now, not_before
    push.aimed_at = now.timestamp()
    if await segments.is_larger(session, push.audience, LARGE):
        session.add_all(new_ranges(push.id, 0, push.ceiling, seen_since=now - SEEN))
        await session.flush()  # ranges of the first pass (recently active chats) must get the lower ids
    session.add_all(new_ranges(push.id, 0, push.ceiling))
    await session.flush()
    await finish_if_done(session, push.id, now)


def as_alert(push: Push) -> segments.Alert | None:
    """What quiet hours hold; None for what they do not: broadcasts come silently then, edits make no sound."""
    return segments.Alert(push.kind == PushKind.UPDATE, push.aimed_at) if push.alert_of is not None else None


def new_ranges(push_id: int, after: int, until: int, seen_since: datetime | None = None) -> Iterable[PushRange]:
    for low in range(after, until, RANGE_SIZE):
        yield new_range(push_id, low, min(low + RANGE_SIZE, until), seen_since)


def new_range(push_id: int, start: int, end: int, seen_since: datetime | None = None) -> PushRange:
    """A range of the push: ids `start < id <= end`. With `seen_since` it is part of the first pass."""
    return PushRange(push_id=push_id, start=start, cursor=start, issued=start, end=end, seen_since=seen_since)


async def change(session: Session, push_id: int, source: tuple[str, ...], **values: Any) -> bool:
    result = await session.execute(
        update(Push).where(Push.id == push_id, Push.state.in_(source)).values(**values).returning(Push.id)
    )
    return result.first() is not None


async def pause(session: Session, push_id: int, reason: str = "") -> bool:
    """Pause a push until somebody resumes it, also one that waits for a probe."""
    probing = and_(Push.state == PAUSED, Push.probes > 0)
    result = await session.execute(
        update(Push)
        .where(Push.id == push_id, or_(Push.state == RUNNING, probing))
        .values(state=PAUSED, reason=reason, probes=0)
        .returning(Push.id)
    )
    return result.first() is not None


async def pause_unanswered(session: Session, push_id: int, reason: str, probes: int) -> bool:
    """Pause a push because Telegram does not answer, until its next probe is due; `probes`: how many there were."""
    due = clock() + PROBE_SECONDS[min(probes, len(PROBE_SECONDS) - 1)]
    return await change(session, push_id, (RUNNING,), state=PAUSED, reason=reason, not_before=due, probes=probes + 1)


async def wake_for_probe(session: Session) -> int | None:
    """Let one push probe whether Telegram answers again: the one in the best lane whose probe is due; its id.

    Only one at a time: while it is `running` and was not answered, the others wait.
    """
    probing = exists().where(Push.state == RUNNING, Push.probes > 0)
    due = (
        select(Push.id)
        .where(Push.state == PAUSED, Push.probes > 0, Push.not_before <= clock(), not_expired())
        .order_by(Push.lane, Push.id)
        .limit(1)
    )
    if await session.scalar(select(probing)) or (push_id := await session.scalar(due)) is None:
        return None
    return push_id if await change(session, push_id, (PAUSED,), state=RUNNING, not_before=0.0) else None


async def answered(session: Session) -> list[int]:
    """Telegram answers again: all that waited for it go on; their ids."""
    rows = await session.scalars(
        update(Push)
        .where(Push.state.in_((RUNNING, PAUSED)), Push.probes > 0)
        .values(state=RUNNING, reason="", not_before=0.0, probes=0)
        .returning(Push.id)
    )
    return list(rows.all())


async def resume(session: Session, push_id: int, now: datetime) -> bool:
    changed = await change(session, push_id, (PAUSED,), state=RUNNING, reason="", not_before=0.0, probes=0)
    if changed:
        await finish_if_done(session, push_id, now)
    return changed


async def cancel(session: Session, push_id: int, now: datetime) -> bool:
    return await change(session, push_id, (DRAFT, HELD, RUNNING, PAUSED), state=CANCELLED, finished_at=now)


async def release(session: Session, push_id: int, now: datetime) -> bool:
    """Start a held push; False if it is not held."""
    if not await change(session, push_id, (HELD,), state=DRAFT):
        return False
    push = await session.get_one(Push, push_id, populate_existing=True)
    await start(session, push, now)
    return True


async def finish_if_done(session: Session, push_id: int, now: datetime) -> bool:
    """Mark a running push finished if all ranges are done and no delivery waits to be tried again."""
    left = exists().where(PushRange.push_id == push_id, PushRange.done.is_(False))
    waiting = exists().where(Delivery.push_id == push_id, Delivery.not_before.is_not(None))
    result = await session.execute(
        update(Push)
        .where(Push.id == push_id, Push.state == RUNNING, ~left, ~waiting)
        .values(state=FINISHED, finished_at=now)
        .returning(Push.id)
    )
    return result.first() is not None


async def go_text_only(session: Session, push_id: int) -> None:
    """Send the push as text from now on, because Telegram refused its photo."""
    await session.execute(update(Push).where(Push.id == push_id).values(text_only=True))


async def recent(session: Session, limit: int) -> list[Push]:
    """The latest pushes with a non-empty audience, newest first."""
    rows = await session.scalars(
        select(Push).where(Push.started_at.is_not(None), Push.total > 0).order_by(Push.id.desc()).limit(limit)
    )
    return list(rows.all())


async def held(session: Session) -> list[int]:
    """Ids of held pushes, oldest first: alerts of sources that published too many stories at once."""
    rows = await session.scalars(select(Push.id).where(Push.state == HELD).order_by(Push.id))
    return list(rows.all())


async def with_progress_message(session: Session, limit: int = 50) -> list[Push]:
    """Broadcasts with a progress message that may have to be updated."""
    rows = await session.scalars(
        select(Push)
        .where(Push.progress_message_id.is_not(None), Push.state != DRAFT, Push.progress_shown != "final")
        .order_by(Push.id)
        .limit(limit)
    )
    return list(rows.all())


async def note_shown(session: Session, push_id: int, shown: str) -> None:
    """Store what a push's progress message shows; "final" when it will not change any more."""
    await session.execute(update(Push).where(Push.id == push_id).values(progress_shown=shown))


def not_expired(push: type[Push] = Push) -> ColumnElement[bool]:
    """The story of an alert is young enough; `alerts.expire` ends those that are not."""
    return or_(push.expires_at.is_(None), push.expires_at > clock())


def _unsent(push: type[Push]) -> ColumnElement[bool]:
    """Whether the push has anything unsent: ids without a place, or a retry that is due.

    What was issued and has no answer yet does not count, as it could take half a minute.
    """
    unissued = exists().where(PushRange.push_id == push.id, PushRange.done.is_(False), PushRange.unsent.is_(True))
    # Not correlated, so that the small index on not_before is read, and not all deliveries of the push.
    due = push.id.in_(select(Delivery.push_id).where(Delivery.not_before <= clock()))
    either = or_(unissued.correlate_except(PushRange), due)
    return and_(push.state == RUNNING, push.not_before <= clock(), not_expired(push), either)


def unsent_before(lane: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether a push in a better lane than `lane` has anything unsent: while it has, worse lanes send nothing."""
    better = aliased(Push)
    return exists().where(better.lane < lane, _unsent(better)).correlate_except(better)


_BETTER_WAITS = select(unsent_before(bindparam("lane", type_=Integer)))
_BEST_LANE = select(func.min(Push.lane)).where(_unsent(Push))


async def better_waits(session: Session, lane: int) -> bool:
    """Whether a push in a better lane has anything unsent."""
    return lane > 1 and bool(await session.scalar(_BETTER_WAITS, {"lane": lane}))


async def best_lane(session: Session) -> int | None:
    """The best lane with anything unsent; None if no push waits."""
    return await session.scalar(_BEST_LANE)
