"""A push's audience as one SELECT, evaluated at the moment of sending.

An audience is kept with its push as JSON: `{"everyone": true}`; `{"targets": [...]}` for whoever follows one of them;
`{"copies_of": push id, "other_than": revision}` for whoever has that push's message. It is paged by subscriber id.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from bot.audience.subscribers import ACTIVE, SILENT
from bot.storage.engine import Session
from bot.storage.models import Delivery, Subscriber, Subscription

Audience = dict[str, Any]

EVERYONE: Audience = {"everyone": True}


def of_targets(targets: list[str]) -> Audience:
    return {"targets": sorted(targets)}


def is_wider(new: Audience, old: Audience) -> bool:
    """Whether an audience of targets has one that the other lacks."""
    return not set(new["targets"]) <= set(old["targets"])


def of_copies(push_id: int, *, other_than: int = 0) -> Audience:
    """Whoever has the push's message, but for copies that show revision `other_than` already."""
    return {"copies_of": push_id, "other_than": other_than}


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a push's audience in order of id: (id, chat_id, thread_id, language), and of copies also (message_id,
    revision, photo, at). It was looked at up to id `upto`; `last` means that nothing follows."""

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
) -> Page:
    """Whom the push goes to among the next `size` of its audience with `after < id <= until`; none twice.

    Small statements, each a walk along one index: who is meant, who of them can be reached, who has it already. Joined
    in one, it was up to PostgreSQL's statistics whether a page took a millisecond or a minute.
    """
    connection = await session.connection()  # these are rows by the thousand, and no objects
    chats = select(Subscriber.id, Subscriber.chat_id, Subscriber.thread_id, Subscriber.language)
    chats = chats.where(Subscriber.state.in_(_reached_in(audience)))
    if seen_since is not None:
        chats = chats.where(Subscriber.last_seen_at >= seen_since)
    if audience.get("everyone"):
        chats = chats.where(Subscriber.id > after, Subscriber.id <= until).order_by(Subscriber.id).limit(size)
        rows: list[Any] = list((await connection.execute(chats)).all())
        meant = rows
    else:
        meant = list((await connection.execute(_meant(audience, after, until, size))).all())
        chats = chats.where(Subscriber.id.in_([row[0] for row in meant]))
        reached = {row[0]: row for row in (await connection.execute(chats)).all()} if meant else {}
        rows = [(*reached[row[0]], *row[1:]) for row in meant if row[0] in reached]
    if not meant:
        return Page([], until, last=True)
    upto = meant[-1][0]
    has_it = select(Delivery.subscriber_id).where(
        Delivery.push_id == push_id, Delivery.subscriber_id >= meant[0][0], Delivery.subscriber_id <= upto
    )
    if delivered := set((await connection.scalars(has_it)).all()):
        rows = [row for row in rows if row[0] not in delivered]
    return Page(rows, upto, last=len(meant) < size)


def _meant(audience: Audience, after: int, until: int, size: int) -> Select[*tuple[Any, ...]]:
    """The next ids among followers or copies, reachable or not; of copies with what is known of each."""
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
    return (
        select(Subscription.subscriber_id)
        .where(
            Subscription.target.in_(audience.get("targets", [])),
            Subscription.subscriber_id > after,
            Subscription.subscriber_id <= until,
        )
        .distinct()
        .order_by(Subscription.subscriber_id)
        .limit(size)
    )


def _reached_in(audience: Audience) -> tuple[str, ...]:
    """States of chats that can be reached; our own messages can be changed where we may not write any more."""
    return (ACTIVE, SILENT) if "copies_of" in audience else (ACTIVE,)


async def ceiling(session: Session) -> int:
    """The highest subscriber id of this moment: whoever comes later is not in the audience."""
    return await session.scalar(select(func.coalesce(func.max(Subscriber.id), 0))) or 0


async def count(session: Session, audience: Audience, until: int, without: int | None = None) -> int:
    """How many chats the audience holds now; `without` those for which that push has an outcome."""
    found = select(func.count()).select_from(Subscriber)
    found = found.where(Subscriber.id <= until, Subscriber.state.in_(_reached_in(audience)))
    if "copies_of" in audience:
        copy = aliased(Delivery)
        found = found.join(copy, copy.subscriber_id == Subscriber.id).where(
            copy.push_id == audience["copies_of"], copy.message_id > 0, copy.revision != audience["other_than"]
        )
    elif not audience.get("everyone"):
        targets = Subscription.target.in_(audience.get("targets", []))
        found = found.where(exists().where(Subscription.subscriber_id == Subscriber.id, targets))
    if without is not None:
        outcome = exists().where(Delivery.push_id == without, Delivery.subscriber_id == Subscriber.id)
        found = found.where(~outcome)
    return await session.scalar(found) or 0


async def is_larger(session: Session, audience: Audience, limit: int) -> bool:
    """Whether the audience may hold more than `limit` chats: a quick look, at whoever may be counted twice or away."""
    if "copies_of" in audience:
        return False
    found = 0
    for target in (None,) if audience.get("everyone") else audience.get("targets", []):
        some = select(Subscriber.id) if target is None else select(Subscription.subscriber_id).filter_by(target=target)
        found += await session.scalar(select(func.count()).select_from(some.limit(limit + 1).subquery())) or 0
    return found > limit
