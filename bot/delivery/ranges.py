"""Ranges of a push: claim, page, checkpoint, release; and deliveries that wait to be tried again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    Row,
    and_,
    bindparam,
    case,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.audience import segments, subscribers
from bot.delivery.outcomes import Gone, Mark
from bot.delivery.pushes import RUNNING
from bot.storage.engine import Session, clock
from bot.storage.models import Delivery, Push, PushRange, Subscriber

LEASE_SECONDS = 10.0
PAGES_AT_ONCE = 20
COUNTED = {Mark.SENT: "sent", Mark.GONE: "gone", Mark.REFUSED: "refused", Mark.LOST: "lost"}
COUNTS = (*COUNTED.values(), "doubled")  # columns of a push


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
class Copy:
    """The message that a correction or retraction changes: the push that sent it, the revision it shows, and when it
    was sent (`at`, seconds since 1970)."""

    push_id: int
    message_id: int
    revision: int
    photo: bool
    at: int


class Chat(NamedTuple):  # one per message; creating a tuple takes a fifth of the time of a frozen dataclass
    """The destination of one delivery. `doubt`: an earlier try may have arrived. `tries`: how many there were."""

    subscriber_id: int
    chat_id: int
    thread_id: int
    language: str
    doubt: bool = False
    tries: int = 0
    copy: Copy | None = None


class Record(NamedTuple):
    """The result of one delivery. `tried`: whether it was sent. `wait`: seconds to the next try, None if final."""

    chat: Chat
    mark: Mark
    message_id: int | None = None
    wait: float | None = None
    gone: Gone | None = None
    tried: bool = True
    revision: int = 0
    photo: bool = False


@dataclass(frozen=True, slots=True)
class CheckpointResult:
    """What a checkpoint tells the owner: whether the push still runs, whether its audience and revision are those with
    which the range was claimed, and whether a push in a better lane can be claimed."""

    running: bool
    same_audience: bool
    same_revision: bool
    better: bool

    @property
    def go_on(self) -> bool:
        return self.running and self.same_audience and self.same_revision and not self.better

    @property
    def overtaken(self) -> bool:
        """A correction or retraction may have been queued meanwhile."""
        return not (self.running and self.same_revision)


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery whose next try is due. `reachable`: its chat can still be reached, and has the copy to change."""

    push_id: int
    chat: Chat
    reachable: bool


def _claimable() -> tuple[ColumnElement[bool], ...]:
    """The conditions under which somebody may take a range now.

    The second pass of a large push begins when all of the first is done. Of two ranges that overlap, the later one
    waits for the earlier: it has copies that arrived meanwhile, and a chat in both would be served twice.
    """
    other = aliased(PushRange)
    first_pass = and_(other.seen_since.is_not(None), PushRange.seen_since.is_(None))
    overlaps = and_(other.id < PushRange.id, other.start < PushRange.end, other.end > PushRange.start)
    waits = exists().where(other.push_id == PushRange.push_id, other.done.is_(False), or_(first_pass, overlaps))
    return (
        PushRange.push_id == Push.id,
        PushRange.done.is_(False),
        PushRange.lease_until < clock(),
        ~waits,
        Push.state == RUNNING,
        Push.not_before <= clock(),
        _not_expired(),
    )


def _not_expired() -> ColumnElement[bool]:
    """The story of an alert is young enough; `pushes.expire` ends those that are not."""
    return or_(Push.expires_at.is_(None), Push.expires_at > clock())


async def claim(session: Session, owner: str) -> Claim | None:
    """Claim the first range without an owner, ordered by lane, then by age; None if there is none."""
    result = await session.execute(_STATEMENTS.claim, {"whose": owner, "lease": LEASE_SECONDS})
    row = result.one_or_none()
    if row is None:
        return None
    lane = await session.scalar(select(Push.lane).where(Push.id == row.push_id))
    return Claim(row.id, row.push_id, lane or 0, row.cursor, row.issued, row.end, row.fence, row.seen_since)


async def page(
    session: Session, claimed: Claim, audience: segments.Audience, after: int, size: int
) -> tuple[list[Chat], int, bool]:
    """The next chats of the range after id `after`, the id up to which the audience was read, and whether it ended."""
    for _ in range(PAGES_AT_ONCE):  # skip pages in which every chat already has a delivery
        audience_page = await segments.page(
            session, audience, claimed.push_id, after, claimed.end, size, claimed.seen_since
        )
        after = audience_page.upto
        if audience_page.rows or audience_page.last:
            break
    alert_id = audience.get("copies_of")
    chats = [Chat(row[0], row[1], row[2], row[3], row[0] <= claimed.issued) for row in audience_page.rows]
    if alert_id is not None:
        copies = [Copy(alert_id, row[4], row[5], row[6], row[7]) for row in audience_page.rows]
        chats = [chat._replace(copy=copy) for chat, copy in zip(chats, copies, strict=True)]
    return chats, after, audience_page.last


async def checkpoint(
    session: Session,
    claimed: Claim,
    *,
    cursor: int,
    issued: int,
    records: Sequence[Record],
    push: Push,
    now: datetime,
) -> CheckpointResult | None:
    """Write the records, move the cursor and renew the lease. None: another owner has taken the range over.

    `push` is as it was when the range was claimed. The records are written in either case, because they were sent.
    """
    mine = {"range": claimed.range_id, "mine": claimed.fence, "to": cursor, "upto": issued, "lease": LEASE_SECONDS}
    row = (await session.execute(_STATEMENTS.move, mine)).one_or_none()
    if row is None:
        await record(session, claimed.push_id, records, now)
        return None
    if records:
        state = await _record(session, claimed.push_id, records, now, float(row[0]))
    else:
        state = (await session.execute(_STATEMENTS.push, {"push": claimed.push_id})).one()
    better = claimed.lane > 1 and bool(await session.scalar(_STATEMENTS.better, {"than": claimed.lane}))
    return CheckpointResult(
        running=state.state == RUNNING,
        same_audience=state.audience == push.audience,
        same_revision=state.revision == push.revision,
        better=better,
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
        self.waiting = (
            select(
                Delivery.push_id,
                Delivery.subscriber_id,
                Delivery.outcome,
                Delivery.tries,
                Push.audience,
                Subscriber.chat_id,
                Subscriber.thread_id,
                Subscriber.language,
                Subscriber.state,
            )
            .join(Push, Push.id == Delivery.push_id)
            .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(Delivery.not_before.is_not(None), Delivery.not_before <= clock(), Push.state == RUNNING)
            .where(_not_expired())
            .order_by(Push.lane, Delivery.not_before)
            .limit(bindparam("at_most", type_=Integer))
            .with_for_update(of=Delivery, skip_locked=True)
        )
        upto = bindparam("upto", type_=BigInteger)
        self.move = (
            update(PushRange)
            .where(PushRange.id == bindparam("range"), PushRange.fence == bindparam("mine"))
            .values(
                cursor=bindparam("to", type_=BigInteger),
                issued=case((PushRange.issued > upto, PushRange.issued), else_=upto),
                lease_until=clock() + bindparam("lease", type_=Double),
            )
            .returning(clock())
            .execution_options(synchronize_session=False)
        )
        self.push = select(Push.state, Push.audience, Push.revision).where(Push.id == bindparam("push"))
        counts = {name: getattr(Push, name) + bindparam(f"more_{name}", type_=Integer) for name in COUNTS}
        self.count = (
            update(Push)
            .where(Push.id == bindparam("push"))
            .values(counts)
            .returning(Push.state, Push.audience, Push.revision)
            .execution_options(synchronize_session=False)
        )
        self.better = select(exists().where(*_claimable(), Push.lane < bindparam("than", type_=Integer)))
        self.renew_copy = (
            update(Delivery)
            .where(Delivery.push_id == bindparam("of"), Delivery.subscriber_id == bindparam("whose"))
            .values(revision=bindparam("shows"), message_id=bindparam("as"))
            .execution_options(synchronize_session=False)
        )


_STATEMENTS = _Statements()
ROW = ("push_id", "subscriber_id", "message_id", "outcome", "tries", "revision", "photo", "at", "not_before")
ROW_KEYS = 2  # the first two of ROW are the primary key


async def record(session: Session, push_id: int, records: Sequence[Record], now: datetime) -> None:
    """Write the records to deliveries, to the copies they changed, to subscribers' states and the push's counts."""
    if records:
        await _record(session, push_id, records, now, await session.moment())


async def _record(
    session: Session, push_id: int, records: Sequence[Record], now: datetime, moment: float
) -> Row[str, dict[str, Any]]:
    """As `record`; returns the push's state, audience and revision, which its last statement reads anyway."""
    await session.upsert_rows(Delivery, ROW, ROW_KEYS, [_row(push_id, result, moment) for result in records])
    changed = [
        _copy_row(result, result.chat.copy) for result in records if result.chat.copy and result.mark == Mark.SENT
    ]
    if changed:
        await (await session.connection()).execute(_STATEMENTS.renew_copy, changed)
    for result in records:
        if result.gone is None:
            continue
        if result.gone.topic_only:
            await subscribers.set_topic_state(
                session, result.chat.subscriber_id, result.gone.state, result.gone.reason, now
            )
        else:
            await subscribers.set_state(session, result.chat.chat_id, result.gone.state, result.gone.reason, now)
    marks = Counter(COUNTED.get(result.mark) for result in records)
    marks["doubled"] = sum(result.mark == Mark.SENT and result.chat.doubt for result in records)
    more = {f"more_{name}": marks[name] for name in COUNTS}
    return (await session.execute(_STATEMENTS.count, {"push": push_id, **more})).one()


def _row(push_id: int, result: Record, moment: float) -> tuple[Any, ...]:
    """A delivery's row in the order of ROW."""
    chat = result.chat
    not_before = None if result.wait is None else moment + result.wait
    tries = chat.tries + result.tried
    shown, at = (result.revision, result.photo), int(moment)
    return (push_id, chat.subscriber_id, result.message_id, int(result.mark), tries, *shown, at, not_before)


def _copy_row(result: Record, copy: Copy) -> dict[str, Any]:
    """Parameters that update the copy's own delivery; a deleted copy has no message id."""
    return {"of": copy.push_id, "whose": result.chat.subscriber_id, "shows": result.revision, "as": result.message_id}


async def release(session: Session, claimed: Claim, *, done: bool, rewind: bool = False) -> None:
    """End the ownership of a range. Call it when every send has its record, so that the next owner doubts none.

    `done`: the whole range was sent. `rewind`: the next owner begins at its start, because the audience has changed.
    """
    cursor = PushRange.start if rewind else PushRange.cursor
    await session.execute(
        update(PushRange)
        .where(PushRange.id == claimed.range_id, PushRange.fence == claimed.fence)
        .values(owner="", lease_until=0.0, done=done, cursor=cursor, issued=cursor)
    )


async def claim_waiting(session: Session, size: int) -> list[DueDelivery]:
    """Claim up to `size` deliveries whose next try is due, ordered by lane.

    Each is due again after six leases, so another process finds it if this one dies. UNKNOWN rows stay in doubt.
    """
    rows = (await session.execute(_STATEMENTS.waiting, {"at_most": size})).all()
    deliveries: list[DueDelivery] = []
    for push_id in dict.fromkeys(row.push_id for row in rows):
        mine = [row for row in rows if row.push_id == push_id]
        ids = [row.subscriber_id for row in mine]
        await session.execute(
            update(Delivery)
            .where(Delivery.push_id == push_id, Delivery.subscriber_id.in_(ids))
            .values(not_before=clock() + LEASE_SECONDS * 6)
            .execution_options(synchronize_session=False)
        )
        copies = await _copies(session, mine[0].audience, ids)
        for row in mine:
            copy = copies.get(row.subscriber_id)
            doubt = row.outcome == Mark.UNKNOWN
            chat = Chat(row.subscriber_id, row.chat_id, row.thread_id, row.language, doubt, row.tries, copy)
            lost = "copies_of" in mine[0].audience and copy is None
            deliveries.append(DueDelivery(push_id, chat, row.state == subscribers.ACTIVE and not lost))
    return deliveries


async def _copies(session: Session, audience: segments.Audience, ids: list[int]) -> dict[int, Copy]:
    """The copies of these subscribers, by subscriber id; empty if the audience is not one of copies."""
    alert_id = audience.get("copies_of")
    if alert_id is None:
        return {}
    rows = await session.execute(
        select(Delivery.subscriber_id, Delivery.message_id, Delivery.revision, Delivery.photo, Delivery.at).where(
            Delivery.push_id == alert_id, Delivery.subscriber_id.in_(ids), Delivery.message_id > 0
        )
    )
    return {row[0]: Copy(alert_id, row[1] or 0, row[2], row[3], row[4]) for row in rows}
