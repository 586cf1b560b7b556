"""Timekeeping: what to do about clocks that jump or are wrong.

A database's clock that is set back leaves leases, the budget and due times in the future, and whatever waits for them
stands still. Each such time was once set a known while ahead. One that lies further ahead is clamped to that while.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Integer, case, cast, func, literal, or_, select, true, update
from sqlalchemy.orm import InstrumentedAttribute

from bot import loops
from bot.delivery import budget, corrections, deliveries, notices, pushes, ranges
from bot.delivery.pushes import RUNNING
from bot.delivery.telegram import AiohttpRequest
from bot.storage import inbox
from bot.storage.engine import Database, Session, clock
from bot.storage.models import (
    Budget,
    Card,
    Delivery,
    HubSubscription,
    Lease,
    PageWant,
    Push,
    PushRange,
    Source,
    Story,
    Subscriber,
)
from bot.stories import sources
from bot.stories.reading import websub
from bot.stories.telling import wants
from bot.updates.inbox import LEASE_SECONDS
from bot.updates.intake import LEASE

log = structlog.get_logger("kabar.clocks")

EVERY_SECONDS = 60.0
TOLERANCE = 5.0  # seconds; small corrections of a clock delay nothing that matters
ONE_AT_A_TIME = 0x636C6F636B  # "clock", the number of PostgreSQL's lock: one process clamps, and tells
OFF_SECONDS, RIGHT_SECONDS = 60.0, 30.0  # from Telegram's time: told above the first, over below the second
FRESH_SECONDS = 120.0  # an older answer of Telegram's says nothing of the clocks now
CARD_WAIT = 3600.0  # seconds; longer than flood waits of a chat, which is what a card's edit waits for
RECAP_WAIT = 3 * 86_400.0  # seconds; the end of tomorrow's quiet hours, or the wait that Telegram asks for
DATABASE = "database"  # the name of its clock in notices


@dataclass(frozen=True, slots=True)
class Kind:
    """A column of times, by the database's clock, and how many seconds ahead one can be at the most.

    `since`: another column, the whole second at which it was set, which is then too late likewise.
    """

    name: str
    column: InstrumentedAttribute[Any]
    longest: ColumnElement[float]
    where: ColumnElement[bool]
    since: InstrumentedAttribute[int] | None = None


def kinds(undo_seconds: float) -> tuple[Kind, ...]:
    """All kinds, in the order in which a checkpoint locks their rows."""

    def kind(name: str, column: Any, longest: Any, where: Any = None, since: Any = None) -> Kind:
        seconds = literal(float(longest)) if isinstance(longest, int | float) else longest
        return Kind(name, column, seconds, true() if where is None else where, since)

    page_waits = {tries: max(wants.LEASE_SECONDS, wait) for tries, wait in enumerate(wants.AGAIN_AFTER, start=1)}
    page_wait = case(page_waits, value=PageWant.tries, else_=wants.LEASE_SECONDS)
    start_wait = max(undo_seconds, wants.ALERT_WAITS, wants.UPDATE_WAITS)
    push_wait = case((Push.probes > 0, pushes.PROBE_SECONDS[-1]), else_=start_wait)
    hub_wait = max(websub.LEASE_AT_MOST * websub.RENEW_AFTER, websub.BACKOFF_AT_MOST * 1.1)
    waited = Delivery.not_before - Delivery.at + 1.0  # `at`, a whole number, is when it was last tried
    retry_wait = case((waited > deliveries.CLAIMED_SECONDS, waited), else_=deliveries.CLAIMED_SECONDS)
    of_updates = or_(Lease.name == LEASE, Lease.name.startswith(inbox.ALIVE, autoescape=True))
    return (
        kind("updates_lease", Lease.until, LEASE_SECONDS, of_updates),
        kind("poll_lease", Source.lease_until, sources.LEASE_SECONDS),
        kind("poll", Source.next_poll_at, Source.poll_wait),
        kind("page", PageWant.not_before, page_wait),
        kind("hub", HubSubscription.ask_at, hub_wait),
        kind("correction", Story.correct_at, corrections.SETTLE_SECONDS),
        kind("range_lease", PushRange.lease_until, ranges.LEASE_SECONDS, PushRange.done.is_(False)),
        kind("recap", Subscriber.recap_at, RECAP_WAIT),
        kind("card", Card.not_before, CARD_WAIT),
        kind("delivery", Delivery.not_before, retry_wait, since=Delivery.at),
        kind("push", Push.not_before, push_wait, or_(Push.state == RUNNING, Push.probes > 0)),
        kind("budget", Budget.next_free, budget.LONGEST_LEAD),
        kind("answers", Budget.answers_free, budget.LONGEST_LEAD),
        kind("rate", Budget.changed_at, Budget.halted_for),
    )


def _limit(kind: Kind) -> ColumnElement[float]:
    return clock() + kind.longest


async def too_far_ahead(session: Session, kind: Kind) -> tuple[int, float]:
    """How many of the kind's times are further ahead than they can be, and by how many seconds at the most."""
    query = select(func.count(), func.max(kind.column - _limit(kind)))
    row = (await session.execute(query.where(kind.column > _limit(kind) + TOLERANCE, kind.where))).one()
    return row[0], float(row[1] or 0.0)


async def clamp(session: Session, kind: Kind) -> int:
    """Make them as far ahead as they can be; how many there were."""
    values: dict[Any, Any] = {kind.column: _limit(kind)}
    if kind.since is not None:
        values[kind.since] = cast(clock(), Integer)
    result = await session.execute(
        update(kind.column.class_)
        .where(kind.column > _limit(kind) + TOLERANCE, kind.where)
        .values(values)
        .returning(literal(1))
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


class Timekeeper:
    """Clamps times at the start and every minute, and compares the clocks with Telegram's. `requests` have its answers.

    Several processes may do so side by side: whoever mends or sees something first tells the admins.
    """

    def __init__(
        self,
        *,
        database: Database,
        requests: Sequence[AiohttpRequest],
        undo_seconds: float,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
        machine: str = "",
    ) -> None:
        self._database = database
        self._requests = requests
        self._kinds = kinds(undo_seconds)
        self._now = now
        self._stopping = stopping
        self._machine = machine or socket.gethostname()

    async def run(self) -> None:
        await loops.repeat("timekeeping", self.step, stopping=self._stopping, idle_seconds=EVERY_SECONDS)

    async def step(self) -> bool:
        async with self._database.read() as session:  # which disturbs no writer; there is hardly ever anything
            found = [await too_far_ahead(session, kind) for kind in self._kinds]
        if any(count for count, _ in found):
            await self._clamp(max(seconds for _, seconds in found))
        await self._compare()
        return False

    async def _clamp(self, seconds: float) -> None:
        async with self._database.write() as session:
            await session.lock(ONE_AT_A_TIME)
            counts = {kind.name: await clamp(session, kind) for kind in self._kinds}
            counts = {name: count for name, count in counts.items() if count}
            if counts:
                await notices.add(session, "clock_set_back", {"seconds": round(seconds)}, self._now())
        if counts:
            log.warning("clock_set_back", seconds=round(seconds), **counts)

    async def _compare(self) -> None:
        """Tell when this machine's clock or the database's is far from Telegram's, and when it is right again."""
        errors = [error for request in self._requests if (error := request.clock_error(FRESH_SECONDS)) is not None]
        if not errors:
            return
        ahead = min(errors, key=abs)
        await self._tell(self._machine, ahead)
        if not self._database.is_sqlite:  # whose clock is this machine's
            async with self._database.read() as session:
                moment = await session.moment()
            await self._tell(DATABASE, ahead + moment - self._now().timestamp())

    async def _tell(self, name: str, ahead: float) -> None:
        if RIGHT_SECONDS <= abs(ahead) <= OFF_SECONDS:
            return
        is_off, data = abs(ahead) > OFF_SECONDS, {"seconds": round(ahead)}
        async with self._database.write() as session:
            told = await notices.tell_of(session, notices.CLOCK, name, is_off, data, self._now())
        if told and is_off:
            log.warning("clock_off", clock=name, seconds_ahead=round(ahead))
        elif told:
            log.info("clock_right", clock=name, seconds_ahead=round(ahead))
