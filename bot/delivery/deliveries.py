"""Deliveries: one push at one subscriber, with its outcome. Records them, and claims those to be tried again."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Row, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.audience import segments, subscribers
from bot.delivery import pushes
from bot.delivery.outcomes import Gone, Mark
from bot.delivery.pushes import CANCELLED, EXPIRED, FINISHED, RUNNING
from bot.storage.engine import Session, clock
from bot.storage.models import Delivery, Push, PushKind, Subscriber

CLAIMED_SECONDS = 60.0  # a retry that its process does not finish is due again after this
PUSHES_AT_ONCE = 200  # whose deliveries to one chat are looked for in one statement
COUNTED = {Mark.SENT: "sent", Mark.GONE: "gone", Mark.REFUSED: "refused", Mark.LOST: "lost"}
COUNTS = (*COUNTED.values(), "doubled")  # columns of a push
ROW = ("push_id", "subscriber_id", "message_id", "outcome", "tries", "revision", "photo", "at", "not_before")
ROW_KEYS = 2  # the first two of ROW are the primary key


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
    """The destination of one delivery. `doubt`: an earlier try may have arrived. `tries`: how many there were. `plain`:
    it takes no photos. `silent`: a message makes no sound there."""

    subscriber_id: int
    chat_id: int
    thread_id: int
    language: str
    doubt: bool = False
    tries: int = 0
    copy: Copy | None = None
    plain: bool = False
    silent: bool = False


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
class DueDelivery:
    """A delivery whose next try is due. `reachable`: its chat can still be reached, and has the copy to change."""

    push_id: int
    chat: Chat
    reachable: bool


_due = aliased(Delivery)
_first_due = (
    select(func.min(_due.subscriber_id))
    .where(_due.push_id == Push.id, _due.not_before <= clock())
    .correlate(Push)
    .scalar_subquery()
)
# Built once: building a statement costs more than running it.
_WAITING = (
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
        Subscriber.paused,
        (Push.kind == PushKind.UPDATE).label("is_update"),
    )
    .join(Push, Push.id == Delivery.push_id)
    .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
    .where(Delivery.not_before.is_not(None), Delivery.not_before <= clock(), Push.state == RUNNING)
    .where(pushes.not_expired(), ~pushes.unsent_before(Push.lane))
    .where(or_(Push.probes == 0, Delivery.subscriber_id == _first_due))  # a probe goes alone
    .order_by(Push.lane, Delivery.not_before)
    .limit(bindparam("at_most", type_=Integer))
    .with_for_update(of=Delivery, skip_locked=True)
)
_MORE = {name: getattr(Push, name) + bindparam(f"more_{name}", type_=Integer) for name in COUNTS}
_COUNT = (
    update(Push)
    .where(Push.id == bindparam("push"))
    .values(_MORE)
    .returning(Push.state, Push.audience, Push.revision)
    .execution_options(synchronize_session=False)
)
_RENEW_COPY = (
    update(Delivery)
    .where(Delivery.push_id == bindparam("of"), Delivery.subscriber_id == bindparam("whose"))
    .values(revision=bindparam("shows"), message_id=bindparam("as"), photo=bindparam("pictured"))
    .execution_options(synchronize_session=False)
)


async def record(session: Session, push_id: int, records: Sequence[Record], now: datetime) -> None:
    """Write the records to deliveries, to the copies they changed, to subscribers' states and the push's counts."""
    if records:
        await record_at(session, push_id, records, now, await session.moment())


async def record_at(
    session: Session, push_id: int, records: Sequence[Record], now: datetime, moment: float
) -> Row[str, dict[str, Any]]:
    """As `record`; returns the push's state, audience and revision, which its last statement reads anyway."""
    await session.upsert_rows(Delivery, ROW, ROW_KEYS, [_row(push_id, result, moment) for result in records])
    changed = [
        _copy_row(result, result.chat.copy) for result in records if result.chat.copy and result.mark == Mark.SENT
    ]
    if changed:
        await (await session.connection()).execute(_RENEW_COPY, changed)
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
    return (await session.execute(_COUNT, {"push": push_id, **more})).one()


def _row(push_id: int, result: Record, moment: float) -> tuple[Any, ...]:
    """A delivery's row in the order of ROW."""
    chat = result.chat
    not_before = None if result.wait is None else moment + result.wait
    tries = chat.tries + result.tried
    shown, at = (result.revision, result.photo), int(moment)
    return (push_id, chat.subscriber_id, result.message_id, int(result.mark), tries, *shown, at, not_before)


def _copy_row(result: Record, copy: Copy) -> dict[str, Any]:
    """Parameters that update the copy's own delivery; a deleted copy has no message id."""
    shown = {"shows": result.revision, "as": result.message_id, "pictured": result.photo}
    return {"of": copy.push_id, "whose": result.chat.subscriber_id, **shown}


async def claim_due(session: Session, size: int) -> list[DueDelivery]:
    """Claim up to `size` deliveries whose next try is due, ordered by lane.

    Each is due again after CLAIMED_SECONDS, so another process finds it if this one dies; it is in doubt then, as it
    may have been sent. `keep` renews the claims.
    """
    rows = (await session.execute(_WAITING, {"at_most": size})).all()
    deliveries: list[DueDelivery] = []
    for push_id in dict.fromkeys(row.push_id for row in rows):
        mine = [row for row in rows if row.push_id == push_id]
        ids = [row.subscriber_id for row in mine]
        await session.execute(
            update(Delivery)
            .where(Delivery.push_id == push_id, Delivery.subscriber_id.in_(ids))
            .values(not_before=clock() + CLAIMED_SECONDS, outcome=int(Mark.UNKNOWN))
            .execution_options(synchronize_session=False)
        )
        copies = await copies_at(session, mine[0].audience, ids)
        edits = "copies_of" in mine[0].audience
        silent = set() if edits else await segments.silent(session, mine[0].audience, ids, is_update=mine[0].is_update)
        for row in mine:
            copy = copies.get(row.subscriber_id)
            doubt = row.outcome == Mark.UNKNOWN
            chat = Chat(row.subscriber_id, row.chat_id, row.thread_id, row.language, doubt, row.tries, copy)
            chat = chat._replace(silent=row.subscriber_id in silent)
            wanted = copy is not None if edits else not row.paused
            deliveries.append(DueDelivery(push_id, chat, row.state == subscribers.ACTIVE and wanted))
    return deliveries


async def keep(session: Session, due: Sequence[DueDelivery]) -> None:
    """Renew the claims on deliveries that are still being sent, or wait for their place."""
    for push_id in {delivery.push_id for delivery in due}:
        ids = [delivery.chat.subscriber_id for delivery in due if delivery.push_id == push_id]
        await session.execute(
            update(Delivery)
            .where(Delivery.push_id == push_id, Delivery.subscriber_id.in_(ids), Delivery.not_before.is_not(None))
            .values(not_before=clock() + CLAIMED_SECONDS)
            .execution_options(synchronize_session=False)
        )


async def copies_at(session: Session, audience: segments.Audience, ids: list[int]) -> dict[int, Copy]:
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


async def forget(session: Session, push_id: int, subscriber_ids: Sequence[int]) -> None:
    """Delete these deliveries, so that the push is sent to these subscribers again."""
    await session.execute(
        delete(Delivery)
        .where(Delivery.push_id == push_id, Delivery.subscriber_id.in_(subscriber_ids))
        .execution_options(synchronize_session=False)
    )


async def of_subscribers(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Everything that is kept of the messages to these subscribers."""
    rows: list[dict[str, Any]] = []
    async for numbers in _all_pushes(session):
        mine = (
            select(Delivery, Push.kind, Push.story_id)
            .join(Push, Push.id == Delivery.push_id)
            .where(Delivery.push_id.in_(numbers), Delivery.subscriber_id.in_(ids))
            .order_by(Delivery.push_id)
        )
        for delivery, kind, story_id in await session.execute(mine):
            rows.append(
                {
                    "kind": kind,
                    "story_id": story_id,
                    "message_id": delivery.message_id,
                    "outcome": Mark(delivery.outcome).name.lower(),
                    "at": datetime.fromtimestamp(delivery.at, UTC),
                }
            )
    return rows


async def erase(session: Session, ids: Sequence[int]) -> None:
    """Delete the deliveries to these subscribers; the pushes keep their counts.

    One that waits to be tried again stays until it is found that its subscriber is gone, else its push never ended.
    """
    async for numbers in _all_pushes(session):
        await session.execute(
            delete(Delivery)
            .where(Delivery.push_id.in_(numbers), Delivery.subscriber_id.in_(ids), Delivery.not_before.is_(None))
            .execution_options(synchronize_session=False)
        )


async def _all_pushes(session: Session) -> AsyncIterator[Sequence[int]]:
    """The ids of all pushes, some at a time: deliveries are found by push, there is no index by subscriber."""
    after = 0
    while numbers := (
        await session.scalars(select(Push.id).where(Push.id > after).order_by(Push.id).limit(PUSHES_AT_ONCE))
    ).all():
        yield numbers
        after = numbers[-1]


async def any_stale(session: Session, push_id: int, revision: int) -> bool:
    """Whether a copy of the push shows another revision."""
    stale = exists().where(Delivery.push_id == push_id, Delivery.message_id > 0, Delivery.revision != revision)
    return bool(await session.scalar(select(stale)))


async def count_waiting(session: Session, push_id: int) -> int:
    """How many of the push's deliveries will be tried again."""
    waiting = select(func.count()).where(Delivery.push_id == push_id, Delivery.not_before.is_not(None))
    return await session.scalar(waiting) or 0


async def prune(session: Session, days: int, size: int) -> int:
    """Delete up to `size` deliveries older than `days` days of ended pushes, whose counts stay. Returns how many."""
    old = (
        select(Delivery.push_id, Delivery.subscriber_id)
        .join(Push, Push.id == Delivery.push_id)
        .where(Push.state.in_((FINISHED, CANCELLED, EXPIRED)), Delivery.at < clock() - days * 86_400)
        .limit(size)
    )
    rows = (await session.execute(old)).all()
    for push_id in {row[0] for row in rows}:
        ids = [row[1] for row in rows if row[0] == push_id]
        await session.execute(
            delete(Delivery)
            .where(Delivery.push_id == push_id, Delivery.subscriber_id.in_(ids))
            .execution_options(synchronize_session=False)
        )
    return len(rows)
