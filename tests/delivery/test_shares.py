"""Answers go first, but while a push waits it has a third of the rate at least, an UPDATE half."""

import asyncio
from typing import Any

import pytest

from bot.delivery.budget import AnswerLimiter, Window
from bot.storage.engine import Database
from tests.delivery.rows import add_budget, add_chats, add_push, until
from tests.delivery.silent_wire import SilentWire, senders_on

RATE = 60.0
FOLLOWERS = 40
TALKERS = 40
BURST = RATE * 0.75  # answers that the limiter lets go at once, and those held back in the shared row


@pytest.mark.parametrize(("kind", "lane", "answers_a_message"), [("update", 1, 1), ("section", 2, 2)])
@pytest.mark.parametrize("processes", [1, 2])
async def test_a_push_gets_its_share_beside_chats_that_ask_without_end(
    database: Database, kind: str, lane: int, answers_a_message: int, processes: int
) -> None:
    await add_budget(database, RATE)
    await add_chats(database, *range(1, FOLLOWERS + 1))
    wire = SilentWire()
    answered: list[int] = []  # how many messages of the push had been sent at each answer

    async def one_answer() -> None:
        answered.append(len(wire.taken))

    async def talk(limiter: AnswerLimiter, chat: int) -> None:
        async def call(*_: Any, **__: Any) -> bool:
            await one_answer()
            return True

        while True:
            await limiter.process_request(call, (), {}, "sendMessage", {"chat_id": chat}, None)

    async def sent() -> bool:
        return len(wire.taken) == FOLLOWERS

    async with asyncio.TaskGroup() as group:
        tasks, charging, sending, stops = [], [], [], []
        for number in range(processes):
            window = Window(RATE)
            senders = senders_on(database, wire, rate=RATE, owner=str(number), window=window)
            limiter = AnswerLimiter(database, RATE, window, None)
            charging.append(group.create_task(limiter.run()))
            sending.append(group.create_task(senders.sender.run(senders.wake)))
            stops.append(senders.stopping)
            tasks += [group.create_task(talk(limiter, 1000 * number + chat)) for chat in range(TALKERS)]
        await asyncio.sleep(0.5)  # the answers have used all of the rate by now
        await add_push(database, kind=kind, lane=lane, ranges=[(0, FOLLOWERS)], ceiling=FOLLOWERS, total=FOLLOWERS)
        await until(sent)
        for task in tasks:
            task.cancel()
        for stopping in stops:
            stopping.set()
        await asyncio.wait(sending)
        await asyncio.sleep(0.5)  # the last charge; cut off in its transaction, SQLite would keep the lock
        for task in charging:
            task.cancel()
    meanwhile = sum(0 < count < FOLLOWERS for count in answered)
    assert meanwhile <= FOLLOWERS * answers_a_message * 1.5 + BURST * processes  # without shares it is without end
