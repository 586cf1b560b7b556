"""Answers to readers: they go at once, and pushes make room for them."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import budget
from bot.delivery.budget import AnswerLimiter, ChatPace, Window
from bot.storage.engine import Database
from bot.storage.models import Budget
from tests.delivery.rows import add_budget, moment, until

RATE = 20.0
PLACE = 1 / budget.pace_of(RATE)  # seconds of the budget that one message takes


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(budget, "CHARGE_EVERY", 0.01)
    yield


async def answer(limiter: AnswerLimiter, chat: Any = 1001, method: str = "sendMessage") -> object:
    """Send one answer through the limiter, as python-telegram-bot does; what the call gave."""

    async def call(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"args": args, **kwargs}

    return await limiter.process_request(call, ("a",), {"b": 2}, method, {"chat_id": chat}, None)


@asynccontextmanager
async def charging(limiter: AnswerLimiter) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(limiter.run())
        yield
        task.cancel()


async def next_free(database: Database) -> float:
    """The budget's next free moment, in seconds since 1970; 0 for a row that nobody has touched."""
    async with database.read() as session:
        return float((await session.scalars(select(Budget.next_free))).one())


async def test_answers_are_charged_to_the_budget_of_all_processes(database: Database) -> None:
    await add_budget(database, RATE)
    limiter = AnswerLimiter(database, RATE, Window(RATE), None)

    async def charged() -> bool:
        return await next_free(database) >= before + 5 * PLACE - 0.002

    before = await moment(database)
    async with charging(limiter):
        for _ in range(5):
            await answer(limiter)
        await until(charged)
    assert await next_free(database) <= await moment(database) + 5 * PLACE


async def test_each_answer_is_charged_once_and_no_charge_is_made_without_answers(database: Database) -> None:
    await add_budget(database, RATE)
    limiter = AnswerLimiter(database, RATE, Window(RATE), None)
    charges: list[float] = []

    async def charged_again() -> bool:
        return await next_free(database) > (charges[-1] if charges else 0.0)

    async with charging(limiter):
        for _ in range(2):
            await answer(limiter)
            await until(charged_again)
            charges.append(await next_free(database))
            assert charges[-1] <= await moment(database) + PLACE  # one place each, from now
            await asyncio.sleep(0.1)
            assert await next_free(database) == charges[-1]


@pytest.mark.parametrize("method", ["getChatMember", "editMessageText", "answerCallbackQuery", "deleteMessage"])
async def test_a_call_that_sends_no_message_takes_no_place(method: str) -> None:
    window, pace = Window(1), ChatPace()
    limiter = AnswerLimiter(Database("sqlite+aiosqlite://", pool=False), 1, window, pace)
    for _ in range(5):
        await answer(limiter, method=method)
    now = time.monotonic()
    assert (window.wait(now), pace.wait(1001, now)) == (0.0, 0.0)


@pytest.mark.parametrize("method", ["sendMessage", "sendPhoto", "copyMessage"])
async def test_pushes_of_this_process_count_an_answer_in_their_second_and_in_its_chat(method: str) -> None:
    window, pace = Window(1), ChatPace()
    limiter = AnswerLimiter(Database("sqlite+aiosqlite://", pool=False), 0, window, pace)
    await answer(limiter, 1001, method)
    now = time.monotonic()
    assert window.wait(now) > 0.9
    assert pace.wait(1001, now) > 0.9
    assert pace.wait(1002, now) == 0.0


async def test_the_call_goes_through_as_it_was_made_even_to_a_channel_by_name() -> None:
    limiter = AnswerLimiter(Database("sqlite+aiosqlite://", pool=False), 0, Window(0), ChatPace())
    assert await answer(limiter, "@kabarcontoh") == {"args": ("a",), "b": 2}


async def test_a_short_burst_of_answers_goes_at_once_and_more_keep_the_rate() -> None:
    rate = 40.0
    limiter = AnswerLimiter(Database("sqlite+aiosqlite://", pool=False), rate, Window(rate), None)
    start = time.monotonic()
    for _ in range(10):  # a quarter of a second's worth
        await answer(limiter)
    assert time.monotonic() - start < 0.2
    for _ in range(8):
        await answer(limiter)
    assert time.monotonic() - start > 7 / rate - 0.02


async def test_answers_wait_too_while_telegram_has_halted_the_bot(database: Database) -> None:
    await add_budget(database, RATE)
    async with database.write() as session:
        await budget.halt(session, 60)
    limiter = AnswerLimiter(database, RATE, Window(RATE), None)

    async def halted() -> bool:
        return limiter._pause() > 10

    async with charging(limiter):
        await answer(limiter)  # the halt is learnt when this one is charged
        await until(halted)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await answer(limiter)


async def test_a_charge_that_fails_stops_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with Database("sqlite+aiosqlite://", pool=False) as empty:  # has no such table
        limiter = AnswerLimiter(empty, RATE, Window(RATE), None)

        async def failed() -> bool:
            return "charge_failed" in caplog.text

        async with charging(limiter):
            await answer(limiter)
            await until(failed)
            assert await answer(limiter) == {"args": ("a",), "b": 2}
