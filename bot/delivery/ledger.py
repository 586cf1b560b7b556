"""The ledger: stores what one process has sent, and finishes or pauses pushes by it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import loops
from bot.delivery import budget, notices, pushes
from bot.delivery.brake import UNANSWERED, WINDOW, Brake
from bot.delivery.budget import Window
from bot.delivery.deliveries import Record
from bot.logs import OngoingFailure
from bot.storage.engine import Database, Session
from bot.storage.models import Push

log = structlog.get_logger("kabar.sender")
T = TypeVar("T")

LOOK_AGAIN_SECONDS = 1.0  # while the budget is full: it may have places earlier than it said


class Ledger:
    """One process's books. `stopping` ends the retries of a database that is away."""

    def __init__(self, database: Database, now: Callable[[], datetime], stopping: asyncio.Event) -> None:
        self.database = database
        self.now = now
        self.stopping = stopping
        self._database_away = OngoingFailure(log, "database_away")
        self._brakes: defaultdict[int, Brake] = defaultdict(Brake)  # by push

    async def persist(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Run `work` in a transaction, retrying while the database is away, because sent messages must be recorded.

        Raises the database's error when stopping.
        """
        while True:
            try:
                async with self.database.write() as session:
                    done = await work(session)
            except (SQLAlchemyError, OSError) as error:
                self._database_away.note(error)
                if self.stopping.is_set():
                    raise
                await loops.wait(self.stopping, 1.0)
            else:
                self._database_away.clear()
                return done

    async def places(self, window: Window, count: int) -> AsyncIterator[None]:
        """Reserve `count` places in the budget and yield at the time of each; fewer when stopping."""
        while count and not self.stopping.is_set():
            place = await self.persist(partial(budget.reserve, wanted=count))
            await asyncio.sleep(min(place.delay, LOOK_AGAIN_SECONDS))  # longer only if it has no places yet
            for _ in range(place.count):
                await window.turn()
                yield
                await asyncio.sleep(place.gap)
            count -= place.count

    async def finish(self, push_id: int) -> None:
        """Mark the push finished if nothing of it is left."""
        async with self.database.write() as session:
            if await pushes.finish_if_done(session, push_id, self.now()):
                log.info("push_finished", push=push_id)
                self._brakes.pop(push_id, None)

    def note(self, push_id: int, record: Record) -> None:
        """Let the push's brake know of an outcome."""
        self._brakes[push_id].note(record.mark, again=record.chat.doubt)

    async def brake(self, push: Push) -> None:
        """Pause the push and notify the admins if most recent sends fail for one reason (bot.delivery.brake).

        One that fails for lack of answers probes by itself whether Telegram answers again, and goes on then.
        """
        brake = self._brakes[push.id]
        if push.probes:
            await self._judge_probe(push, brake.answered())
            return
        mark = brake.reason(push.total if push.total > 0 else WINDOW)
        if mark is None:
            return
        reason = mark.name.lower()
        async with self.database.write() as session:
            if mark in UNANSWERED:
                paused = await pushes.pause_unanswered(session, push.id, reason, 0)
            else:
                paused = await pushes.pause(session, push.id, reason)
            if paused:
                await notices.add(session, "push_braked", {"push": push.id, "reason": reason}, self.now())
        log.error("push_braked", push=push.id, reason=reason)

    async def _judge_probe(self, push: Push, answered: bool | None) -> None:
        """After a probe: all pushes that wait for Telegram go on, or this one waits longer for its next probe."""
        if answered is None:
            return
        async with self.database.write() as session:
            if answered and (going := await pushes.answered(session)):
                await notices.add(session, "pushes_go_on", {"count": len(going)}, self.now())
                log.info("pushes_go_on", pushes=going)
            elif not answered and await pushes.pause_unanswered(session, push.id, "unknown", push.probes):
                log.warning("probe_unanswered", push=push.id, probes=push.probes)
        if answered:
            push.probes = 0

    async def halt(self, seconds: float) -> None:
        """Telegram asked the whole bot to wait: stop all processes for `seconds` and lower the rate."""
        async with self.database.write() as session:
            rate = await budget.halt(session, seconds)
        log.warning("rate_lowered", rate=round(rate, 1))
