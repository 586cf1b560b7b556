"""The desk: work on pushes that no message waits for.

Queues corrections that are due, ends alerts that are too old, lets pushes that Telegram did not answer probe, and
counts audiences.
"""

import asyncio

from bot import loops
from bot.delivery import alerts, corrections, figures, notices, pushes
from bot.delivery.ledger import Ledger

DESK_SECONDS = 1.0  # between two rounds


class Desk:
    """`wake` is set when something can be sent."""

    def __init__(self, ledger: Ledger, wake: asyncio.Event) -> None:
        self._ledger = ledger
        self._wake = wake

    async def run(self) -> None:
        """Round after round, until the process stops."""
        await loops.repeat("desk", self.step, stopping=self._ledger.stopping, idle_seconds=DESK_SECONDS)

    async def step(self) -> bool:
        """One round. False: there was nothing to do."""
        database, now = self._ledger.database, self._ledger.now()
        async with database.write() as session:
            queued = await corrections.queue_due(session, now)
            if expired := await alerts.expire(session, now):
                data = {"count": len(expired), "title": expired[-1]}
                await notices.add(session, "alerts_expired", data, now)
            probe = await pushes.wake_for_probe(session)
        if queued or probe:
            self._wake.set()
        async with database.read() as session:
            uncounted = await figures.uncounted(session)
        for push in uncounted:
            async with database.read() as session:  # a read, so that the slow count does not block checkpoints
                total = await figures.count(session, push)
            async with database.write() as session:
                await figures.set_total(session, push.id, total)
        return bool(queued or uncounted)
