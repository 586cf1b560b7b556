"""A task that is cancelled in a transaction leaves no lock behind, and the database can be used and closed."""

import asyncio
import contextlib
import random
import sqlite3

from sqlalchemy import text

from bot.audience import subscribers
from bot.storage.engine import Database
from tests.storage.test_engine import NOW


async def _greet(database: Database, chat_id: int) -> None:
    async with database.write() as session:
        await subscribers.greet(session, chat_id, kind="private", language="id", now=NOW)
        await session.execute(text("SELECT 1"))


async def _look(database: Database) -> None:
    async with database.read() as session:
        for _ in range(3):
            await session.execute(text("SELECT count(*) FROM subscribers"))


async def _cut_off(task: asyncio.Task[None], chance: random.Random) -> None:
    """Cancel it at a random moment, once or twice."""
    for _ in range(chance.choice((1, 2))):
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            await asyncio.sleep(chance.random() * 0.003)
        task.cancel()


async def test_after_cancelled_transactions_the_next_one_finds_the_database_free(database_url: str) -> None:
    chance = random.Random(4)
    async with asyncio.timeout(30):
        async with Database(database_url) as database:
            for chat_id in range(1, 150):
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(_greet(database, chat_id)), group.create_task(_look(database))]
                    await asyncio.gather(*(_cut_off(task, chance) for task in tasks))
            await _greet(database, 1_000)
            async with Database(database_url) as other:
                await _greet(other, 1_001)


async def test_an_interrupted_statement_ends_before_its_task(database_url: str) -> None:
    """Otherwise SQLite's lock is held by a statement of which nobody knows."""
    async with Database(database_url) as database:
        started = asyncio.Event()

        async def write() -> None:
            async with database.write() as session:
                await session.execute(text("DELETE FROM stories"))
                started.set()
                await asyncio.sleep(60)

        async with asyncio.TaskGroup() as group:
            task = group.create_task(write())
            await started.wait()
            task.cancel()
        if database.is_sqlite:
            assert database.url.database
            with contextlib.closing(sqlite3.connect(database.url.database, timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
        await _greet(database, 7)


async def test_tasks_that_are_cut_off_twice_come_to_their_end(database_url: str) -> None:
    """As when a server shuts down and then the event loop: the connections that were closing waited for ever."""
    chance = random.Random(4)
    for _ in range(60):
        async with Database(database_url) as database, asyncio.timeout(20), asyncio.TaskGroup() as group:
            tasks = [group.create_task(_look(database)) for _ in range(3)]
            tasks += [group.create_task(_greet(database, chat_id)) for chat_id in (1, 2)]
            await asyncio.sleep(chance.random() * 0.01)
            for task in tasks:
                task.cancel()
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for other in others:
                other.cancel()
            if others:  # also those in which SQLAlchemy closes a connection
                await asyncio.wait(others)
