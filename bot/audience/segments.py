"""A push's audience as one SELECT, evaluated at the moment of sending.

An audience is stored with its push as JSON, in one of three forms: `{"everyone": true}`; `{"targets": [...]}`, the
followers of at least one target; `{"copies_of": push id, "other_than": revision}`, the chats that have that push's
message in another revision. It is paged by subscriber id.

Whether a message rings, comes silently, or is held for a recap (bot.audience.quiet) is decided here as well, from the
chat's row and the clock; a chat that paused everything is in no audience but those of copies. Editing makes no sound.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, exists, func, not_, or_, select, type_coerce
from sqlalchemy.orm import aliased

from bot.audience.quiet import STALE_SECONDS
from bot.audience.subscribers import ACTIVE, SILENT
from bot.storage.engine import Session, clock
from bot.storage.models import Delivery, Sound, Subscriber, Subscription

Audience = dict[str, Any]

EVERYONE: Audience = {"everyone": True}
_SILENT = int(Sound.SILENT)


def of_targets(targets: list[str]) -> Audience:
    return {"targets": sorted(targets)}


def is_wider(new: Audience, old: Audience) -> bool:
    """Whether an audience of targets has one that the other lacks."""
    return not set(new["targets"]) <= set(old["targets"])


def of_copies(push_id: int, *, other_than: int = 0) -> Audience:
    """The chats that have the push's message, except those whose copy already shows revision `other_than`."""
    return {"copies_of": push_id, "other_than": other_than}


@dataclass(frozen=True, slots=True)
class Alert:
    """What holding depends on: whether the alert is an UPDATE, and since when it has its audience, by the clock."""

    is_update: bool
    since: float


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a push's audience, ordered by subscriber id.

    A row is (id, chat_id, thread_id, language, silent), the last true or false by its truth; in an audience of copies
    instead of the last (message_id, revision, photo, at).
    The page covers ids up to `upto`. `last`: no subscribers follow.
    """

    rows: list[Any]
    upto: int
    last: bool


async def page(
    session: Session,
    audience: Audience,
    push_id: int,
    after: int,
    until: int,
    size: int,
    seen_since: datetime | None = None,
    alert: Alert | None = None,
) -> Page:
    """The next page of the push: of `size` audience members with `after < id <= until`, those without an outcome yet.

    An `alert` leaves out chats that hold it; what is none, a broadcast, comes to them silently.

    Three small statements, each along one index: the audience's ids, which of them can be reached, which have a
    delivery of this push. As one join, it took a millisecond or a minute, depending on PostgreSQL's statistics.
    """
    connection = await session.connection()  # thousands of rows: plain tuples, without ORM objects
    chats = _chats(audience, alert)
    if seen_since is not None:
        chats = chats.where(Subscriber.last_seen_at >= seen_since)
    if audience.get("everyone"):
        chats = chats.where(Subscriber.id > after, Subscriber.id <= until).order_by(Subscriber.id).limit(size)
        rows: list[Any] = list((await connection.execute(chats)).all())
        members = rows
    else:
        members = list((await connection.execute(_member_rows(audience, after, until, size))).all())
        chats = chats.where(Subscriber.id.in_([row[0] for row in members]))
        reached = {row[0]: row for row in (await connection.execute(chats)).all()} if members else {}
        if "copies_of" in audience:
            rows = [(*reached[row[0]], *row[1:]) for row in members if row[0] in reached]
        elif alert is not None:
            rows = [(*reached[row[0]], row[1] == _SILENT) for row in members if row[0] in reached]
        else:
            chosen = ((reached[row[0]], row[1] == _SILENT) for row in members if row[0] in reached)
            rows = [(*chat[:4], silent or chat[4]) for chat, silent in chosen]
    if not members:
        return Page([], until, last=True)
    upto = members[-1][0]
    has_it = select(Delivery.subscriber_id).where(
        Delivery.push_id == push_id, Delivery.subscriber_id >= members[0][0], Delivery.subscriber_id <= upto
    )
    if delivered := set((await connection.scalars(has_it)).all()):
        rows = [row for row in rows if row[0] not in delivered]
    return Page(rows, upto, last=len(members) < size)


def _member_rows(audience: Audience, after: int, until: int, size: int) -> Select[*tuple[Any, ...]]:
    """The next ids of followers or owners of copies, reachable or not; for copies with the copy's columns."""
    if "copies_of" in audience:
        return (
            select(Delivery.subscriber_id, Delivery.message_id, Delivery.revision, Delivery.photo, Delivery.at)
            .where(
                Delivery.push_id == audience["copies_of"],
                Delivery.subscriber_id > after,
                Delivery.subscriber_id <= until,
                Delivery.message_id > 0,
                Delivery.revision != audience["other_than"],
            )
            .order_by(Delivery.subscriber_id)
            .limit(size)
        )
    targets = audience.get("targets", [])
    loudest = Subscription.sound if len(targets) == 1 else func.min(Subscription.sound)
    followers = select(Subscription.subscriber_id, loudest).where(
        Subscription.target == targets[0] if len(targets) == 1 else Subscription.target.in_(targets),
        Subscription.subscriber_id > after,
        Subscription.subscriber_id <= until,
    )
    if len(targets) != 1:  # one target has each follower once
        followers = followers.group_by(Subscription.subscriber_id)
    return followers.order_by(Subscription.subscriber_id).limit(size)


def _chats(audience: Audience, alert: Alert | None) -> Select[*tuple[Any, ...]]:
    """The chats that may get the push now: (id, chat_id, thread_id, language), for a broadcast also if it is quiet."""
    columns = (Subscriber.id, Subscriber.chat_id, Subscriber.thread_id, Subscriber.language)
    reachable = Subscriber.state.in_(_reachable_states(audience))
    if "copies_of" in audience:
        return select(*columns).where(reachable)
    now = select(clock()).scalar_subquery()  # asked once a statement, and not once a row
    wanted = and_(reachable, Subscriber.paused.is_(False))
    if alert is not None:
        return select(*columns).where(wanted, not_(_holds(alert, now)))
    return select(*columns, type_coerce(_is_quiet(now), Integer)).where(wanted)  # read without converting each


def _is_quiet(now: ColumnElement[float]) -> ColumnElement[bool]:
    """Whether a hold is open; NULL, like false, if there is none."""
    return and_(Subscriber.hold_from <= now, Subscriber.hold_until > now)


def _holds(alert: Alert, now: ColumnElement[float]) -> ColumnElement[bool]:
    """Whether the chat's recap brings the alert, or has brought it: bot.audience.quiet says why in this form."""
    opened = and_(Subscriber.hold_from.is_not(None), Subscriber.hold_from <= now)
    held = and_(opened, or_(Subscriber.hold_until > alert.since, Subscriber.hold_until < now - STALE_SECONDS))
    # A recap in the future was sent before the clock was set back.
    either = or_(held, and_(Subscriber.recapped_to > alert.since, Subscriber.recapped_to <= now))
    return and_(either, Subscriber.quiet_update.is_(False)) if alert.is_update else either


async def silent(session: Session, audience: Audience, ids: list[int], *, is_update: bool) -> set[int]:
    """Those of these subscribers to whom the push comes silently when it is tried again: it is not held any more."""
    quiet = _is_quiet(select(clock()).scalar_subquery())
    if is_update:
        quiet = and_(quiet, Subscriber.quiet_update.is_(False))
    found = set((await session.scalars(select(Subscriber.id).where(Subscriber.id.in_(ids), quiet))).all())
    if "targets" in audience:
        sounds = (
            select(Subscription.subscriber_id)
            .where(Subscription.subscriber_id.in_(ids), Subscription.target.in_(audience["targets"]))
            .group_by(Subscription.subscriber_id)
            .having(func.min(Subscription.sound) == Sound.SILENT)
        )
        found |= set((await session.scalars(sounds)).all())
    return found


def _reachable_states(audience: Audience) -> tuple[str, ...]:
    """The states of chats that can be reached. In a SILENT chat we may not write, but may edit our own messages."""
    return (ACTIVE, SILENT) if "copies_of" in audience else (ACTIVE,)


async def ceiling(session: Session) -> int:
    """The highest subscriber id now. Subscribers added later have higher ids and are not in the audience."""
    return await session.scalar(select(func.coalesce(func.max(Subscriber.id), 0))) or 0


async def count(
    session: Session, audience: Audience, until: int, without: int | None = None, alert: Alert | None = None
) -> int:
    """How many chats are in the audience now, not counting those with a delivery of the push `without`.

    Nor those that hold it, if it is an `alert`.
    """
    query = select(func.count()).select_from(Subscriber)
    query = query.where(Subscriber.id <= until, Subscriber.state.in_(_reachable_states(audience)))
    if "copies_of" not in audience:
        query = query.where(Subscriber.paused.is_(False))
    if "copies_of" in audience:
        copy = aliased(Delivery)
        query = query.join(copy, copy.subscriber_id == Subscriber.id).where(
            copy.push_id == audience["copies_of"], copy.message_id > 0, copy.revision != audience["other_than"]
        )
    if alert is not None:
        query = query.where(not_(_holds(alert, select(clock()).scalar_subquery())))
    if "copies_of" not in audience and not audience.get("everyone"):
        targets = Subscription.target.in_(audience.get("targets", []))
        query = query.where(exists().where(Subscription.subscriber_id == Subscriber.id, targets))
    if without is not None:
        outcome = exists().where(Delivery.push_id == without, Delivery.subscriber_id == Subscriber.id)
        query = query.where(~outcome)
    return await session.scalar(query) or 0


async def is_larger(session: Session, audience: Audience, limit: int) -> bool:
    """Whether the audience may hold more than `limit` chats.

    An estimate from above that reads at most `limit + 1` rows a target: it counts followers of two targets twice, and
    chats that cannot be reached. Always False for an audience of copies.
    """
    if "copies_of" in audience:
        return False
    total = 0
    for target in (None,) if audience.get("everyone") else audience.get("targets", []):
        ids = select(Subscriber.id) if target is None else select(Subscription.subscriber_id).filter_by(target=target)
        total += await session.scalar(select(func.count()).select_from(ids.limit(limit + 1).subquery())) or 0
    return total > limit
