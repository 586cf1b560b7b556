"""The sender: claims ranges of pushes, one after the other, and sends them."""

import asyncio

from bot import loops
from bot.config import Newsroom
from bot.delivery import contents, ranges
from bot.delivery.budget import Window
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.runs import RangeRun
from bot.storage.models import Push

IDLE_SECONDS = 0.5  # how long it sleeps without work when nothing wakes it


class Sender:
    """One process's share of all pushes. `owner` is unique to the process."""

    def __init__(
        self,
        ledger: Ledger,
        courier: Courier,
        newsroom: Newsroom,
        window: Window,
        owner: str,
        public_url: str = "",
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._newsroom = newsroom
        self._window = window
        self._owner = owner
        self._public_url = public_url

    async def run(self, wake: asyncio.Event) -> None:
        """The loop over ranges, until the process stops. `wake` is set when there may be something to send."""
        await loops.repeat("sending", self.step, stopping=self._ledger.stopping, idle_seconds=IDLE_SECONDS, wake=wake)

    async def step(self) -> bool:
        """Claim a range and send it until it is done, taken over or stopped, or a better lane waits. False: none."""
        async with self._ledger.database.write() as session:
            claimed = await ranges.claim(session, self._owner)
            if claimed is None:
                return False
            push = await session.get_one(Push, claimed.push_id)
            content = await contents.load(session, self._newsroom, push, self._public_url)
        await RangeRun(self._ledger, self._courier, self._window, claimed, push, content).work()
        return True
