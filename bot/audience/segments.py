"""A push's audience as one SELECT, evaluated at the moment of sending.

An audience is kept with its push as JSON: `{"everyone": true}`; `{"targets": [...]}` for whoever follows one of them;
`{"copies_of": push id, "other_than": revision}` for whoever has that push's message. It is paged by subscriber id.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.audience.subscribers import ACTIVE, SILENT
from bot.storage.models import Delivery, Subscriber, Subscription

Audience = dict[str, Any]

EVERYONE: Audience = {"everyone": True}
Copies = aliased(Delivery)  # what an audience of copies is joined with


def of_targets(targets: list[str]) -> Audience:
    return {"targets": sorted(targets)}


def of_copies(push_id: int, *, other_than: int = 0) -> Audience:
    """Whoever has the push's message, but for copies that show revision `other_than` already."""
    return {"copies_of": push_id, "other_than": other_than}


def members(audience: Audience, after: int, until: int) -> Select[int]:
    """Ids of the active subscribers in the audience with `after < id <= until`.

    The bounds stand on both tables: PostgreSQL does not carry them over a join and would read every chat (measured:
    23 times slower at a million).
    """
    ids = select(Subscriber.id).where(Subscriber.id > after, Subscriber.id <= until)
    if "copies_of" in audience:  # our own messages can be changed where we may not write any more
        return ids.join(Copies, Copies.subscriber_id == Subscriber.id).where(
            Subscriber.state.in_((ACTIVE, SILENT)),
            Copies.push_id == audience["copies_of"],
            Copies.subscriber_id > after,
            Copies.subscriber_id <= until,
            Copies.message_id > 0,
            Copies.revision != audience["other_than"],
        )
    ids = ids.where(Subscriber.state == ACTIVE)
    if audience.get("everyone"):
        return ids
    followers = (
        select(Subscription.subscriber_id)
        .where(
            Subscription.target.in_(audience.get("targets", [])),
            Subscription.subscriber_id > after,
            Subscription.subscriber_id <= until,
        )
        .distinct()
        .subquery()
    )
    return ids.join(followers, followers.c.subscriber_id == Subscriber.id)


def page(
    audience: Audience, push_id: int, after: int, until: int, size: int, seen_since: datetime | None = None
) -> Select[*tuple[Any, ...]]:
    """The next `size` chats of the push in order of id: (id, chat_id, thread_id, language); none twice.

    Of an audience of copies also (message_id, revision, photo, at). `seen_since` leaves out who was not seen since.
    """
    columns: list[Any] = [Subscriber.id, Subscriber.chat_id, Subscriber.thread_id, Subscriber.language]
    if "copies_of" in audience:
        columns += [Copies.message_id, Copies.revision, Copies.photo, Copies.at]
    delivered = exists().where(
        Delivery.push_id == push_id,
        Delivery.subscriber_id == Subscriber.id,
        Delivery.subscriber_id > after,
        Delivery.subscriber_id <= until,
    )
    found = members(audience, after, until).with_only_columns(*columns, maintain_column_froms=True)
    if seen_since is not None:
        found = found.where(Subscriber.last_seen_at >= seen_since)
    return found.where(~delivered).order_by(Subscriber.id).limit(size)


async def ceiling(session: AsyncSession) -> int:
    """The highest subscriber id of this moment: whoever comes later is not in the audience."""
    return await session.scalar(select(func.coalesce(func.max(Subscriber.id), 0))) or 0


async def count(session: AsyncSession, audience: Audience, until: int) -> int:
    """How many chats the audience holds now."""
    return await session.scalar(select(func.count()).select_from(members(audience, 0, until).subquery())) or 0


async def is_larger(session: AsyncSession, audience: Audience, limit: int) -> bool:
    """Whether the audience may hold more than `limit` chats: a quick look, at whoever may be counted twice or away."""
    if "copies_of" in audience:
        return False
    found = 0
    for target in (None,) if audience.get("everyone") else audience.get("targets", []):
        some = select(Subscriber.id) if target is None else select(Subscription.subscriber_id).filter_by(target=target)
        found += await session.scalar(select(func.count()).select_from(some.limit(limit + 1).subquery())) or 0
    return found > limit


async def count_left(session: AsyncSession, audience: Audience, push_id: int, until: int) -> int:
    """How many chats of the audience the push has no outcome for."""
    left = page(audience, push_id, 0, until, until).with_only_columns(Subscriber.id, maintain_column_froms=True)
    return await session.scalar(select(func.count()).select_from(left.subquery())) or 0
