"""The database: the only file that knows whether it is SQLite or PostgreSQL.

Statements use `clock()` for the database's own time, and `session.upsert(…)` to insert a row that may exist already;
both are compiled for the database in use.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self, cast

from sqlalchemy import BindParameter, Connection, Double, Table, TextClause, bindparam, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.functions import FunctionElement

from bot.storage import fulltext, sqlite_connection

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 15.0  # how long SQLite waits for another process's write lock


DATABASE_ERRORS = (SQLAlchemyError, OSError)  # raised if the database is unreachable, locked or full


def is_unreachable(error: BaseException) -> bool:
    """Whether the same work may succeed when the database is back, and not one that it refuses for what it says."""
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return False  # the values could not even be encoded
    return isinstance(error, DATABASE_ERRORS) and not isinstance(error, DataError | IntegrityError | ProgrammingError)


class OldSchema(Exception):
    """The database's schema is not the one that this version of Kabar needs."""


class clock(FunctionElement[float]):
    """SQL expression: the database's current time in seconds since 1970, evaluated in every statement."""

    type = Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite_clock(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"  # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40


@compiles(clock, "postgresql")
def _postgresql_clock(*_: Any, **__: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


class Session(AsyncSession):
    """A session in a transaction, with methods for what SQLite and PostgreSQL do differently."""

    @property
    def is_sqlite(self) -> bool:
        return self.get_bind().dialect.name == "sqlite"

    async def moment(self) -> float:
        """The database's current time, in seconds since 1970."""
        return float(await self.scalar(select(clock())) or 0.0)

    def matching(self, query: fulltext.Query) -> TextClause:
        """The condition that a row of `fulltext.INDEX` has the words of the query."""
        condition = "story_index MATCH :words" if self.is_sqlite else "story_index.vector @@ CAST(:words AS tsquery)"
        words: BindParameter[str] = bindparam("words", fulltext.written(query, fts5=self.is_sqlite), unique=True)
        return text(condition).bindparams(words)

    def upsert(self, table: type[Any]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, for this dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def upsert_rows(
        self, table: type[Any], columns: tuple[str, ...], keys: int, rows: list[tuple[Any, ...]]
    ) -> None:
        """Insert or update rows, given in the order of `columns`, of which the first `keys` are the primary key.

        The values go to the driver directly, without SQLAlchemy's conversion of each: for thousands of rows this takes
        a tenth of the time.
        """
        connection = await self.connection()
        await connection.exec_driver_sql(_upsert_sql(self.is_sqlite, cast(Hashable, table), columns, keys), rows)

    async def lock(self, number: int) -> None:
        """Take the advisory lock `number` until the transaction ends. SQLite needs none: it has one writer at a time.

        https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
        """
        if not self.is_sqlite:
            await self.execute(select(func.pg_advisory_xact_lock(number)))

    async def move_sequence(self, table: Table, last: int) -> None:
        """Make `last + 1` the table's next generated id, after rows were inserted with explicit ids."""
        if not self.is_sqlite:  # SQLite continues after the highest id without a sequence
            sequence = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)")
            await self.execute(sequence, {"table": table.name, "last": last})


@cache
def _upsert_sql(is_sqlite: bool, table: Any, columns: tuple[str, ...], keys: int) -> str:
    dialect = sqlite.dialect() if is_sqlite else asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    insert = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    values = {name: insert.excluded[name] for name in columns[keys:]}
    statement = insert.on_conflict_do_update(index_elements=list(columns[:keys]), set_=values)
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    if tuple(compiled.positiontup or ()) != columns:
        raise AssertionError(f"the statement binds its columns in another order: {compiled.positiontup}")
    return str(compiled)


class Database:
    """Short transactions on SQLite or PostgreSQL.

    `read()` and `write()` give a session in a transaction that is committed at the end of the block, or rolled back if
    the block raises. On SQLite the writers of one process wait here in order, instead of polling the file's lock.
    `pool=False` opens a connection for each transaction.
    """

    def __init__(self, url: str, *, pool: bool = True) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.name = "SQLite" if self.is_sqlite else "PostgreSQL"
        options: dict[str, Any] = {} if pool else {"poolclass": NullPool}
        if not self.is_sqlite and pool:
            options |= {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
        self.engine = create_async_engine(self.url, **options)
        self._writing = self.engine.execution_options(kabar_begin="BEGIN IMMEDIATE")
        self._turn: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "do_connect", _connect_sqlite)
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        async with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        if self._turn is None:
            async with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        async with self._turn, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _connect_sqlite(_dialect: Any, _record: object, _arguments: Any, named: dict[str, Any]) -> None:
    named["async_creator_fn"] = sqlite_connection.connect


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # committed data survives a power cut: docs/decisions/0002
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; one that will write takes the lock here, so that no later statement fails to get it."""
    connection.exec_driver_sql(connection.get_execution_options().get("kabar_begin", "BEGIN"))


async def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database up to `revision`; an empty database gets all tables."""
    await _alembic(url, "upgrade", revision)


async def downgrade(url: str, revision: str) -> None:
    """Migrate the database down to `revision`, or to no tables with "base"."""
    await _alembic(url, "downgrade", revision)


async def prepare_schema(database: Database) -> None:
    """Migrate an SQLite file to the current schema; on PostgreSQL only check it. Raises OldSchema."""
    if database.is_sqlite:
        await upgrade(database.url.render_as_string(hide_password=False))
    await check_schema(database)


async def check_schema(database: Database) -> None:
    """Raise OldSchema unless the database is at the newest migration's revision."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()

    def current(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with database.engine.connect() as connection:
        revision = await connection.run_sync(current)
    if revision != head:
        raise OldSchema(f"the database's schema is {revision or 'empty'}, this version needs {head}: ./kabar migrate")


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
