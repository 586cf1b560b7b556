"""Figures: what pushes have done so far, how many chats they are for, and how long they take."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from bot.audience import segments
from bot.delivery import deliveries, pushes
from bot.delivery.budget import pace_of
from bot.delivery.pushes import CANCELLED, HELD, PAUSED, RUNNING
from bot.storage.engine import Session
from bot.storage.models import Push


@dataclass(frozen=True, slots=True)
class Progress:
    """A push's figures for display; `waiting` is how many chats will be tried again."""

    push: Push
    waiting: int

    @property
    def settled(self) -> int:
        return self.push.sent + self.push.gone + self.push.refused + self.push.lost


async def progress(session: Session, push_id: int) -> Progress | None:
    push = await session.get(Push, push_id, populate_existing=True)
    if push is None:
        return None
    return Progress(push, await deliveries.count_waiting(session, push_id))


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


async def uncounted(session: Session, limit: int = 5) -> list[Push]:
    """Started pushes whose audience is not counted yet."""
    rows = await session.scalars(select(Push).where(Push.total < 0).limit(limit))
    return list(rows.all())


async def count(session: Session, push: Push) -> int:
    """How many chats the push is for: those with an outcome, those waiting for another try, and those still to come."""
    figures = await progress(session, push.id)
    if figures is None or push.state == CANCELLED:
        return 0 if figures is None else figures.settled
    to_come = await segments.count(session, push.audience, push.ceiling, push.id, pushes.as_alert(push))
    return figures.settled + figures.waiting + to_come


async def set_total(session: Session, push_id: int, total: int) -> None:
    await session.execute(update(Push).where(Push.id == push_id).values(total=total))


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


def seconds_needed(count: int, rate: float) -> float:
    """Seconds that a push to `count` chats takes at `rate` messages a second, if nothing else is sent."""
    return count / pace_of(rate) if rate > 0 else count / 1000
