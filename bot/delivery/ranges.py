"""Ranges: claim, page, checkpoint, release; and the few deliveries that wait to be tried again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, Row, bindparam, case, exists, or_, select, update
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
    """A range that is ours until the lease ends; ids in (cursor, issued] may have been sent by an earlier owner."""

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
    """The message that a correction or retraction changes: what push brought it, which revision it shows, and when it
    was sent, in seconds since 1970."""

    push_id: int
    message_id: int
    revision: int
    photo: bool
    at: int


class Chat(NamedTuple):  # made for every message, and a tuple is made in a fifth of a frozen dataclass's time
    """Where one delivery goes; `doubt`: an earlier try may have arrived; `tries` so far."""

    subscriber_id: int
    chat_id: int
    thread_id: int
    language: str
    doubt: bool = False
    tries: int = 0
    copy: Copy | None = None


class Record(NamedTuple):
    """What came of one try, or why there was none (`tried`). `wait` is seconds to the next, None for a final mark."""

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
    """What a checkpoint tells the owner: whether the push still runs, for the audience that was paged and with the
    content that was loaded, and whether a better lane waits."""

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
class Due:
    """A delivery whose next try is due; `reachable`: its chat was not lost meanwhile."""

    push_id: int
    chat: Chat
    reachable: bool


def _claimable() -> tuple[ColumnElement[bool], ...]:
    """A range that somebody may take now. The second pass of a large push begins when nobody is in the first."""
    first = aliased(PushRange)
    in_first = exists().where(first.push_id == PushRange.push_id, first.done.is_(False), first.seen_since.is_not(None))
    return (
        PushRange.push_id == Push.id,
        PushRange.done.is_(False),
        PushRange.lease_until < clock(),
        or_(PushRange.seen_since.is_not(None), ~in_first),
        Push.state == RUNNING,
        Push.not_before <= clock(),
        _not_expired(),
    )


def _not_expired() -> ColumnElement[bool]:
    """The story of an alert is young enough; `pushes.expire` ends those that are not."""
    return or_(Push.expires_at.is_(None), Push.expires_at > clock())


async def claim(session: Session, owner: str) -> Claim | None:
    """Take the best range that nobody holds: by lane, then age."""
    found = await session.execute(_STATEMENTS.claim, {"whose": owner, "lease": LEASE_SECONDS})
    row = found.one_or_none()
    if row is None:
        return None
    lane = await session.scalar(select(Push.lane).where(Push.id == row.push_id))
    return Claim(row.id, row.push_id, lane or 0, row.cursor, row.issued, row.end, row.fence, row.seen_since)


async def page(
    session: Session, claimed: Claim, audience: segments.Audience, after: int, size: int
) -> tuple[list[Chat], int, bool]:
    """The next chats of the range after id `after`; up to which id it was looked, and whether that was all."""
    for _ in range(PAGES_AT_ONCE):  # of chats that have it already, before there is one that doesn't
        found = await segments.page(session, audience, claimed.push_id, after, claimed.end, size, claimed.seen_since)
        after = found.upto
        if found.rows or found.last:
            break
    of = audience.get("copies_of")
    chats = [Chat(row[0], row[1], row[2], row[3], row[0] <= claimed.issued) for row in found.rows]
    if of is not None:
        copies = [Copy(of, row[4], row[5], row[6], row[7]) for row in found.rows]
        chats = [chat._replace(copy=copy) for chat, copy in zip(chats, copies, strict=True)]
    return chats, after, found.last


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
    """Record what came back, move the cursor, renew the lease. None: another owner has taken the range over.

    `push` is as it was when the range was claimed.
    What came back is recorded in either case: it happened.
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
    """What is said to the database all the time, built once: building costs more than running."""

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
    """Write outcomes: the deliveries' rows, the copies they changed, the subscribers' states, the push's counts."""
    if records:
        await _record(session, push_id, records, now, await session.moment())


async def _record(
    session: Session, push_id: int, records: Sequence[Record], now: datetime, moment: float
) -> Row[str, dict[str, Any]]:
    """As `record`; returns the push's state and audience, which the last statement sees anyway."""
    await session.upsert_rows(Delivery, ROW, ROW_KEYS, [_row(push_id, each, moment) for each in records])
    changed = [_copy_row(each, each.chat.copy) for each in records if each.chat.copy and each.mark == Mark.SENT]
    if changed:
        await (await session.connection()).execute(_STATEMENTS.renew_copy, changed)
    for each in records:
        if each.gone is None:
            continue
        if each.gone.topic_only:
            await subscribers.set_topic_state(session, each.chat.subscriber_id, each.gone.state, each.gone.reason, now)
        else:
            await subscribers.set_state(session, each.chat.chat_id, each.gone.state, each.gone.reason, now)
    marks = Counter(COUNTED.get(each.mark) for each in records)
    marks["doubled"] = sum(each.mark == Mark.SENT and each.chat.doubt for each in records)
    more = {f"more_{name}": marks[name] for name in COUNTS}
    return (await session.execute(_STATEMENTS.count, {"push": push_id, **more})).one()


def _row(push_id: int, each: Record, moment: float) -> tuple[Any, ...]:
    """A delivery's row in the order of ROW."""
    chat = each.chat
    not_before = None if each.wait is None else moment + each.wait
    tries = chat.tries + each.tried
    shown, at = (each.revision, each.photo), int(moment)
    return (push_id, chat.subscriber_id, each.message_id, int(each.mark), tries, *shown, at, not_before)


def _copy_row(each: Record, copy: Copy) -> dict[str, Any]:
    """What the original delivery says of its copy now; a deleted one has no message any more."""
    return {"of": copy.push_id, "whose": each.chat.subscriber_id, "shows": each.revision, "as": each.message_id}


async def release(session: Session, claimed: Claim, *, done: bool, rewind: bool = False) -> None:
    """Give the range back, or mark it worked through, when everything handed to the wire has its row: nothing is in
    doubt for the next owner. `rewind` to the range's start, for an audience that has changed."""
    cursor = PushRange.start if rewind else PushRange.cursor
    await session.execute(
        update(PushRange)
        .where(PushRange.id == claimed.range_id, PushRange.fence == claimed.fence)
        .values(owner="", lease_until=0.0, done=done, cursor=cursor, issued=cursor)
    )


async def claim_waiting(session: Session, size: int) -> list[Due]:
    """Deliveries whose next try is due, at most `size`, the better lanes first.

    The due time moves on by the lease, so a process that dies leaves them to be found again; a row in doubt stays so.
    """
    rows = (await session.execute(_STATEMENTS.waiting, {"at_most": size})).all()
    found: list[Due] = []
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
            found.append(Due(push_id, chat, row.state == subscribers.ACTIVE and not lost))
    return found


async def _copies(session: Session, audience: segments.Audience, ids: list[int]) -> dict[int, Copy]:
    """The copies of an audience of copies that these subscribers have."""
    of = audience.get("copies_of")
    if of is None:
        return {}
    rows = await session.execute(
        select(Delivery.subscriber_id, Delivery.message_id, Delivery.revision, Delivery.photo, Delivery.at).where(
            Delivery.push_id == of, Delivery.subscriber_id.in_(ids), Delivery.message_id > 0
        )
    )
    return {row[0]: Copy(of, row[1] or 0, row[2], row[3], row[4]) for row in rows}
