"""Subscribers: the chats (or topics of a group) that receive pushes, and whether they can be reached.

A subscriber keeps its subscriptions and language in every state: a chat that returns is served as before. Only a chat
that asks for it is erased.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, func, insert, or_, select, update

from bot.audience import quiet
from bot.audience.quiet import Hold
from bot.storage.engine import Session
from bot.storage.models import Subscriber, SubscriberState, Subscription

ACTIVE, BLOCKED, LEFT, SILENT, MOVED, ERASED = SubscriberState
SEEN_EVERY = timedelta(hours=1)  # `last_seen_at` is written at most this often


async def find(session: Session, chat_id: int, thread_id: int = 0) -> Subscriber | None:
    return await session.scalar(select(Subscriber).filter_by(chat_id=chat_id, thread_id=thread_id))


async def greet(
    session: Session, chat_id: int, *, thread_id: int = 0, kind: str, language: str, now: datetime
) -> Subscriber:
    """Get or create the chat's subscriber. A chat that writes to us can be reached, so its state becomes ACTIVE."""
    await session.execute(
        session.upsert(Subscriber)
        .values(
            chat_id=chat_id,
            thread_id=thread_id,
            kind=kind,
            language=language,
            state=ACTIVE,
            state_at=now,
            created_at=now,
            last_seen_at=now,
        )
        .on_conflict_do_nothing(index_elements=["chat_id", "thread_id"])
    )
    subscriber = await session.scalar(select(Subscriber).filter_by(chat_id=chat_id, thread_id=thread_id))
    assert subscriber is not None  # noqa: S101 - inserted or already there, in this transaction
    if subscriber.state != ACTIVE:
        subscriber.state, subscriber.state_reason, subscriber.state_at = ACTIVE, "", now
    if subscriber.last_seen_at is None or now - subscriber.last_seen_at > SEEN_EVERY:
        subscriber.last_seen_at = now
    return subscriber


async def set_language(session: Session, subscriber_id: int, language: str) -> None:
    await session.execute(update(Subscriber).where(Subscriber.id == subscriber_id).values(language=language))


async def set_paused(session: Session, subscriber_id: int, paused: bool) -> None:
    """Push nothing to the chat from now on, or again; its choices stay."""
    await session.execute(update(Subscriber).where(Subscriber.id == subscriber_id).values(paused=paused))


async def set_hours(session: Session, subscriber_id: int, zone: ZoneInfo, now: float, /, **changes: Any) -> Subscriber:
    """Change columns of the quiet hours, and the hold with them; without changes, end a snooze.

    `zone`: the newsroom's; `now`: the database's.
    """
    subscriber = await session.get_one(Subscriber, subscriber_id, with_for_update=True, populate_existing=True)
    for name, value in changes.items():
        setattr(subscriber, name, value)
    set_hold(subscriber, quiet.rearranged(quiet.hold_of(subscriber), quiet.hours_of(subscriber, zone), now))
    return subscriber


async def snooze(session: Session, subscriber_id: int, zone: ZoneInfo, until: float, now: float) -> Subscriber:
    """Hold alerts until a moment."""
    subscriber = await session.get_one(Subscriber, subscriber_id, with_for_update=True, populate_existing=True)
    set_hold(subscriber, quiet.snoozed(quiet.hold_of(subscriber), quiet.hours_of(subscriber, zone), until, now))
    return subscriber


def set_hold(subscriber: Subscriber, hold: Hold | None) -> None:
    """Hold alerts so, and be due for the recap after it. A hold that stays leaves its recap to who has claimed it."""
    if hold == quiet.hold_of(subscriber):
        return
    subscriber.hold_from = None if hold is None else hold.start
    subscriber.hold_until = None if hold is None else hold.end
    subscriber.recap_at = None if hold is None else hold.end + quiet.LAG_SECONDS
    subscriber.recap_tries = 0


async def set_state(session: Session, chat_id: int, state: str, reason: str, now: datetime) -> bool:
    """Record whether a whole chat, with all its topics, can be reached; False if we don't know the chat."""
    result = await session.execute(
        update(Subscriber)
        .where(Subscriber.chat_id == chat_id, Subscriber.state != MOVED)
        .values(state=state, state_reason=reason, state_at=now)
        .returning(Subscriber.id)
    )
    return result.first() is not None


async def set_topic_state(session: Session, subscriber_id: int, state: str, reason: str, now: datetime) -> None:
    await session.execute(
        update(Subscriber).where(Subscriber.id == subscriber_id).values(state=state, state_reason=reason, state_at=now)
    )


async def move(session: Session, old_chat: int, new_chat: int, now: datetime) -> None:
    """A group was upgraded to a supergroup: its subscribers move to the new chat id.

    If the new id already has a subscriber, that one keeps its subscriptions and gains the old ones; the old is MOVED.
    """
    for old in (await session.scalars(select(Subscriber).filter_by(chat_id=old_chat))).all():
        new = await find(session, new_chat, old.thread_id)
        if new is None:
            old.chat_id, old.kind = new_chat, "supergroup"
            if old.state != ACTIVE:
                old.state, old.state_reason, old.state_at = ACTIVE, "", now
            continue
        followed = await session.execute(
            select(Subscription.target, Subscription.sound).where(Subscription.subscriber_id == old.id)
        )
        for target, sound in followed.all():
            await session.execute(
                session.upsert(Subscription)
                .values(subscriber_id=new.id, target=target, sound=sound)
                .on_conflict_do_nothing(index_elements=["subscriber_id", "target"])
            )
        await session.execute(delete(Subscription).where(Subscription.subscriber_id == old.id))
        old.state, old.state_reason, old.state_at = MOVED, str(new_chat), now
    await session.flush()


async def of_chat(session: Session, chat_id: int) -> list[Subscriber]:
    """A chat's subscribers: itself, its topics, and what it was before it became a supergroup."""
    mine = Subscriber.chat_id == chat_id
    if chat_id < 0:  # a person's chat never moves, and is found by its index alone
        mine = or_(mine, and_(Subscriber.state == MOVED, Subscriber.state_reason == str(chat_id)))
    rows = await session.scalars(select(Subscriber).where(mine).order_by(Subscriber.id))
    return list(rows.all())


async def erase(session: Session, ids: list[int], now: datetime) -> None:
    """Delete these subscribers with what they follow and have saved.

    Each leaves an empty row, so that its id is never another chat's: a push that is under way may still name it.
    """
    if not ids:
        return
    await session.execute(delete(Subscriber).where(Subscriber.id.in_(ids)).execution_options(synchronize_session=False))
    empty = {"chat_id": 0, "kind": "", "language": "", "state": ERASED, "state_at": now, "created_at": now}
    await session.execute(insert(Subscriber), [{**empty, "id": each, "thread_id": each} for each in ids])


async def count_by_state(session: Session) -> dict[str, int]:
    rows = await session.execute(select(Subscriber.state, func.count()).group_by(Subscriber.state))
    return {state: count for state, count in rows}


async def any_paused(session: Session) -> bool:
    return await session.scalar(select(Subscriber.id).where(Subscriber.paused.is_(True)).limit(1)) is not None


async def page_with_targets(session: Session, after: int, size: int) -> list[tuple[int, int, str, bool, set[str]]]:
    """(id, chat_id, language, paused, targets) of the next `size` active chats after id `after`, without topics."""
    rows = await session.execute(
        select(Subscriber.id, Subscriber.chat_id, Subscriber.language, Subscriber.paused)
        .where(Subscriber.id > after, Subscriber.state == ACTIVE, Subscriber.thread_id == 0)
        .order_by(Subscriber.id)
        .limit(size)
    )
    page = {row.id: (row.id, row.chat_id, row.language, row.paused, set[str]()) for row in rows}
    for subscriber_id, target in await session.execute(
        select(Subscription.subscriber_id, Subscription.target).where(Subscription.subscriber_id.in_(list(page)))
    ):
        page[subscriber_id][4].add(target)
    return list(page.values())
