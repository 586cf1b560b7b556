"""`kabar bench chat`: how long readers wait for an answer, at rest and while a push runs at the full rate.

The bot is a process of its own with the chat and deliver roles, on a webhook; the server answers every send after
50 ms, and that is when a reader has it.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from benchmarks import sink
from benchmarks.faults import NEWSROOM_FILE
from benchmarks.newsroom import announce, database, subscribe
from bot.storage.engine import Database
from bot.web.server import SECRET_HEADER

SERVER_DELAY = 0.05  # seconds
READERS_A_SECOND = 10.0
COMMANDS = ("/latest", "/help", "/sections", "/popular", "/following")
READERS = 200  # who ask in turn
LAST_ANSWERS = 3.0  # seconds
PORT = 18787


async def run(options: argparse.Namespace) -> None:
    with (
        sink.running("--arrivals", "--delay", str(SERVER_DELAY)) as url,
        TemporaryDirectory(prefix="kabar-bench-") as folder,
    ):
        file = Path(folder) / "newsroom.toml"
        file.write_text(NEWSROOM_FILE, encoding="utf-8")
        async with database(options.postgres) as address, Database(address) as opened:
            await subscribe(opened, range(1, options.chats + 1))
            settings = {"BOT_API_URL": url, "DATABASE_URL": address, "NEWSROOM": str(file), "LOG_LEVEL": "error"}
            async with running("chat,deliver", SEND_RATE=str(options.rate), **settings):
                await ask(url, 50)  # warm-up, so that work done only once is not measured
                print(f"{'':<22}{'p50 ms':>8}{'p99 ms':>8}{'slowest':>9}")
                show("at rest", await ask(url, options.answers))
                await announce(opened, options.rate)
                await asyncio.sleep(2)
                await asyncio.to_thread(sink.count, url)
                times = await ask(url, options.answers)
                pushed = await asyncio.to_thread(sink.count, url)
                show("while a push runs", times)
                print(f"{pushed['taken'] / pushed['seconds']:,.0f} messages a second meanwhile, answers included")


@asynccontextmanager
async def running(roles: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the bot on a webhook in a process of its own; yields when it is ready."""
    settings |= {"BOT_TOKEN": "1:x", "HTTP_PORT": str(PORT), "HTTP_HOST": "127.0.0.1"}
    settings |= {"WEBHOOK_URL": "https://news.example/telegram", "WEBHOOK_SECRET": "bench"}
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--roles", roles), env={**os.environ, **settings}
    )
    try:
        await _ready(bot)
        yield bot
    finally:
        if bot.returncode is None:
            bot.terminate()
        await bot.wait()


async def _ready(bot: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as client:
        while bot.returncode is None:
            try:
                async with client.get(f"http://127.0.0.1:{PORT}/readyz") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError("the bot ended before it was ready")


async def ask(url: str, count: int) -> list[float]:
    """Send `count` commands at random times, READERS_A_SECOND on average; the seconds until each answer was taken.

    `url` is the sink's. A webhook is acknowledged when its update is stored, so the answer itself is looked for.
    """
    asked: list[tuple[int, float]] = []
    async with aiohttp.ClientSession(headers={SECRET_HEADER: "bench"}) as client, asyncio.TaskGroup() as group:

        async def one(number: int) -> None:
            chat = sink.ASKING + number % READERS
            update = {"update_id": time.monotonic_ns() % 2**40 + number, "message": _command(number, chat)}
            asked.append((chat, time.monotonic()))
            async with client.post(f"http://127.0.0.1:{PORT}/telegram", json=update) as answer:
                answer.raise_for_status()

        for number in range(count):
            group.create_task(one(number))
            await asyncio.sleep(random.expovariate(READERS_A_SECOND))
    await asyncio.sleep(LAST_ANSWERS)
    return _waits(asked, await asyncio.to_thread(sink.arrivals, url))


def _command(number: int, chat: int) -> dict[str, Any]:
    text = random.choice(COMMANDS)
    user = {"id": chat, "is_bot": False, "first_name": "Pembaca", "language_code": "id"}
    return {
        "message_id": number + 1,
        "date": int(time.time()),
        "from": user,
        "chat": {"id": chat, "type": "private", "first_name": "Pembaca"},
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": len(text)}],
    }


def _waits(asked: list[tuple[int, float]], arrivals: dict[int, list[float]]) -> list[float]:
    """The seconds from each question to the server's answer to the next message to its chat."""
    waits = []
    for chat, at in asked:
        later = [time_ for time_ in arrivals.get(chat, ()) if time_ >= at]
        if not later:
            raise RuntimeError(f"chat {chat} got no answer within {LAST_ANSWERS:g} s")
        waits.append(later[0] + SERVER_DELAY - at)
    return waits


def show(name: str, times: list[float]) -> None:
    cuts = statistics.quantiles(times, n=100)
    print(f"{name:<22}{cuts[49] * 1000:>8.0f}{cuts[98] * 1000:>8.0f}{max(times) * 1000:>9.0f}", flush=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench chat")
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--chats", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--postgres", default="", help="a server on which a database may be made; else SQLite")
    asyncio.run(run(parser.parse_args(arguments)))
