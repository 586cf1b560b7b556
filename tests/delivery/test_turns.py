"""The order in which answers wait: fair among chats, whatever each of them asks for."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.delivery.turns import CHATS_KEPT, Turns


class Gate:
    """Lets one answer through each time it is opened."""

    def __init__(self) -> None:
        self.open = False

    def pause(self) -> float:
        return 0.0 if self.open else 0.001


async def order(chats: Sequence[str], *, late: Sequence[str] = (), cancelled: Sequence[int] = ()) -> list[str]:
    """The order in which the answers of these chats are sent. `late`: they come when half of the others are sent."""
    gate, sent = Gate(), list[str]()
    turns = Turns(gate.pause)

    async def answer(chat: str) -> None:
        await turns.wait(chat)
        gate.open = False
        sent.append(chat)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(answer(chat)) for chat in chats]
        await asyncio.sleep(0)
        for number in cancelled:
            tasks[number].cancel()
        await asyncio.sleep(0.003)
        for number in range(len(chats) + len(late) - len(cancelled)):
            if number == len(chats) // 2:
                tasks += [group.create_task(answer(chat)) for chat in late]
                await asyncio.sleep(0)
            gate.open = True
            while gate.open:
                await asyncio.sleep(0)
    return sent


async def test_answers_of_one_chat_and_of_equal_chats_keep_their_order() -> None:
    assert await order(["a", "b", "c"]) == ["a", "b", "c"]
    assert await order(["a", "a", "b", "b", "c"]) == ["a", "b", "c", "a", "b"]


async def test_who_asks_rarely_goes_before_what_busy_chats_have_piled_up() -> None:
    busy = ["a", "b"] * 6
    assert await order(busy, late=["quiet"]) == [*busy[:6], "quiet", *busy[6:]]


async def test_who_was_silent_has_saved_nothing_up() -> None:
    assert await order(["a"] * 6, late=["quiet"] * 3) == ["a"] * 3 + ["quiet", "a", "quiet", "a", "quiet", "a"]


@pytest.mark.parametrize("number", range(4))
async def test_one_that_is_cancelled_leaves_its_place_to_the_next(number: int) -> None:
    chats = ["a", "b", "c", "d"]
    assert await order(chats, cancelled=[number]) == chats[:number] + chats[number + 1 :]


async def test_chats_are_forgotten_when_their_last_answer_gives_no_order_any_more() -> None:
    turns = Turns(lambda: 0.0)
    for chat in range(2 * CHATS_KEPT):
        for _ in range(2):
            await turns.wait(chat)
    assert len(turns._last) <= CHATS_KEPT + 1
