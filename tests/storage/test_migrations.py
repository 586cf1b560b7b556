import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from bot.storage.engine import Database, OldSchema, check_schema, downgrade, upgrade
from bot.storage.models import Base


async def test_migrations_walk_up_down_and_up_again(empty_url: str) -> None:
    await upgrade(empty_url)
    await downgrade(empty_url, "base")
    async with Database(empty_url) as database, database.engine.connect() as connection:
        remaining = await connection.run_sync(_tables)
    assert remaining == {"alembic_version"}
    await upgrade(empty_url)
    async with Database(empty_url) as database:
        await check_schema(database)


def _tables(connection: Connection) -> set[str]:
    return set(connection.dialect.get_table_names(connection))


async def test_the_migrated_tables_are_those_of_the_models(empty_url: str) -> None:
    await upgrade(empty_url)

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with Database(empty_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_old_schema_is_refused_and_the_error_names_the_command_that_migrates(empty_url: str) -> None:
    async with Database(empty_url) as database:
        with pytest.raises(OldSchema, match=r"\./kabar migrate"):
            await check_schema(database)
