"""Ranges of a push: claim, page, checkpoint, release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    and_,
    bindparam,
    case,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.audience import segments
from bot.delivery import deliveries, pushes
from bot.delivery.deliveries import Chat, Copy, Record
from bot.delivery.pushes import RUNNING
from bot.storage.engine import Session, clock
from bot.storage.models import Push, PushKind, PushRange

LEASE_SECONDS = 10.0
PAGES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A range that this process owns until its lease ends.

    An earlier owner may have sent to ids in (cursor, issued]. `fence` increases with every claim, so a checkpoint of an
    earlier owner matches no row.
    """

    range_id: int
    push_id: int
    lane: int
    cursor: int
    issued: int
    end: int
    fence: int
    seen_since: datetime | None


@dataclass(frozen=True, slots=True)
class CheckpointResult:
    """What a checkpoint tells the owner: whether the push still runs, and whether its audience and revision are those
    with which the range was claimed."""

    running: bool
    same_audience: bool
    same_revision: bool

    @property
    def go_on(self) -> bool:
        return self.running and self.same_audience and self.same_revision

    @property
    def overtaken(self) -> bool:
        """A correction or retraction may have been queued meanwhile."""
        return not (self.running and self.same_revision)


def _claimable() -> tuple[ColumnElement[bool], ...]:
    """The conditions under which somebody may take a range now.

    The second pass of a large push begins when all of the first is done. Of two ranges that overlap, the later one
    waits for the earlier: it has copies that arrived meanwhile, and a chat in both would be served twice. A correction
    waits while somebody holds a range of an earlier one of its story, which ends when the answers have come: of two
    edits on their way to one copy the older might arrive last. A withdrawal does not wait.
    """
    other = aliased(PushRange)
    first_pass = and_(other.seen_since.is_not(None), PushRange.seen_since.is_(None))
    overlaps = and_(other.id < PushRange.id, other.start < PushRange.end, other.end > PushRange.start)
    waits = exists().where(other.push_id == PushRange.push_id, other.done.is_(False), or_(first_pass, overlaps))
    earlier, held = aliased(Push), aliased(PushRange)
    edits = exists().where(
        earlier.story_id == Push.story_id,
        earlier.kind == PushKind.CORRECTION,
        earlier.id < Push.id,
        held.push_id == earlier.id,
        held.lease_until >= clock(),
    )
    return (
        PushRange.push_id == Push.id,
        PushRange.done.is_(False),
        PushRange.lease_until < clock(),
        ~waits,
        or_(Push.kind != PushKind.CORRECTION, ~edits.correlate(Push)),
        Push.state == RUNNING,
        Push.not_before <= clock(),
        pushes.not_expired(),
        ~pushes.unsent_before(Push.lane),
    )


async def claim(session: Session, owner: str) -> Claim | None:
    """Claim the first range without an owner, ordered by lane, then by age; None if there is none."""
    result = await session.execute(_STATEMENTS.claim, {"whose": owner, "lease": LEASE_SECONDS})
    row = result.one_or_none()
    if row is None:
        return None
    lane = await session.scalar(select(Push.lane).where(Push.id == row.push_id))
    return Claim(row.id, row.push_id, lane or 0, row.cursor, row.issued, row.end, row.fence, row.seen_since)


async def page(
    session: Session,
    claimed: Claim,
    audience: segments.Audience,
    after: int,
    size: int,
    alert: segments.Alert | None = None,
) -> tuple[list[Chat], int, bool]:
    """The next chats of the range after id `after`, the id up to which the audience was read, and whether it ended."""
    for _ in range(PAGES_AT_ONCE):  # skip pages in which every chat already has a delivery
        audience_page = await segments.page(
            session, audience, claimed.push_id, after, claimed.end, size, claimed.seen_since, alert
        )
        after = audience_page.upto
        if audience_page.rows or audience_page.last:
            break
    alert_id = audience.get("copies_of")
    if alert_id is None:
        chats = [
            Chat(row[0], row[1], row[2], row[3], row[0] <= claimed.issued, silent=bool(row[4]))
            for row in audience_page.rows
        ]
    else:
        chats = [
            Chat(row[0], row[1], row[2], row[3], row[0] <= claimed.issued, copy=Copy(alert_id, *row[4:8]))
            for row in audience_page.rows
        ]
    return chats, after, audience_page.last


async def checkpoint(
    session: Session,
    claimed: Claim,
    *,
    cursor: int,
    issued: int,
    unsent: bool = True,
    records: Sequence[Record],
    push: Push,
    now: datetime,
) -> CheckpointResult | None:
    """Write the records, move the cursor and renew the lease. None: another owner has taken the range over.

    `unsent`: some chats of the range have no place yet.
    `push` is as it was when the range was claimed. The records are written in either case, because they were sent.
    """
    mine: dict[str, Any] = {
        "range": claimed.range_id,
        "mine": claimed.fence,
        "to": cursor,
        "upto": issued,
        "lease": LEASE_SECONDS,
    }
    mine["some_left"] = unsent
    row = (await session.execute(_STATEMENTS.move, mine)).one_or_none()
    if row is None:
        await deliveries.record(session, claimed.push_id, records, now)
        return None
    if records:
        state = await deliveries.record_at(session, claimed.push_id, records, now, float(row[0]))
    else:
        state = (await session.execute(_STATEMENTS.push, {"push": claimed.push_id})).one()
    return CheckpointResult(
        running=state.state == RUNNING,
        same_audience=state.audience == push.audience,
        same_revision=state.revision == push.revision,
    )


class _Statements:
    """Frequent SQL statements, built once: building a statement costs more than running it."""

    def __init__(self) -> None:
        best = (
            select(PushRange.id)
            .join(Push, Push.id == PushRange.push_id)
            .where(*_claimable())
            .order_by(Push.lane, Push.id, PushRange.id)
            .limit(1)
            .with_for_update(of=PushRange, skip_locked=True)
            .scalar_subquery()
        )
        self.claim = (
            update(PushRange)
            .where(PushRange.id == best)
            .values(
                owner=bindparam("whose"),
                lease_until=clock() + bindparam("lease", type_=Double),
                fence=PushRange.fence + 1,
                unsent=True,
            )
            .returning(
                PushRange.id,
                PushRange.push_id,
                PushRange.cursor,
                PushRange.issued,
                PushRange.end,
                PushRange.fence,
                PushRange.seen_since,
            )
            .execution_options(synchronize_session=False)
        )
        upto = bindparam("upto", type_=BigInteger)
        self.move = (
            update(PushRange)
            .where(PushRange.id == bindparam("range"), PushRange.fence == bindparam("mine"))
            .values(
                cursor=bindparam("to", type_=BigInteger),
                issued=case((PushRange.issued > upto, PushRange.issued), else_=upto),
                unsent=bindparam("some_left", type_=Boolean),
                lease_until=clock() + bindparam("lease", type_=Double),
            )
            .returning(clock())
            .execution_options(synchronize_session=False)
        )
        self.push = select(Push.state, Push.audience, Push.revision).where(Push.id == bindparam("push"))


_STATEMENTS = _Statements()


async def release(session: Session, claimed: Claim, *, done: bool, rewind: bool = False) -> None:
    """End the ownership of a range. Call it when every send has its record, so that the next owner doubts none.

    `done`: the whole range was sent. `rewind`: the next owner begins at its start, because the audience has changed.
    """
    cursor = PushRange.start if rewind else PushRange.cursor
    await session.execute(
        update(PushRange)
        .where(PushRange.id == claimed.range_id, PushRange.fence == claimed.fence)
        .values(owner="", lease_until=0.0, done=done, cursor=cursor, issued=cursor, unsent=not done)
    )
