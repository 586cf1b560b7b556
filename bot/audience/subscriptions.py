"""Subscriptions: which targets (bot.targets) a subscriber follows."""

from sqlalchemy import delete, select

from bot.storage.engine import Session
from bot.storage.models import Subscription


async def following(session: Session, subscriber_id: int) -> frozenset[str]:
    """The targets that the subscriber follows."""
    rows = await session.scalars(select(Subscription.target).where(Subscription.subscriber_id == subscriber_id))
    return frozenset(rows)


async def follow(session: Session, subscriber_id: int, target: str) -> None:
    """Follow `target`; following it already is fine."""
    await session.execute(
        session.upsert(Subscription)
        .values(subscriber_id=subscriber_id, target=target)
        .on_conflict_do_nothing(index_elements=["subscriber_id", "target"])
    )


async def unfollow(session: Session, subscriber_id: int, target: str) -> None:
    await session.execute(
        delete(Subscription).where(Subscription.subscriber_id == subscriber_id, Subscription.target == target)
    )


async def change(session: Session, subscriber_id: int, target: str, *, on: bool) -> None:
    """Follow `target` from now on, or not."""
    await (follow if on else unfollow)(session, subscriber_id, target)


async def unfollow_all(session: Session, subscriber_id: int) -> None:
    await session.execute(delete(Subscription).where(Subscription.subscriber_id == subscriber_id))


async def replace(session: Session, subscriber_id: int, targets: set[str]) -> None:
    """Make `targets` all that the subscriber follows."""
    await unfollow_all(session, subscriber_id)
    for target in sorted(targets):
        await follow(session, subscriber_id, target)
