"""Updates that nobody expected, and a database that is away: no reader is forgotten, and the process goes on."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from bot import app
from bot.storage.engine import Database, Session
from bot.web.server import SECRET_HEADER, webhook_secret
from tests.databases import on_sqlite
from tests.web.cms import free_port
from tests.wire import OLIVER, SARI, Kabar

UNREADABLE: dict[str, dict[str, Any]] = {
    "poll": {"id": "1"},
    "callback_query": {"id": "77", "from": {"id": SARI, "is_bot": False, "first_name": "Sari"}, "data": "latest"},
    "message": {"message_id": 1},
    "my_chat_member": {"chat": {"id": SARI, "type": "private"}},
    "gift": {"of": "tomorrow"},
}


def command(text: str) -> dict[str, Any]:
    """A message of Sari's that is a command."""
    sari = {"id": SARI, "is_bot": False, "first_name": "Sari", "language_code": "id"}
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    message = {"message_id": 5, "date": int(time.time()), "chat": {"id": SARI, "type": "private"}, "from": sari}
    return {**message, "text": text, "entities": [entity]}


def hand_over(kabar: Kabar, **payload: Any) -> int:
    """An update as Telegram would queue it, whatever it holds; its number."""
    number = next(kabar.world._update_ids)
    kabar.world.updates.append({"update_id": number, **payload})
    kabar.world.emit({"type": "update"})
    return number


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_an_update_that_cannot_be_read_is_passed_over(kabar: Kabar, kind: str) -> None:
    async with kabar.running(roles=("chat",)):
        hand_over(kabar, **{kind: UNREADABLE[kind]})
        assert "Terbaru" in (await kabar.ask(SARI, "/terbaru"))["text"]
    assert kabar.world.updates == []  # acknowledged, so it does not come again after a restart


class Outage:
    """Makes every new transaction of the bot fail while `on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = False
        begin = Session.begin

        def failing(session: Session) -> Any:
            if self.on:
                raise OSError("the database is away")
            return begin(session)

        monkeypatch.setattr(Session, "begin", failing)


async def follows(kabar: Kabar) -> bool:
    async with Database(kabar.database_url, pool=False) as database, database.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT target FROM subscriptions")
        return ("section:dunia",) in [tuple(row) for row in rows.all()]


async def test_a_command_that_comes_while_the_database_is_away_is_answered_once_when_it_is_back(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(monkeypatch)
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/terbaru")
        await kabar.ask(OLIVER, "/latest")
        before = len(kabar.world.from_bot(SARI)), len(kabar.world.from_bot(OLIVER))
        outage.on = True
        kabar.world.say(SARI, "/ikuti dunia")
        kabar.world.say(OLIVER, "/popular")
        await asyncio.sleep(0.5)
        outage.on = False
        await kabar.until(lambda: len(kabar.world.from_bot(SARI)) > before[0])
        await kabar.until(lambda: len(kabar.world.from_bot(OLIVER)) > before[1])
        await asyncio.sleep(0.3)
    assert (len(kabar.world.from_bot(SARI)), len(kabar.world.from_bot(OLIVER))) == (before[0] + 1, before[1] + 1)
    assert await follows(kabar)


async def test_a_webhook_s_update_is_refused_while_the_database_is_away_and_done_when_it_comes_again(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(monkeypatch)
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram"
    headers = {SECRET_HEADER: webhook_secret(kabar.world.token, "")}
    update = {"update_id": 500, "message": command("/ikuti dunia")}
    async with kabar.running(roles=("chat",), http_port=port, webhook_url=url), aiohttp.ClientSession() as client:

        async def post(body: Any) -> int:
            async with client.post(url, json=body, headers=headers) as answer:
                return answer.status

        await kabar.ask(SARI, "/start")
        outage.on = True
        assert await post(update) == 503
        outage.on = False
        assert not await follows(kabar)
        assert await post(update) == 200
        while not await follows(kabar):
            await asyncio.sleep(0.02)
        answers = len(kabar.world.from_bot(SARI))
        assert await post(update) == 200  # a repeat of a handled one
        assert len(kabar.world.from_bot(SARI)) == answers
        assert await post({"update_id": 501, "poll": {"id": "1"}}) == 200
        for nonsense in ([], "text", {"message": {}}, {"update_id": "7"}):
            assert await post(nonsense) == 400


@on_sqlite
async def test_a_webhook_s_update_that_comes_during_the_start_is_answered_when_it_is_over(
    kabar: Kabar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "RETRY_START_SECONDS", 1.0)
    kabar.world.fail("getMe", kind="error_500", times=1)
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram"
    update = {"update_id": 500, "message": command("/ikuti dunia")}

    async def post() -> int:
        headers = {SECRET_HEADER: webhook_secret(kabar.world.token, "")}
        async with aiohttp.ClientSession(headers=headers) as client:
            while True:
                try:
                    async with client.post(url, json=update) as answer:
                        return answer.status
                except aiohttp.ClientConnectionError:  # it does not listen yet
                    await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        posting = group.create_task(post())
        async with kabar.running(roles=("chat",), http_port=port, webhook_url=url):
            assert await posting == 200
            while not await follows(kabar):
                await asyncio.sleep(0.02)
