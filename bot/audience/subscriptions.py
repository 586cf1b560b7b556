"""Subscriptions: which targets (bot.targets) a subscriber follows, and whether their alerts make a sound."""

from sqlalchemy import delete, select, update

from bot import targets
from bot.storage.engine import Session
from bot.storage.models import Sound, Subscription


def first_sound(target: str) -> Sound:
    """How alerts arrive until the reader says otherwise: an UPDATE rings, a section's do not."""
    return Sound.LOUD if target == targets.UPDATE else Sound.SILENT


async def following(session: Session, subscriber_id: int) -> frozenset[str]:
    """The targets that the subscriber follows."""
    rows = await session.scalars(select(Subscription.target).where(Subscription.subscriber_id == subscriber_id))
    return frozenset(rows)


async def sounds(session: Session, subscriber_id: int) -> dict[str, Sound]:
    """The targets that the subscriber follows, each with its sound."""
    rows = await session.execute(
        select(Subscription.target, Subscription.sound).where(Subscription.subscriber_id == subscriber_id)
    )
    return {target: Sound(sound) for target, sound in rows}


async def set_sound(session: Session, subscriber_id: int, target: str, sound: Sound) -> None:
    """Make the alerts of a target that the subscriber follows loud or silent; without effect if it does not."""
    await session.execute(
        update(Subscription)
        .where(Subscription.subscriber_id == subscriber_id, Subscription.target == target)
        .values(sound=sound)
    )


async def follow(session: Session, subscriber_id: int, target: str, sound: Sound | None = None) -> None:
    """Follow `target`; following it already is fine, and keeps its sound."""
    await session.execute(
        session.upsert(Subscription)
        .values(subscriber_id=subscriber_id, target=target, sound=first_sound(target) if sound is None else sound)
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


async def replace(session: Session, subscriber_id: int, wanted: set[str]) -> None:
    """Make `wanted` all that the subscriber follows; what it follows already keeps its sound."""
    for target in await following(session, subscriber_id) - wanted:
        await unfollow(session, subscriber_id, target)
    for target in sorted(wanted):
        await follow(session, subscriber_id, target)
