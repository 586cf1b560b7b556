import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.storage.engine import Database, OldSchema, check_schema, downgrade, upgrade
from bot.storage.models import Base
from bot.stories.items import Item
from bot.stories.telling.keys import keys_of


async def test_migrations_walk_up_down_and_up_again(empty_url: str) -> None:
    await upgrade(empty_url)
    await downgrade(empty_url, "base")
    async with Database(empty_url) as database, database.engine.connect() as connection:
        left = await connection.run_sync(_tables)
    assert left == {"alembic_version"}
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


async def test_an_old_schema_is_refused_with_the_command_that_helps(empty_url: str) -> None:
    async with Database(empty_url) as database:
        with pytest.raises(OldSchema, match=r"\./kabar migrate"):
            await check_schema(database)


async def test_stories_of_older_versions_are_known_by_their_addresses(empty_url: str) -> None:
    urls = [
        "https://www.news.example/a/?b=1#p-1",
        "https://news.example/a?utm_source=rss&amp=1",
        f"https://news.example/{'x' * 400}",
        "https://news.example/a?amp=1",  # the same as the second to us
    ]
    await upgrade(empty_url)
    await downgrade(empty_url, "0003")
    insert = (
        "INSERT INTO stories (id, source_id, title, url, published_at, first_seen_at, updated_at) "
        "VALUES (:id, 'satu', 'Judul', :url, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
    )
    async with Database(empty_url) as database, database.engine.begin() as connection:
        await connection.execute(text(insert), [{"id": n, "url": url} for n, url in enumerate(urls, 1)])
    await upgrade(empty_url)
    async with Database(empty_url) as database, database.engine.connect() as connection:
        kept = {key: story for key, story in await connection.execute(text("SELECT key, story_id FROM story_keys"))}
    known = [{kept[key] for key in keys_of(Item(url, "Judul baru"), "dua") if key in kept} for url in urls]
    assert known == [{1}, {2}, {3}, {2}]
