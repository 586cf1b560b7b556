"""The order in which answers wait: whoever asks rarely goes first, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.delivery.turns import CHATS_KEPT, FRESH_SECONDS, Turns


class Counter:
    """Lets one answer through each time that it is opened, a second after the one before."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.open = False
        self.turns = Turns(lambda: 0.0 if self.open else 0.001, lambda: self.now)
        self.served: list[str] = []

    async def ask(self, chat: str) -> None:
        await self.turns.wait(chat)
        self.open = False
        self.served.append(chat)

    async def serve(self) -> None:
        self.now += 1
        self.open = True
        while self.open:
            await asyncio.sleep(0)


async def order(chats: Sequence[str], *, cancelled: Sequence[int] = ()) -> list[str]:
    """The order in which the answers of these chats, who ask all at once, are sent."""
    counter = Counter()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(counter.ask(chat)) for chat in chats]
        await asyncio.sleep(0)
        for number in cancelled:
            tasks[number].cancel()
        for _ in range(len(chats) - len(cancelled)):
            await counter.serve()
    return counter.served


async def test_strangers_are_answered_in_the_order_in_which_they_came() -> None:
    assert await order(["a", "b", "c"]) == ["a", "b", "c"]


async def test_what_a_chat_asks_besides_waits_for_the_first_answers_of_the_others() -> None:
    assert await order(["a", "a", "a", "b", "c"]) == ["a", "b", "c", "a", "a"]


@pytest.mark.parametrize("number", range(4))
async def test_one_that_is_cancelled_leaves_its_place_to_the_next(number: int) -> None:
    chats = ["a", "b", "c", "d"]
    assert await order(chats, cancelled=[number]) == chats[:number] + chats[number + 1 :]


async def test_who_asks_rarely_is_answered_next_however_many_ask_without_end() -> None:
    counter = Counter()

    async def endless(chat: str) -> None:
        while True:
            await counter.ask(chat)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(endless(f"busy {number}")) for number in range(10)]
        for _ in range(25):
            await counter.serve()
        for _ in range(3):
            quiet = group.create_task(counter.ask("quiet"))
            await asyncio.sleep(0)
            await counter.serve()
            assert counter.served[-1] == "quiet"
            await quiet
            for _ in range(15):
                await counter.serve()
        for task in tasks:
            task.cancel()
    each = [counter.served.count(f"busy {number}") for number in range(10)]
    assert max(each) - min(each) <= 1


async def test_ever_new_chats_delay_a_busy_one_for_a_while_only() -> None:
    counter = Counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            busy = group.create_task(counter.ask("busy"))
            await asyncio.sleep(0)
            waited = 0
            while not busy.done():
                group.create_task(counter.ask(f"new {counter.now}"))
                await asyncio.sleep(0)
                await counter.serve()
                await asyncio.sleep(0)
                waited += 1
            assert waited <= FRESH_SECONDS + 3
        for _ in range(1 + int(FRESH_SECONDS) * 2):
            if counter.turns._line:
                await counter.serve()


async def test_chats_that_asked_long_ago_are_forgotten() -> None:
    now = 0.0
    turns = Turns(lambda: 0.0, lambda: now)
    for chat in range(2 * CHATS_KEPT):
        now += 1
        await turns.wait(chat)
    assert len(turns._asked) <= CHATS_KEPT + 1
