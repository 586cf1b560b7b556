"""`kabar subscribers import` and `export`: which rows are accepted, and what is written."""

import io
from datetime import timedelta

import pytest

from bot.audience import subscriptions
from bot.cli import subscribers as subscribers_file
from bot.storage.engine import Database
from tests.databases import on_sqlite
from tests.delivery.rows import NOW, add_chats, subscriber_now
from tests.wire import newsroom

NEWSROOM = newsroom("https://news.example")
HEADER = "chat_id,language,sections,update"
pytestmark = on_sqlite


async def read(database: Database, *lines: str) -> tuple[int, list[tuple[int, str]]]:
    return await subscribers_file.read_rows(database, NEWSROOM, lines, NOW)


async def written(database: Database) -> list[str]:
    file = io.StringIO()
    count = await subscribers_file.write_rows(database, file)
    lines = file.getvalue().split()
    assert len(lines) == count + 1
    return lines


@pytest.mark.parametrize(
    ("row", "kind", "language", "targets"),
    [
        pytest.param("7,en,dunia,true", "private", "en", {"update", "section:dunia"}, id="a whole row"),
        pytest.param("7,,,", "private", "id", set(), id="only a chat, in the newsroom's language"),
        pytest.param(
            "7,id,dunia;politik,false", "private", "id", {"section:dunia", "section:politik"}, id="two sections"
        ),
        pytest.param(
            "7,id, World ; ;Politik,", "private", "id", {"section:dunia", "section:politik"}, id="by their names"
        ),
        pytest.param(" 7 ,id,,TRUE", "private", "id", {"update"}, id="spaces and capitals"),
        pytest.param("-5,id,,", "group", "id", set(), id="a group"),
        pytest.param("-1000000000005,id,,", "supergroup", "id", set(), id="a supergroup"),
        pytest.param("-1000000000000,id,,", "group", "id", set(), id="the last number of a group"),
        pytest.param(f"{2**52 - 1},id,,", "private", "id", set(), id="the largest number there is"),
    ],
)
async def test_a_good_row_becomes_a_subscriber(
    database: Database, row: str, kind: str, language: str, targets: set[str]
) -> None:
    assert await read(database, HEADER, row) == (1, [])
    chat = await subscriber_now(database, 1)
    assert (chat.chat_id, chat.kind, chat.language) == (int(row.partition(",")[0]), kind, language)
    async with database.read() as session:
        assert await subscriptions.following(session, 1) == targets


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("x,id,,", "chat_id is not a number: 'x'"),
        (",id,,", "chat_id is not a number: ''"),
        ("7.5,id,,", "chat_id is not a number: '7.5'"),
        ("0,id,,", "chat_id is out of range: 0"),
        (f"{2**52},id,,", f"chat_id is out of range: {2**52}"),
        (f"-{2**52},id,,", f"chat_id is out of range: -{2**52}"),
        ("7,fr,,", "language 'fr' is not spoken; accepted: en, id"),
        ("7,id,entah,", "no section 'entah'"),
        ("7,id,,true,ya", "stopped must be true or false, not 'ya'"),
        ("7,id,,ya", "update must be true or false, not 'ya'"),
    ],
)
async def test_a_bad_row_is_reported_with_its_line_and_the_others_are_imported(
    database: Database, row: str, wrong: str
) -> None:
    assert await read(database, f"{HEADER},stopped", "1,id,,", row, "2,id,,") == (2, [(3, wrong)])


@pytest.mark.parametrize("lines", [[], ["chat,language"], ["language,sections,update", "id,,"]])
async def test_a_file_that_does_not_name_its_columns_is_refused(database: Database, lines: list[str]) -> None:
    assert await read(database, *lines) == (0, [(1, f"the first line must name the columns: {HEADER}")])


async def test_columns_may_come_in_any_order_and_few(database: Database) -> None:
    assert await read(database, "update,chat_id", "true,7") == (1, [])
    assert await written(database) == [HEADER, "7,id,,true"]


async def test_an_import_replaces_what_a_known_chat_had_chosen(database: Database) -> None:
    await add_chats(database, 7, language="en", follow=["update", "section:dunia"])
    assert await read(database, HEADER, "7,id,politik,") == (1, [])
    assert await written(database) == [HEADER, "7,id,politik,false"]


async def test_every_row_is_stored_however_many_they_are(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers_file, "AT_ONCE", 3)
    rows = [f"{number},id,,false" for number in range(1, 8)]
    assert await read(database, HEADER, *rows) == (7, [])
    assert await written(database) == [HEADER, *rows]
    assert await read(database, HEADER, *rows[:6]) == (6, [])


async def test_only_active_chats_are_written_and_a_topic_counts_as_its_group(database: Database) -> None:
    await add_chats(database, 1, 2, follow=["update", "section:politik", "section:dunia"])
    await add_chats(database, 3, state="blocked")
    await add_chats(database, -5, thread_id=4)
    await add_chats(database, -5, language="en", last_seen_at=NOW - timedelta(days=90))
    assert await written(database) == [HEADER, "1,id,dunia;politik,true", "2,id,dunia;politik,true", "-5,en,,false"]


async def test_who_stopped_everything_stays_stopped(database: Database) -> None:
    lines = [f"{HEADER},stopped", "1,id,dunia,true,true", "2,id,,true,false"]
    assert await read(database, *lines) == (2, [])
    assert (await subscriber_now(database, 1)).paused and not (await subscriber_now(database, 2)).paused
    assert await written(database) == lines
