"""The bot as a process of its own, reached only through BOT_API_URL: it runs, is killed, comes back, and stops."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.sandbox.world import Message
from bot.storage.engine import Database
from bot.storage.models import Push
from tests.journeys.child import Bot
from tests.wire import OLIVER, PATIENCE, SARI, Kabar


@pytest.fixture
async def bot(kabar: Kabar, tmp_path: Path) -> AsyncIterator[Bot]:
    """It ends with the test, so that it disturbs no other test that uses the same database."""
    bot = Bot(kabar, tmp_path)
    yield bot
    if bot.process is not None and bot.process.returncode is None:
        await bot.end(signal.SIGKILL)


async def counted_as_doubled(kabar: Kabar) -> int:
    async with Database(kabar.database_url) as database, database.read() as session:
        return await session.scalar(select(func.sum(Push.doubled))) or 0


def count(kabar: Kabar, chat: int, words: str) -> int:
    def holds(message: Message) -> bool:
        return words in str(message.get("text"))

    return sum(map(holds, kabar.world.from_bot(chat)))


async def test_a_killed_bot_comes_back_and_pushes_to_its_audience_once(kabar: Kabar, bot: Bot) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(60)]
    await bot.start()
    for reader in readers:
        kabar.world.say(reader, "/ikuti dunia")
    kabar.world.say(OLIVER, "/start")
    for reader in readers:
        await kabar.world.wait_for(reader, "Anda mengikuti Dunia", timeout=PATIENCE)
    await kabar.ask(SARI, "/terbaru")
    await kabar.polled()
    kabar.press.publish("dunia", 10001, "Kabar yang terpotong")
    await kabar.until(lambda: sum(count(kabar, reader, "terpotong") for reader in readers) >= 15, timeout=PATIENCE)

    assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
    before = sum(count(kabar, reader, "terpotong") for reader in readers)
    assert before < len(readers)
    await bot.start()
    await kabar.until(lambda: all(count(kabar, reader, "terpotong") for reader in readers), timeout=PATIENCE)
    await kabar.ask(SARI, "/latest", "Kabar yang terpotong")
    await asyncio.sleep(1)

    doubled = sum(count(kabar, reader, "terpotong") - 1 for reader in readers)
    assert doubled <= min(before, await counted_as_doubled(kabar))  # what was in flight at the kill
    assert count(kabar, OLIVER, "terpotong") == 0
    assert await bot.end(signal.SIGTERM) == 0

    sent = sum(kabar.world.sent_to.values())
    await bot.start()
    await kabar.ask(SARI, "/latest", "Kabar yang terpotong")
    await asyncio.sleep(2)
    assert sum(kabar.world.sent_to.values()) == sent + 1
    assert await bot.end(signal.SIGTERM) == 0


async def test_an_update_that_came_while_the_bot_was_away_is_answered_once(kabar: Kabar, bot: Bot) -> None:
    kabar.world.say(SARI, "/bantuan")
    await bot.start()
    await kabar.world.wait_for(SARI, "Yang bisa Anda lakukan", timeout=PATIENCE)
    assert await bot.end(signal.SIGTERM) == 0
    await bot.start()
    await kabar.ask(SARI, "/terbaru")
    assert count(kabar, SARI, "Yang bisa Anda lakukan") == 1
    assert await bot.end(signal.SIGTERM) == 0


async def test_a_stop_does_not_wait_for_a_silent_server_and_loses_nobody(kabar: Kabar, bot: Bot) -> None:
    await bot.start()
    for reader in (SARI, OLIVER):
        kabar.world.say(reader, "/follow dunia")
        await kabar.world.wait_for(reader, "", timeout=PATIENCE)
    await kabar.polled()
    kabar.world.fail("sendMessage", SARI, kind="silent")
    kabar.press.publish("dunia", 10001, "Kabar yang menggantung")
    await kabar.world.wait_for(OLIVER, "menggantung", timeout=PATIENCE)
    await kabar.world.wait_for(SARI, "menggantung", timeout=PATIENCE)
    assert await bot.end(signal.SIGTERM) == 0
    await bot.start()
    await kabar.until(lambda: count(kabar, SARI, "menggantung") == 2, timeout=PATIENCE)  # possibly doubled, and it was
    assert count(kabar, OLIVER, "menggantung") == 1
    assert await bot.end(signal.SIGTERM) == 0
