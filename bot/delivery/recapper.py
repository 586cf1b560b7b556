"""Sends recaps: one message to each chat whose hold has ended, with what it held back."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot import loops
from bot.config import Newsroom
from bot.delivery import pushes, recaps
from bot.delivery.budget import Window
from bot.delivery.contents import Content
from bot.delivery.courier import Courier
from bot.delivery.deliveries import Chat, Record
from bot.delivery.lanes import LANES
from bot.delivery.ledger import Ledger
from bot.delivery.outcomes import Mark
from bot.delivery.recaps import Recap
from bot.i18n import choose, load_language
from bot.messages.alerts import more_button, recap_heading
from bot.messages.stories import Page, listing
from bot.storage.models import Push, PushKind, PushState, Story

AT_ONCE = 100  # recaps between two looks at whether a better lane waits
SHOWN = 10  # stories that a recap names; of the others it says how many they are
IDLE_SECONDS = 2.0


class RecapContent(Content):
    """One chat's recap."""

    def __init__(self, newsroom: Newsroom, recap: Recap, stories: Mapping[int, Story], now: datetime) -> None:
        kind = PushKind.DIGEST
        push = Push(kind=kind, lane=LANES[kind], state=PushState.RUNNING, audience={}, created_at=now)
        super().__init__(newsroom, push)
        self._recap = recap
        self._stories = [stories[number] for number in recap.story_ids[:SHOWN] if number in stories]

    def _call(self, chat: Chat) -> tuple[str, dict[str, Any]]:
        language = load_language(choose(chat.language, self._newsroom.language))
        count = len(self._recap.story_ids)
        heading = recap_heading(language, count, slept=self._recap.slept)
        more = ((more_button(language, count - SHOWN),),) if count > SHOWN else ()
        return listing(self._newsroom, language, heading, Page(self._stories), "", extra=more).call()


class Recapper:
    """One process's share of the recaps that are due."""

    def __init__(self, ledger: Ledger, courier: Courier, newsroom: Newsroom, window: Window) -> None:
        self._ledger = ledger
        self._courier = courier
        self._newsroom = newsroom
        self._window = window

    async def run(self) -> None:
        """The loop, until the process stops."""
        await loops.repeat("recaps", self.step, stopping=self._ledger.stopping, idle_seconds=IDLE_SECONDS)

    async def step(self) -> bool:
        """Send some recaps, unless a push in a better lane waits. False: there was nothing to do now."""
        async with self._ledger.database.read() as session:
            if not await recaps.any_due(session):
                return False
            if await pushes.better_waits(session, LANES[PushKind.DIGEST]):
                return False
        async with self._ledger.database.write() as session:
            claimed = await recaps.claim(session, self._newsroom.zone, AT_ONCE)
        async with self._ledger.database.read() as session:
            stories = await recaps.stories_of(session, claimed, SHOWN)
        if claimed:
            results = await self._send(claimed, stories)
            zone, now = self._newsroom.zone, self._ledger.now()
            await self._ledger.persist(lambda session: recaps.record(session, zone, results, now))
        return True

    async def _send(self, claimed: list[Recap], stories: Mapping[int, Story]) -> list[tuple[Recap, Record]]:
        """Send within the budget, side by side; the record of each. What a stop leaves unsent is due at once."""
        loop, waiting = asyncio.get_running_loop(), iter(claimed)
        keeper = loop.create_task(self._keep(claimed))
        sends: list[tuple[Recap, asyncio.Task[Record]]] = []
        try:
            async for _ in self._ledger.places(self._window, len(claimed)):
                recap = next(waiting)
                content = RecapContent(self._newsroom, recap, stories, self._ledger.now())
                sends.append((recap, loop.create_task(self._courier.deliver(content, recap.chat))))
            results = [(recap, await send) for recap, send in sends]
        finally:
            keeper.cancel()
        return results + [(recap, Record(recap.chat, Mark.WAITING, wait=0.0, tried=False)) for recap in waiting]

    async def _keep(self, claimed: list[Recap]) -> None:
        """Renew the claims, until cancelled."""
        while True:
            await asyncio.sleep(recaps.CLAIMED_SECONDS / 3)
            await self._ledger.persist(partial(recaps.keep, claimed=claimed))
