"""The database goes away in the middle of a push, and comes back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.delivery import pushes
from bot.storage import engine
from tests.databases import on_sqlite
from tests.delivery.steps import announce, finished, got, register
from tests.wire import Kabar

READERS = 60


async def halfway(kabar: Kabar) -> tuple[int, list[int]]:
    """A broadcast that has reached some of its readers; its id, and they."""
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(READERS)]
    await register(kabar, *readers)
    push_id = await announce(kabar)
    await kabar.until(lambda: sum(got(kabar, reader) for reader in readers) >= READERS // 4)
    return push_id, readers


@asynccontextmanager
async def postgres_away(url: str) -> AsyncIterator[None]:
    """Every connection is cut, and none is let in, as in a restart."""
    address = make_url(url)
    server = create_async_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = address.database
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    async with server.connect() as connection:
        await connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        await connection.execute(cut, {"name": name})
        try:
            yield
        finally:
            await connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    await server.dispose()


@asynccontextmanager
async def sqlite_locked(url: str) -> AsyncIterator[None]:
    """Somebody else holds the file's lock."""
    connection = sqlite3.connect(str(make_url(url).database), isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")  # in its turn, which the bot must be able to give
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_postgresql_goes_away_in_the_middle_of_a_push_which_goes_on_by_itself(
    kabar: Kabar, caplog: pytest.LogCaptureFixture
) -> None:
    async with kabar.running(send_rate=30, roles=("deliver",)):
        push_id, readers = await halfway(kabar)
        async with postgres_away(kabar.database_url):
            await asyncio.sleep(2)
        push = await finished(kabar, push_id)
    assert push.state == pushes.FINISHED
    assert [got(kabar, reader) for reader in readers] == [1] * READERS
    assert (push.sent, push.doubled) == (READERS, 0)
    assert "database_away" in caplog.text


@on_sqlite
async def test_a_locked_file_stops_a_push_and_is_told_of_and_the_push_goes_on(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    async with kabar.running(send_rate=30, roles=("deliver",)):
        push_id, readers = await halfway(kabar)
        async with sqlite_locked(kabar.database_url):
            await asyncio.sleep(2)
            while_away = sum(got(kabar, reader) for reader in readers)
            await asyncio.sleep(1)
            assert sum(got(kabar, reader) for reader in readers) == while_away < READERS  # no place without a row
        push = await finished(kabar, push_id)
    assert [got(kabar, reader) for reader in readers] == [1] * READERS
    assert (push.sent, push.doubled) == (READERS, 0)
    assert "database_away" in caplog.text


@on_sqlite
async def test_a_full_disk_stops_a_push_and_nobody_is_told_twice(
    kabar: Kabar, caplog: pytest.LogCaptureFixture
) -> None:
    readers = [kabar.world.add_user(f"Pembaca {number}") for number in range(600)]
    async with kabar.running(send_rate=0, chat_rate=False, roles=("deliver",)) as process:
        await register(kabar, *readers)
        pages = {"at_most": 2**31 - 2}

        def limit(connection: Any) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages['at_most']}")

        event.listen(process.database.engine.sync_engine, "begin", limit)
        push_id = await announce(kabar)
        async with process.database.read() as session:
            pages["at_most"] = await session.scalar(text("PRAGMA page_count")) or 0
        while "database or disk is full" not in caplog.text:  # the limit is reached, and said
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)
        pages["at_most"] = 2**31 - 2
        push = await finished(kabar, push_id)
    assert (push.sent, push.doubled) == (600, 0)
    assert [got(kabar, reader) for reader in readers] == [1] * 600
