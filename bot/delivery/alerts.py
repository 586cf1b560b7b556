"""Alerts: the push of a story to all who follow it. A story has one at most."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.audience import segments
from bot.delivery import pushes
from bot.delivery.lanes import LANES
from bot.delivery.pushes import CANCELLED, DRAFT, EXPIRED, FINISHED, HELD, PAUSED, RUNNING
from bot.storage.engine import Session, clock
from bot.storage.models import Push, PushKind, PushRange, Story
from bot.targets import UPDATE, of_section


async def queue(
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
        return await _widen(session, story, audience, now)
    push = await session.get_one(Push, created)
    if not held:
        await pushes.start(session, push, now, not_before=await session.moment() + wait if wait else 0.0)
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


async def _widen(session: Session, story: Story, audience: segments.Audience, now: datetime) -> Push | None:
    push = await session.scalar(select(Push).where(Push.alert_of == story.id))
    if push is None or not story.is_update or not segments.is_wider(audience, push.audience):
        return push
    # Lock ranges before their push, in a checkpoint's order. A process that is sending reads the new audience there.
    ranges = select(PushRange).where(PushRange.push_id == push.id).order_by(PushRange.id).with_for_update()
    rows = (await session.scalars(ranges, execution_options={"populate_existing": True})).all()
    await session.refresh(push, with_for_update=True)
    push.kind, push.lane, push.audience = PushKind.UPDATE, LANES[PushKind.UPDATE], audience
    push.aimed_at = now.timestamp()
    if push.state not in (RUNNING, PAUSED, FINISHED):
        return push
    ceiling = await segments.ceiling(session)
    for row in rows:  # ids already passed are paged again in ranges of their own; pages skip chats with a delivery
        if row.cursor > row.start:
            session.add(pushes.new_range(push.id, row.start, row.cursor, row.seen_since))
            row.start = row.cursor
    if ceiling > push.ceiling:
        session.add_all(pushes.new_ranges(push.id, push.ceiling, ceiling))
        push.ceiling = ceiling
    push.total = pushes.UNCOUNTED
    if push.state == FINISHED:
        push.state, push.finished_at = RUNNING, None
        await session.flush()
        await pushes.finish_if_done(session, push.id, now)  # without new ranges nothing is left to send
    return push
