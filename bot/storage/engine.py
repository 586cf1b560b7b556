"""The database: the only file that knows which of the two it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Double, event, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import ColumnElement

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 15.0  # how long a writer of another process is waited for on SQLite


class OldSchema(Exception):
    """The database's schema is not the one this version of Kabar works with."""


class Database:
    """Short transactions on SQLite or PostgreSQL.

    `read()` and `write()` give a session in a transaction that commits when the block ends well. Writers of one
    process queue up here on SQLite, in order, instead of polling the file's lock.
    """

    def __init__(self, url: str, *, pool: bool = True) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {} if pool else {"poolclass": NullPool}
        if not self.is_sqlite and pool:
            options |= {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
        self.engine = create_async_engine(self.url, **options)
        self._writing = self.engine.execution_options(kabar_begin="BEGIN IMMEDIATE")
        self._turn: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @property
    def clock(self) -> ColumnElement[float]:
        """The database's clock: see `clock_of`."""
        return clock_of(self.is_sqlite)

    async def moment(self, session: AsyncSession) -> float:
        """Now by the database's clock."""
        return float(await session.scalar(select(self.clock)) or 0.0)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        if self._turn is None:
            async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        async with self._turn, AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def clock_of(is_sqlite: bool) -> ColumnElement[float]:
    """The database's clock, in seconds since 1970, as an SQL expression that is read anew in every statement."""
    if is_sqlite:  # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40
        return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Double)
    return literal_column("CAST(extract(epoch FROM clock_timestamp()) AS double precision)", Double)


def upsert(session: AsyncSession, table: type[Any]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`, for the session's database."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # what was accepted survives a power cut too
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that will write takes the lock at its start, so it cannot lose it half-way to another writer."""
    connection.exec_driver_sql(connection.get_execution_options().get("kabar_begin", "BEGIN"))


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`; an empty one gets every table."""
    await _alembic(url, "upgrade", revision)


async def downgrade(url: str, revision: str) -> None:
    await _alembic(url, "downgrade", revision)


async def check_schema(database: Database) -> None:
    """Raise OldSchema unless the database stands at this version's revision."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()

    def current(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with database.engine.connect() as connection:
        found = await connection.run_sync(current)
    if found != head:
        raise OldSchema(f"the database's schema is {found or 'empty'}, this version works with {head}: ./kabar migrate")


async def _alembic(url: str, direction: str, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    def run(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        getattr(command, direction)(config, revision)

    async with Database(url, pool=False) as database:
        connection: AsyncConnection
        async with database._writing.begin() as connection:
            await connection.run_sync(run)
