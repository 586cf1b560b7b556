"""`kabar bench faults`: kills processes at random during a push; counts chats missed and messages sent twice."""

import argparse
import asyncio
import os
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.newsroom import broadcast, database
from bot.delivery import pushes
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.storage.engine import Database
from bot.storage.models import Push

SECONDS_AT_MOST = 600
NEWSROOM_FILE = '[newsroom]\nname = "Kabar Contoh"\nurl = "https://news.example"\n'


async def run(options: argparse.Namespace) -> bool:
    world = World(remember=False)
    chats = [world.add_user(f"Pembaca {number}") for number in range(options.chats)]
    for chat in chats:
        world.chats[chat].bot = "member"
    with TemporaryDirectory(prefix="kabar-bench-") as folder:
        file = Path(folder) / "newsroom.toml"
        file.write_text(NEWSROOM_FILE, encoding="utf-8")
        async with database(options.postgres) as url, Database(url) as opened, Server(world) as server:
            push_id = await broadcast(opened, chats, options.rate)
            settings = {"BOT_TOKEN": world.token, "BOT_API_URL": server.url, "DATABASE_URL": url, "NEWSROOM": str(file)}
            settings |= {"HTTP_PORT": "0", "SEND_RATE": str(options.rate), "CHAT_RATE": "false", "LOG_LEVEL": "error"}
            kills = await _kill_processes(options, opened, push_id, settings)
            async with opened.read() as session:
                push = await session.get_one(Push, push_id)
    copies_of_each_chat = [world.sent_to[chat] for chat in chats]
    missed, doubled = copies_of_each_chat.count(0), sum(count - 1 for count in copies_of_each_chat if count)
    print(
        f"{push.state}: {kills} kills over {options.chats:,} chats, {missed} missed, {doubled} doubled; "
        f"reported: {push.sent:,} sent, {push.doubled} possibly doubled"
    )
    return missed == 0 and push.state == pushes.FINISHED


async def _kill_processes(options: argparse.Namespace, opened: Database, push_id: int, settings: dict[str, str]) -> int:
    """Kill and replace processes until the push is finished; returns how many were killed."""

    async def spawn() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--roles", "deliver"), env={**os.environ, **settings}
        )

    processes = [await spawn() for _ in range(options.processes)]
    kills, end = 0, time.monotonic() + SECONDS_AT_MOST
    while time.monotonic() < end:
        await asyncio.sleep(random.uniform(0.3, 1.5))
        async with opened.read() as session:
            state = (await session.get_one(Push, push_id)).state
        if state != pushes.RUNNING:
            break
        if kills < options.kills:
            place = random.randrange(len(processes))
            processes[place].kill()
            await processes[place].wait()
            processes[place] = await spawn()
            kills += 1
    for process in processes:
        process.terminate()
    await asyncio.gather(*(process.wait() for process in processes))
    return kills


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench faults")
    parser.add_argument("--chats", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=400, help="messages a second; slower leaves time for more kills")
    parser.add_argument("--processes", type=int, default=1, help="more than one needs --postgres")
    parser.add_argument("--postgres", default="", help="a server on which a database may be made")
    options = parser.parse_args(arguments)
    sys.exit(0 if asyncio.run(run(options)) else 1)
