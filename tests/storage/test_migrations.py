from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, bindparam, text

from bot.storage.engine import Database, OldSchema, check_schema, downgrade, upgrade
from bot.storage.fulltext import is_modelled
from bot.storage.models import Base, Moment
from bot.stories.showing import browse, search
from bot.stories.telling import appearances
from bot.stories.telling.compose import compose
from tests.stories.telling.test_compose import NEWSROOM


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
        modelled = MigrationContext.configure(connection, opts={"include_name": is_modelled})
        return compare_metadata(modelled, Base.metadata)

    async with Database(empty_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_old_schema_is_refused_and_the_error_names_the_command_that_migrates(empty_url: str) -> None:
    async with Database(empty_url) as database:
        with pytest.raises(OldSchema, match=r"\./kabar migrate"):
            await check_schema(database)


async def test_every_story_is_carried_over_as_what_its_source_says(empty_url: str) -> None:
    await upgrade(empty_url, "0002")
    columns = "id, source_id, section, title, summary, url, is_update, published_at, first_seen_at, updated_at"
    rows = [(1, "dunia", "Satu", "true"), (2, "populer", "Dua", "false"), (3, "api", "Tiga", "false")]
    async with Database(empty_url) as database, database.engine.begin() as connection:
        for number, source, title, update in rows:
            times = ", ".join(["'2026-11-26 03:00:00'"] * 3)
            address = f"https://news.example/{number}"
            values = f"{number}, '{source}', 'dunia', '{title}', 'Kata \"satu\"', '{address}', {update}, {times}"
            await connection.execute(text(f"INSERT INTO stories ({columns}) VALUES ({values})"))
        await connection.execute(text("INSERT INTO popular VALUES ('populer', 1, 1), ('populer', 2, 2)"))
    await upgrade(empty_url)
    async with Database(empty_url) as database, database.read() as session:
        said = await appearances.of_stories(session, [1, 2, 3])
        shown = {number: compose(each, NEWSROOM) for number, each in said.items()}
        popular = [story.title for story in await browse.popular(session)]
    assert {number: {each.source_id: each.rank for each in its} for number, its in said.items()} == {
        1: {"dunia": 0, "populer": 1},
        2: {"populer": 2},
        3: {"api": 0},
    }
    assert [(each.title, each.summary, each.is_update, each.only_ranked) for each in shown.values()] == [
        ("Satu", 'Kata "satu"', True, False),
        ("Dua", 'Kata "satu"', False, True),
        ("Tiga", 'Kata "satu"', False, False),
    ]
    assert {each.published_at for each in shown.values()} == {datetime(2026, 11, 26, 3, tzinfo=UTC)}
    assert popular[:2] == ["Satu", "Dua"]
    await downgrade(empty_url, "0002")
    async with Database(empty_url) as database, database.engine.connect() as connection:
        kept = await connection.execute(text("SELECT source_id, rank, story_id FROM popular ORDER BY rank"))
        assert kept.all() == [("populer", 1, 1), ("populer", 2, 2)]


async def test_stories_that_were_there_before_are_found_by_all_forms_of_their_words(empty_url: str) -> None:
    await upgrade(empty_url, "0010")
    columns = "id, source_id, title, summary, author, url, published_at, first_seen_at, updated_at"
    titles = ["Anak itu dimakan buaya"] + [f"Kabar nomor {number}" for number in range(1200)]
    async with Database(empty_url) as database, database.engine.begin() as connection:
        insert = text(f"INSERT INTO stories ({columns}) VALUES (:id, 'dunia', :title, '', 'Wulan', '', :at, :at, :at)")
        at = datetime(2026, 11, 26, 3, tzinfo=UTC)
        rows = [{"id": number, "title": title, "at": at} for number, title in enumerate(titles, 1)]
        await connection.execute(insert.bindparams(bindparam("at", type_=Moment)), rows)
    await upgrade(empty_url)
    async with Database(empty_url) as database, database.read() as session:
        for words in ("memakan", "buaya", "nomor 1199", "wulan 1199", "buayq"):
            found = await search.search(session, words)
            assert found.stretch.stories[0].title in (titles[0], titles[-1])
    await downgrade(empty_url, "0010")
