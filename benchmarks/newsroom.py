"""A database with chats and one running broadcast, for a benchmark."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import insert, literal, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.clock import utcnow
from bot.config import Newsroom
from bot.delivery import budget, drafts, pushes
from bot.storage.engine import Database, upgrade
from bot.storage.models import Push, Subscriber, Subscription

if TYPE_CHECKING:
    from bot.app import Process

TEXT = "Pembaca yang budiman, inilah pengumuman yang panjangnya seperti biasa. " * 3
NEWSROOM = Newsroom.model_validate({"newsroom": {"name": "Kabar Contoh", "url": "https://news.example"}})


@asynccontextmanager
async def database(postgres: str) -> AsyncIterator[str]:
    """The address of a fresh, migrated database: SQLite, or one made on the server `postgres` and dropped again."""
    if not postgres:
        with TemporaryDirectory(prefix="kabar-bench-") as folder:
            url = f"sqlite+aiosqlite:///{Path(folder) / 'kabar.db'}"
            await upgrade(url)
            yield url
        return
    name = f"kabar_bench_{secrets.token_hex(4)}"
    server = create_async_engine(postgres, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = server.url.set(database=name).render_as_string(hide_password=False)
    try:
        await upgrade(url)
        yield url
    finally:
        async with server.connect() as connection:
            await connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        await server.dispose()


@asynccontextmanager
async def delivering(address: str, url: str, rate: float) -> AsyncIterator["Process"]:
    """A whole process with the deliver role, on a database and a Bot API server."""
    from bot.app import (
        Process,
        spare_collector,
    )  # not at the top: imports would count in the memory of the peers measured
    from bot.config import Settings

    settings = Settings.load(
        None,
        **{"bot_token": "1:x", "bot_api_url": url, "database_url": address, "http_port": 0},
        **{"send_rate": rate, "chat_rate": False},
    )
    process = Process(settings, NEWSROOM, ("deliver",))
    spare_collector()
    async with asyncio.TaskGroup() as group:
        group.create_task(process.run())
        await process.started.wait()
        yield process
        process.stopping.set()


async def subscribe(opened: Database, chats: Sequence[int], target: str = "") -> None:
    """Make the chats subscribers that were seen today; they follow `target`, if one is given."""
    now = utcnow()
    for at in range(0, len(chats), 20_000):
        rows = [
            {"chat_id": chat, "language": "id", "state_at": now, "created_at": now, "last_seen_at": now}
            for chat in chats[at : at + 20_000]
        ]
        async with opened.write() as session:
            await session.execute(insert(Subscriber), rows)
    if target:
        async with opened.write() as session:
            everyone = select(Subscriber.id, literal(target))
            await session.execute(insert(Subscription).from_select(["subscriber_id", "target"], everyone))


async def broadcast(opened: Database, chats: Sequence[int], rate: float) -> int:
    """Subscribe the chats and start a broadcast to all of them; the push's id."""
    await subscribe(opened, chats)
    return await announce(opened, rate)


async def announce(opened: Database, rate: float) -> int:
    """Start a broadcast to everyone; the push's id."""
    now = utcnow()
    async with opened.write() as session:
        await budget.prepare(session, rate)
        content = {"method": "sendMessage", "params": {"text": TEXT}}
        push = await drafts.new(session, 1, content, now)
        await drafts.confirm(session, push.id, now, 0)
    return push.id


async def finished(opened: Database, push_id: int, every: float = 0.2) -> Push:
    while True:
        async with opened.read() as session:
            push = await session.get_one(Push, push_id)
        if push.state != pushes.RUNNING:
            return push
        await asyncio.sleep(every)
