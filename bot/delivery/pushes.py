"""Pushes: one message to many chats. Create, queue, pause, resume, cancel, finish; and their progress.

States: `draft` (a person is writing it), `held` (an admin must release it), `running`, `paused`, `finished`,
`cancelled`, `expired` (an alert whose story had become too old). Every change names the states it comes from, so a
second tap or a second admin changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select, update

from bot.audience import segments
from bot.delivery.budget import pace_of
from bot.delivery.lanes import LANES
from bot.storage.engine import Session, clock
from bot.storage.models import Delivery, Push, PushKind, PushRange, PushState, Story
from bot.targets import UPDATE, of_section

DRAFT, HELD, RUNNING, PAUSED, FINISHED, CANCELLED, EXPIRED = PushState

RANGE_SIZE = 20_000  # subscriber ids; one process's share of a push at a time
LARGE = 10_000  # chats; a larger push goes first to recently active chats
SEEN = timedelta(days=30)  # a chat seen since then is recently active
UNCOUNTED = -1  # the total before it is counted; counting a million followers would delay the first message too much


@dataclass(frozen=True, slots=True)
class Progress:
    """A push's figures for display; `waiting` is how many chats will be tried again."""

    push: Push
    waiting: int

    @property
    def settled(self) -> int:
        return self.push.sent + self.push.gone + self.push.refused + self.push.lost


async def queue_alert(
    session: Session,
    story: Story,
    now: datetime,
    *,
    held: bool = False,
    wait: float = 0.0,
    max_age: timedelta | None = None,
) -> Push | None:
    """Push a story to all who follow UPDATE (if it is one) or its section; None if nobody could.

    It starts after `wait` seconds at the latest: `go` starts it before. It ends when the story is older than `max_age`.
    A story has one alert. One that became an UPDATE after its section alert goes on in the UPDATE lane, to whoever of
    the wider audience has not got it yet.
    """
    targets = ([UPDATE] if story.is_update else []) + ([of_section(story.section)] if story.section else [])
    if not targets:
        return None
    kind = PushKind.UPDATE if story.is_update else PushKind.SECTION
    audience = segments.of_targets(targets)
    created = await session.scalar(
        session.upsert(Push)
        .values(
            kind=kind,
            lane=LANES[kind],
            state=HELD if held else DRAFT,
            story_id=story.id,
            alert_of=story.id,
            revision=story.revision,
            audience=audience,
            created_at=now,
            expires_at=None if max_age is None else (story.published_at + max_age).timestamp(),
        )
        .on_conflict_do_nothing(index_elements=["alert_of"])
        .returning(Push.id)
    )
    if created is None:
        return await _widen_alert(session, story, audience, now)
    push = await session.get_one(Push, created)
    if not held:
        await start(session, push, now, not_before=await session.moment() + wait if wait else 0.0)
    return push


async def go(session: Session, story: Story) -> bool:
    """The story's alert need not wait any longer. False: it did not, and some chats may have an earlier text."""
    waiting = (Push.alert_of == story.id, Push.state == RUNNING, Push.not_before > clock())
    values = {"not_before": 0.0, "revision": story.revision}
    return (await session.execute(update(Push).where(*waiting).values(values).returning(Push.id))).first() is not None


async def recall(session: Session, story: Story, now: datetime) -> None:
    """Cancel the story's alert if it still waits."""
    waiting = (Push.alert_of == story.id, Push.state == RUNNING, Push.not_before > clock())
    await session.execute(update(Push).where(*waiting).values(state=CANCELLED, finished_at=now))


async def expire(session: Session, now: datetime, limit: int = 100) -> list[str]:
    """End the alerts whose story has become too old while they waited, were held or paused; the stories' titles."""
    old = (
        select(Push.id)
        .where(Push.state.in_((HELD, RUNNING, PAUSED)), Push.expires_at <= clock())
        .order_by(Push.id)
        .limit(limit)
    )
    ids = list(await session.scalars(old))
    if not ids:
        return []
    ended = await session.scalars(
        update(Push)
        .where(Push.id.in_(ids), Push.state.in_((HELD, RUNNING, PAUSED)))
        .values(state=EXPIRED, finished_at=now)
        .returning(Push.story_id)
    )
    stories = list(ended)
    return list(await session.scalars(select(Story.title).where(Story.id.in_(stories)).order_by(Story.id)))


async def _widen_alert(session: Session, story: Story, audience: segments.Audience, now: datetime) -> Push | None:
    push = await session.scalar(select(Push).where(Push.alert_of == story.id))
    if push is None or not story.is_update or not segments.is_wider(audience, push.audience):
        return push
    # Lock ranges before their push, in a checkpoint's order. A process that is sending reads the new audience there.
    ranges = select(PushRange).where(PushRange.push_id == push.id).order_by(PushRange.id).with_for_update()
    rows = (await session.scalars(ranges, execution_options={"populate_existing": True})).all()
    await session.refresh(push, with_for_update=True)
    push.kind, push.lane, push.audience = PushKind.UPDATE, LANES[PushKind.UPDATE], audience
    if push.state not in (RUNNING, PAUSED, FINISHED):
        return push
    ceiling = await segments.ceiling(session)
    for row in rows:  # ids already passed are paged again in ranges of their own; pages skip chats with a delivery
        if row.cursor > row.start:
            session.add(new_range(push.id, row.start, row.cursor, row.seen_since))
            row.start = row.cursor
    if ceiling > push.ceiling:
        session.add_all(_ranges(push.id, push.ceiling, ceiling))
        push.ceiling = ceiling
    push.total = UNCOUNTED
    if push.state == FINISHED:
        push.state, push.finished_at = RUNNING, None
        await session.flush()
        await finish_if_done(session, push.id, now)  # without new ranges nothing is left to send
    return push


async def start(session: Session, push: Push, now: datetime, *, not_before: float = 0.0) -> None:
    """Start sending: fix the audience's highest id and divide it into ranges. The audience is counted later.

    `not_before`: when sending may begin, in seconds since 1970 by the database's clock; 0 is at once.
    """
    push.ceiling = await segments.ceiling(session)
    push.total = UNCOUNTED
    push.state, push.started_at, push.not_before = RUNNING, now, not_before
    if await segments.is_larger(session, push.audience, LARGE):
        session.add_all(_ranges(push.id, 0, push.ceiling, seen_since=now - SEEN))
        await session.flush()  # ranges of the first pass (recently active chats) must get the lower ids
    session.add_all(_ranges(push.id, 0, push.ceiling))
    await session.flush()
    await finish_if_done(session, push.id, now)


def _ranges(push_id: int, after: int, until: int, seen_since: datetime | None = None) -> Iterable[PushRange]:
    for low in range(after, until, RANGE_SIZE):
        yield new_range(push_id, low, min(low + RANGE_SIZE, until), seen_since)


def new_range(push_id: int, start: int, end: int, seen_since: datetime | None = None) -> PushRange:
    """A range of the push: ids `start < id <= end`. With `seen_since` it is part of the first pass."""
    return PushRange(push_id=push_id, start=start, cursor=start, issued=start, end=end, seen_since=seen_since)


async def _change(session: Session, push_id: int, source: tuple[str, ...], **values: Any) -> bool:
    result = await session.execute(
        update(Push).where(Push.id == push_id, Push.state.in_(source)).values(**values).returning(Push.id)
    )
    return result.first() is not None


async def pause(session: Session, push_id: int, reason: str = "") -> bool:
    return await _change(session, push_id, (RUNNING,), state=PAUSED, reason=reason)


async def resume(session: Session, push_id: int, now: datetime) -> bool:
    changed = await _change(session, push_id, (PAUSED,), state=RUNNING, reason="", not_before=0.0)
    if changed:
        await finish_if_done(session, push_id, now)
    return changed


async def cancel(session: Session, push_id: int, now: datetime) -> bool:
    return await _change(session, push_id, (DRAFT, HELD, RUNNING, PAUSED), state=CANCELLED, finished_at=now)


async def release(session: Session, push_id: int, now: datetime) -> bool:
    """Start a held push; False if it is not held."""
    if not await _change(session, push_id, (HELD,), state=DRAFT):
        return False
    push = await session.get_one(Push, push_id, populate_existing=True)
    await start(session, push, now)
    return True


async def finish_if_done(session: Session, push_id: int, now: datetime) -> bool:
    """Mark a running push finished if all ranges are done and no delivery waits to be tried again."""
    left = exists().where(PushRange.push_id == push_id, PushRange.done.is_(False))
    waiting = exists().where(Delivery.push_id == push_id, Delivery.not_before.is_not(None))
    result = await session.execute(
        update(Push)
        .where(Push.id == push_id, Push.state == RUNNING, ~left, ~waiting)
        .values(state=FINISHED, finished_at=now)
        .returning(Push.id)
    )
    return result.first() is not None


async def uncounted(session: Session, limit: int = 5) -> list[Push]:
    """Started pushes whose audience is not counted yet."""
    rows = await session.scalars(select(Push).where(Push.total < 0).limit(limit))
    return list(rows.all())


async def count(session: Session, push: Push) -> int:
    """How many chats the push is for: those with an outcome, those waiting for another try, and those still to come."""
    figures = await progress(session, push.id)
    if figures is None or push.state == CANCELLED:
        return 0 if figures is None else figures.settled
    return (
        figures.settled + figures.waiting + await segments.count(session, push.audience, push.ceiling, without=push.id)
    )


async def set_total(session: Session, push_id: int, total: int) -> None:
    await session.execute(update(Push).where(Push.id == push_id).values(total=total))


async def go_text_only(session: Session, push_id: int) -> None:
    """Send the push as text from now on, because Telegram refused its photo."""
    await session.execute(update(Push).where(Push.id == push_id).values(text_only=True))


async def progress(session: Session, push_id: int) -> Progress | None:
    push = await session.get(Push, push_id, populate_existing=True)
    if push is None:
        return None
    waiting = await session.scalar(
        select(func.count()).where(Delivery.push_id == push_id, Delivery.not_before.is_not(None))
    )
    return Progress(push, waiting or 0)


async def of_story(session: Session, story_id: int) -> list[Progress]:
    """The story's pushes, the oldest first."""
    ids = await session.scalars(select(Push.id).where(Push.story_id == story_id).order_by(Push.id))
    rows = [await progress(session, push_id) for push_id in ids.all()]
    return [row for row in rows if row is not None]


async def current(session: Session, limit: int = 10) -> list[Progress]:
    """Running, paused and held pushes, the most urgent first."""
    ids = await session.scalars(
        select(Push.id).where(Push.state.in_((RUNNING, PAUSED, HELD))).order_by(Push.lane, Push.id.desc()).limit(limit)
    )
    rows = [await progress(session, push_id) for push_id in ids.all()]
    return [row for row in rows if row is not None]


async def recent(session: Session, limit: int) -> list[Push]:
    """The latest pushes with a non-empty audience, newest first."""
    rows = await session.scalars(
        select(Push).where(Push.started_at.is_not(None), Push.total > 0).order_by(Push.id.desc()).limit(limit)
    )
    return list(rows.all())


async def held(session: Session) -> list[int]:
    """Ids of held pushes, oldest first: alerts of sources that published too many stories at once."""
    rows = await session.scalars(select(Push.id).where(Push.state == HELD).order_by(Push.id))
    return list(rows.all())


async def with_progress_message(session: Session, limit: int = 50) -> list[Push]:
    """Broadcasts with a progress message that may have to be updated."""
    rows = await session.scalars(
        select(Push)
        .where(Push.progress_message_id.is_not(None), Push.state != DRAFT, Push.progress_shown != "final")
        .order_by(Push.id)
        .limit(limit)
    )
    return list(rows.all())


async def note_shown(session: Session, push_id: int, shown: str) -> None:
    """Store what a push's progress message shows; "final" when it will not change any more."""
    await session.execute(update(Push).where(Push.id == push_id).values(progress_shown=shown))


def seconds_needed(count: int, rate: float) -> float:
    """Seconds that a push to `count` chats takes at `rate` messages a second, if nothing else is sent."""
    return count / pace_of(rate) if rate > 0 else count / 1000


async def new_draft(session: Session, author: int, content: dict[str, Any], now: datetime) -> Push:
    """Create a broadcast's draft; an earlier draft of the same author is cancelled."""
    await session.execute(
        update(Push).where(Push.author == author, Push.state == DRAFT).values(state=CANCELLED, finished_at=now)
    )
    push = Push(
        kind=PushKind.BROADCAST,
        lane=LANES[PushKind.BROADCAST],
        state=DRAFT,
        content=content,
        audience=dict(segments.EVERYONE),
        author=author,
        created_at=now,
    )
    session.add(push)
    await session.flush()
    return push


async def draft_of(session: Session, author: int) -> Push | None:
    return await session.scalar(select(Push).where(Push.author == author, Push.state == DRAFT))


async def confirm(session: Session, push_id: int, now: datetime, undo_seconds: int) -> bool:
    """Start a draft after `undo_seconds`; False if it is no longer a draft."""
    if not await _change(session, push_id, (DRAFT,), state=HELD):
        return False
    push = await session.get_one(Push, push_id, populate_existing=True)
    not_before = await session.moment() + undo_seconds if undo_seconds else 0.0
    await start(session, push, now, not_before=not_before)
    push.total = await segments.count(session, push.audience, push.ceiling)  # its author sees the total at once
    return True


async def count_by_state(session: Session) -> dict[str, int]:
    rows = await session.execute(select(Push.state, func.count()).group_by(Push.state))
    return {state: count for state, count in rows}


async def totals(session: Session) -> dict[str, int]:
    """Deliveries of all pushes by outcome."""
    row = (
        await session.execute(
            select(
                *(func.coalesce(func.sum(column), 0) for column in (Push.sent, Push.gone, Push.refused, Push.lost)),
                func.coalesce(func.sum(Push.doubled), 0),
            )
        )
    ).one()
    return dict(zip(("sent", "gone", "refused", "lost", "doubled"), map(int, row), strict=True))


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
