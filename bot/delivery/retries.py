"""Retries: deliveries that wait to be tried again, because of a flood wait or a missing answer."""

import asyncio
import time
from collections import deque
from functools import partial

from bot import loops
from bot.config import Newsroom
from bot.delivery import contents, corrections, deliveries
from bot.delivery.budget import Window
from bot.delivery.courier import Courier
from bot.delivery.deliveries import DueDelivery, Record
from bot.delivery.ledger import Ledger
from bot.delivery.outcomes import Mark
from bot.delivery.runs import DRAIN_SECONDS, IN_FLIGHT, UNANSWERED_WAIT
from bot.storage.engine import Session
from bot.storage.models import Push

IDLE_SECONDS = 0.5


class Retries:
    """One process's share of the deliveries that are due again."""

    def __init__(
        self, ledger: Ledger, courier: Courier, newsroom: Newsroom, window: Window, public_url: str = ""
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._newsroom = newsroom
        self._window = window
        self._public_url = public_url

    async def run(self, wake: asyncio.Event) -> None:
        """The loop over deliveries that are due again, until the process stops."""
        await loops.repeat("retries", self.step, stopping=self._ledger.stopping, idle_seconds=IDLE_SECONDS, wake=wake)

    async def step(self) -> bool:
        """Try the deliveries that are due again. False: there were none."""
        async with self._ledger.database.write() as session:
            due = await deliveries.claim_due(session, max(1, min(IN_FLIGHT, int(self._window.rate or 1000))))
            if not due:
                return False
            pushes = {row.push_id: await session.get_one(Push, row.push_id) for row in due}
            contents_by_id = {
                push.id: await contents.load(session, self._newsroom, push, self._public_url)
                for push in pushes.values()
            }
        records = await self._send(due, contents_by_id)

        async def once(session: Session) -> None:
            for push_id, batch in records.items():
                await deliveries.record(session, push_id, batch, self._ledger.now())
                await corrections.hand_over_late_copies(session, pushes[push_id], batch)

        await self._ledger.persist(once)
        for push in pushes.values():
            await self._ledger.brake(push)
            await self._ledger.finish(push.id)
        return True

    async def _send(
        self, due: list[DueDelivery], contents_by_id: dict[int, contents.Content]
    ) -> dict[int, list[Record]]:
        """Send those that can still be reached, within the budget; the records of all, by push."""
        records: dict[int, list[Record]] = {push_id: [] for push_id in contents_by_id}

        async def try_again(delivery: DueDelivery) -> None:
            record = Record(delivery.chat, Mark.UNKNOWN, wait=UNANSWERED_WAIT)  # if a stop cuts this send off
            try:
                record = await self._courier.deliver(contents_by_id[delivery.push_id], delivery.chat)
            finally:
                records[delivery.push_id].append(record)
                self._ledger.note(delivery.push_id, record)

        for delivery in due:
            if not delivery.reachable:
                records[delivery.push_id].append(Record(delivery.chat, Mark.GONE))
        loop = asyncio.get_running_loop()
        keeper = loop.create_task(self._keep(due))
        sends: set[asyncio.Task[None]] = set()
        try:
            reachable = deque(delivery for delivery in due if delivery.reachable)
            async for _ in self._ledger.places(self._window, len(reachable)):
                sends.add(loop.create_task(try_again(reachable.popleft())))
        finally:  # what is on the wire is waited for, and recorded
            await self._drain(sends)
            keeper.cancel()
        return records

    async def _keep(self, due: list[DueDelivery]) -> None:
        """Renew the claims on these deliveries, until cancelled."""
        while True:
            await asyncio.sleep(deliveries.CLAIMED_SECONDS / 3)
            await self._ledger.persist(partial(deliveries.keep, due=due))

    async def _drain(self, sends: set[asyncio.Task[None]]) -> None:
        """Wait for the sends; after a stop those without an answer are cut off after DRAIN_SECONDS."""
        stopped_at: float | None = None
        while sends:
            _, sends = await asyncio.wait(sends, timeout=0.1)
            if self._ledger.stopping.is_set():
                stopped_at = stopped_at or time.monotonic()
                if time.monotonic() - stopped_at > DRAIN_SECONDS:
                    for task in sends:
                        task.cancel()
