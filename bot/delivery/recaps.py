"""Recaps: what holds (bot.audience.quiet) have kept from a chat, found from the pushes and the stories that there are.

Nothing was stored while an alert was held. What a chat missed are the alerts that had its targets in their audience,
had begun before the hold's end, were not finished at its beginning, and have no delivery to the chat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from bot.audience import quiet, subscribers
from bot.audience.quiet import Hold
from bot.delivery.deliveries import Chat, Record
from bot.delivery.outcomes import Mark
from bot.delivery.pushes import EXPIRED, FINISHED, PAUSED, RUNNING
from bot.storage.engine import Session, clock
from bot.storage.models import Delivery, Push, PushKind, Story, StoryState, Subscriber, Subscription

CLAIMED_SECONDS = 120.0  # a recap that its process does not finish is due again after this
OLDEST_SECONDS = 2 * 86_400.0  # before a hold; an alert that began earlier has expired
ALERTS_AT_MOST = 1000  # that one look considers, the newest first
STORIES_AT_MOST = 100  # in one recap


@dataclass(frozen=True, slots=True)
class Held:
    """An alert that a hold may have kept from a chat."""

    push_id: int
    story_id: int
    is_update: bool
    targets: frozenset[str]
    aimed_at: float
    ended_at: float | None
    importance: tuple[bool, float, float]  # UPDATEs first, then what is read most, then the newest


class Recap(NamedTuple):
    """A recap that a process has claimed: its stories' ids, the most important first, and their alerts'."""

    chat: Chat
    hold: Hold
    story_ids: tuple[int, ...]
    push_ids: tuple[int, ...]
    slept: bool


async def any_due(session: Session) -> bool:
    """Whether a recap is due: a look that disturbs no writer."""
    return await session.scalar(select(Subscriber.id).where(Subscriber.recap_at <= clock()).limit(1)) is not None


async def claim(session: Session, zone: ZoneInfo, limit: int) -> list[Recap]:
    """Claim up to `limit` recaps that are due; those with nothing in them are settled here. `zone`: the newsroom's."""
    now = await session.moment()
    due = (
        select(Subscriber)
        .where(Subscriber.recap_at <= now)
        .order_by(Subscriber.recap_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    open_holds: list[tuple[Subscriber, Hold]] = []
    for subscriber in (await session.scalars(due)).all():
        hold, hours = quiet.hold_of(subscriber), quiet.hours_of(subscriber, zone)
        later = None if hold is None else quiet.late(hold, hours, now)
        if hold is None or later is not None:
            subscribers.set_hold(subscriber, later)
        elif subscriber.paused or subscriber.state != subscribers.ACTIVE:
            _close(subscriber, hold, zone, now)
        else:
            subscriber.recap_at = now + CLAIMED_SECONDS
            open_holds.append((subscriber, hold))
    await session.flush()
    missed = await _missed(session, open_holds)
    recaps = []
    for subscriber, hold in open_holds:
        if alerts := missed[subscriber.id]:
            slept = quiet.slept(hold, quiet.zone_of(subscriber, zone))
            recaps.append(_recap(subscriber, hold, alerts, slept))
        else:
            _close(subscriber, hold, zone, now)
    return recaps


def _recap(subscriber: Subscriber, hold: Hold, alerts: list[Held], slept: bool) -> Recap:
    chat = Chat(
        subscriber.id,
        subscriber.chat_id,
        subscriber.thread_id,
        subscriber.language,
        doubt=subscriber.recap_tries > 0,
        tries=subscriber.recap_tries,
        silent=True,
    )
    return Recap(chat, hold, tuple(each.story_id for each in alerts), tuple(each.push_id for each in alerts), slept)


def missed_by(hold: Hold, alerts: Sequence[Held], followed: set[str], has: set[int]) -> list[Held]:
    """Of these alerts those that the hold kept from a chat, the most important first. Pure.

    `has`: the pushes with a delivery to it, which an UPDATE has that came all the same.
    """
    missed = [
        alert
        for alert in alerts
        if alert.push_id not in has
        and alert.aimed_at < hold.end
        and (alert.aimed_at >= hold.start or alert.ended_at is None or alert.ended_at >= hold.start)
        and not alert.targets.isdisjoint(followed)
    ]
    return sorted(missed, key=lambda alert: alert.importance, reverse=True)[:STORIES_AT_MOST]


async def _missed(session: Session, holds: Sequence[tuple[Subscriber, Hold]]) -> dict[int, list[Held]]:
    """By subscriber id, the alerts that these holds kept."""
    if not holds:
        return {}
    first, last = min(hold.start for _, hold in holds), max(hold.end for _, hold in holds)
    alerts = await _alerts(session, first - OLDEST_SECONDS, last)
    ids, pushes = [subscriber.id for subscriber, _ in holds], [alert.push_id for alert in alerts]
    followed: dict[int, set[str]] = {number: set() for number in ids}
    for number, target in await session.execute(
        select(Subscription.subscriber_id, Subscription.target).where(Subscription.subscriber_id.in_(ids))
    ):
        followed[number].add(target)
    has: dict[int, set[int]] = {number: set() for number in ids}
    for number, push_id in await session.execute(
        select(Delivery.subscriber_id, Delivery.push_id).where(
            Delivery.push_id.in_(pushes), Delivery.subscriber_id.in_(ids)
        )
    ):
        has[number].add(push_id)
    return {
        subscriber.id: missed_by(hold, alerts, followed[subscriber.id], has[subscriber.id])
        for subscriber, hold in holds
    }


async def _alerts(session: Session, since: float, until: float) -> list[Held]:
    """The alerts of stories that still stand, which got their audience between two moments."""
    rows = await session.execute(
        select(Push.id, Push.kind, Push.audience, Push.aimed_at, Push.finished_at, Story.id, Story.heat)
        .join(Story, Story.id == Push.alert_of)
        .where(
            Push.aimed_at >= since,
            Push.aimed_at < until,
            Push.state.in_((RUNNING, PAUSED, FINISHED, EXPIRED)),
            Story.state == StoryState.LIVE,
            Story.copy_of.is_(None),
        )
        .order_by(Push.aimed_at.desc())
        .limit(ALERTS_AT_MOST)
    )
    return [
        Held(
            push_id,
            story_id,
            kind == PushKind.UPDATE,
            frozenset(audience.get("targets", [])),
            aimed_at,
            None if finished_at is None else finished_at.timestamp(),
            (kind == PushKind.UPDATE, heat or 0.0, aimed_at),
        )
        for push_id, kind, audience, aimed_at, finished_at, story_id, heat in rows
    ]


async def keep(session: Session, claimed: Sequence[Recap]) -> None:
    """Renew the claims on recaps that are still being sent."""
    ids = [recap.chat.subscriber_id for recap in claimed]
    await session.execute(update(Subscriber).where(Subscriber.id.in_(ids)).values(recap_at=clock() + CLAIMED_SECONDS))


async def stories_of(session: Session, recaps: Sequence[Recap], shown: int) -> dict[int, Story]:
    """The first `shown` stories of each recap, by their ids."""
    ids = {story_id for recap in recaps for story_id in recap.story_ids[:shown]}
    stories = (await session.scalars(select(Story).where(Story.id.in_(ids)))).all()
    session.expunge_all()
    return {story.id: story for story in stories}


async def record(session: Session, zone: ZoneInfo, results: Sequence[tuple[Recap, Record]], now: datetime) -> None:
    """Store what the sends came to. What a recap named counts as delivered, so that its pushes don't bring it too."""
    moment = await session.moment()
    for recap, result in results:
        subscriber = await session.get_one(
            Subscriber, recap.chat.subscriber_id, with_for_update=True, populate_existing=True
        )
        if result.wait is not None:
            subscriber.recap_at = moment + result.wait
            subscriber.recap_tries += result.tried
            continue
        if result.gone is not None:
            await session.flush()
            await _note_gone(session, result, now)
            await session.refresh(subscriber)
        if result.mark == Mark.SENT:
            await session.execute(
                session.upsert(Delivery)
                .values([_listed(push_id, subscriber.id, int(moment)) for push_id in recap.push_ids])
                .on_conflict_do_nothing(index_elements=["push_id", "subscriber_id"])
            )
        hold = quiet.hold_of(subscriber)
        if hold is None or hold == recap.hold:
            _close(subscriber, recap.hold, zone, moment)
        else:  # snoozed again, or other quiet hours, while the recap was on its way
            subscriber.recapped_to = max(subscriber.recapped_to, recap.hold.end)
            subscribers.set_hold(subscriber, Hold(max(hold.start, recap.hold.end), hold.end))


async def _note_gone(session: Session, result: Record, now: datetime) -> None:
    if result.gone is None:
        return
    state, reason = result.gone.state, result.gone.reason
    if result.gone.topic_only:
        await subscribers.set_topic_state(session, result.chat.subscriber_id, state, reason, now)
    else:
        await subscribers.set_state(session, result.chat.chat_id, state, reason, now)


def _listed(push_id: int, subscriber_id: int, at: int) -> dict[str, int]:
    return {"push_id": push_id, "subscriber_id": subscriber_id, "outcome": int(Mark.SENT), "at": at}


def _close(subscriber: Subscriber, hold: Hold, zone: ZoneInfo, now: float) -> None:
    """The hold is over, and brought or lost what it held; the next one is set."""
    subscriber.recapped_to = max(subscriber.recapped_to, hold.end)
    subscribers.set_hold(subscriber, quiet.next_hold(quiet.hours_of(subscriber, zone), now))
