"""Edits the cards that readers opened, when their story was corrected or withdrawn."""

from bot import loops
from bot.config import Newsroom
from bot.delivery import cards, contents, pushes
from bot.delivery.budget import Window
from bot.delivery.cards import StaleCard
from bot.delivery.courier import Courier
from bot.delivery.deliveries import Record
from bot.delivery.lanes import LANES
from bot.delivery.ledger import Ledger
from bot.storage.models import PushKind, Story

AT_ONCE = 20  # cards between two looks at whether a better lane waits
IDLE_SECONDS = 2.0


class OpenedCards:
    """One process's share of the cards that are out of date."""

    def __init__(
        self, ledger: Ledger, courier: Courier, newsroom: Newsroom, window: Window, public_url: str = ""
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._newsroom = newsroom
        self._window = window
        self._public_url = public_url

    async def run(self) -> None:
        """The loop, until the process stops."""
        await loops.repeat("cards", self.step, stopping=self._ledger.stopping, idle_seconds=IDLE_SECONDS)

    async def step(self) -> bool:
        """Edit some cards; while a push waits, only those of withdrawn stories. False: there was nothing to do now."""
        async with self._ledger.database.read() as session:  # a look that disturbs no writer
            only_withdrawn = await pushes.better_waits(session, LANES[PushKind.CORRECTION])
            if not await cards.any_stale(session, only_withdrawn=only_withdrawn):
                return False
        async with self._ledger.database.write() as session:
            stale = await cards.claim_stale(session, AT_ONCE, only_withdrawn=only_withdrawn)
            wanted = {card.story_id: await session.get_one(Story, card.story_id) for card in stale}
            now = await session.moment()
            made = {
                story_id: contents.of_card(self._newsroom, story, self._public_url, now)
                for story_id, story in wanted.items()
            }
        if not stale:
            return False
        results: list[tuple[StaleCard, Record]] = []
        waiting = iter(stale)
        async for _ in self._ledger.places(self._window, len(stale)):
            card = next(waiting)
            results.append((card, await self._courier.deliver(made[card.story_id], card.chat)))
        await self._ledger.persist(lambda session: cards.record(session, results, self._ledger.now()))
        return True
