"""Housekeeping: what is dropped when its time is over."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.delivery import pushes
from bot.logs import OngoingFailure
from bot.storage.engine import Database

log = structlog.get_logger("kabar.housekeeping")

EVERY_SECONDS = 3600.0
AT_ONCE = 500  # rows a transaction, so that nobody waits for it


class Housekeeper:
    """Prunes single deliveries after `days`."""

    def __init__(self, database: Database, days: int, stopping: asyncio.Event) -> None:
        self._database = database
        self._days = days
        self._stopping = stopping
        self._failure = OngoingFailure(log, "housekeeping_delayed")

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                more = await self.step()
            except (SQLAlchemyError, OSError) as error:
                self._failure.note(error)
                more = False
            else:
                self._failure.clear()
            try:
                async with asyncio.timeout(0.05 if more else EVERY_SECONDS):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def step(self) -> bool:
        """Prune a little; whether there may be more."""
        async with self._database.write() as session:
            count = await pushes.prune(self._database, session, self._days, AT_ONCE)
        if count:
            log.info("deliveries_pruned", count=count)
        return count == AT_ONCE
