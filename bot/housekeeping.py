"""Housekeeping: what is dropped when its time is over."""

import asyncio

import structlog

from bot import loops
from bot.delivery import pushes
from bot.storage.engine import Database

log = structlog.get_logger("kabar.housekeeping")

EVERY_SECONDS = 3600.0
BREATH_SECONDS = 0.05  # between transactions
AT_ONCE = 500  # rows a transaction, so that nobody waits for it


class Housekeeper:
    """Prunes single deliveries after `days`."""

    def __init__(self, database: Database, days: int, stopping: asyncio.Event) -> None:
        self._database = database
        self._days = days
        self._stopping = stopping

    async def run(self) -> None:
        await loops.repeat(
            "housekeeping",
            self.step,
            stopping=self._stopping,
            idle_seconds=EVERY_SECONDS,
            busy_seconds=BREATH_SECONDS,
        )

    async def step(self) -> bool:
        """Prune a little; whether there may be more."""
        async with self._database.write() as session:
            count = await pushes.prune(session, self._days, AT_ONCE)
        if count:
            log.info("deliveries_pruned", count=count)
        return count == AT_ONCE
