"""Housekeeping: deletes rows that are past their retention time."""

import asyncio

import structlog

from bot import loops
from bot.delivery import cards, deliveries
from bot.storage.engine import Database

log = structlog.get_logger("kabar.housekeeping")

EVERY_SECONDS = 3600.0
PAUSE_SECONDS = 0.05  # between transactions, so that other writers get their turn
AT_ONCE = 500  # rows in one transaction, so that other writers don't wait long


class Housekeeper:
    """Deletes single deliveries that are older than `days`; each push keeps its counts. Cards are kept two days."""

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
            busy_seconds=PAUSE_SECONDS,
        )

    async def step(self) -> bool:
        """Delete up to AT_ONCE rows; return whether there may be more."""
        async with self._database.write() as session:
            count = await deliveries.prune(session, self._days, AT_ONCE)
            opened = await cards.prune(session, AT_ONCE)
        if count or opened:
            log.info("deliveries_pruned", count=count, cards=opened)
        return AT_ONCE in (count, opened)
