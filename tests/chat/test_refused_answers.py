"""An answer that Telegram refuses is sent again in a plainer form; the reader is never met with silence."""

from typing import Any

import aiohttp
import pytest

from bot.sandbox.world import Message
from tests.databases import on_sqlite
from tests.web.cms import free_port
from tests.wire import OLIVER, SARI, Kabar, labels

REFUSAL = {"kind": "refuse", "code": 400}


def refuse(
    kabar: Kabar, method: str, times: int, why: str = "can't parse entities: no", chat: int | None = None
) -> None:
    kabar.world.fail(method, chat, times=times, description=f"Bad Request: {why}", **REFUSAL)


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    """The fields of what was logged under this name."""
    logged = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [fields for fields in logged if fields["event"] == name]


async def asked(kabar: Kabar, times: int, command: str = "/latest", **where: int) -> Message:
    """The answer to a command, the first `times` forms of which are refused."""
    refuse(kabar, "sendMessage", times)
    return await kabar.ask(SARI, command, **where)


@on_sqlite
async def test_a_refused_answer_comes_as_plain_text(kabar: Kabar, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    async with kabar.running(roles=("chat",), http_port=port):
        group = kabar.world.add_group("Warung Kopi", members=[SARI])
        as_it_is = await kabar.ask(SARI, "/langganan")
        plain = await asked(kabar, 1, "/langganan")
        assert as_it_is["entities"] and "entities" not in plain
        assert (plain["text"], labels(plain)) == (as_it_is["text"], labels(as_it_is))
        bare = await asked(kabar, 2, "/langganan", chat=group)
        assert (bare["text"], labels(bare)) == (as_it_is["text"], [])
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "kabar_answers_refused_total 2.0" in await answer.text()
    first, second = events(caplog, "answer_refused")
    assert {"chat": SARI, "reason": "Can't parse entities: no", "entities": 1, "buttons": 3}.items() <= first.items()
    assert second["chat"] == group


@on_sqlite
async def test_an_answer_refused_in_every_form_ends_in_an_apology(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        assert "terjadi kesalahan" in (await asked(kabar, 3, "/langganan"))["text"]


@on_sqlite
async def test_an_answer_refused_in_every_form_ends_in_an_apology_in_a_group_too(kabar: Kabar) -> None:
    group = kabar.world.add_group("Warung Kopi", members=[SARI])
    async with kabar.running(roles=("chat",)):
        assert "terjadi kesalahan" in (await asked(kabar, 3, "/langganan", chat=group))["text"]


@on_sqlite
async def test_a_refused_edit_is_made_in_plain_text(kabar: Kabar) -> None:
    async with kabar.running(roles=("chat",)):
        listing = await kabar.ask(SARI, "/langganan")
        refuse(kabar, "editMessageText", 1)
        await kabar.press_button(SARI, listing, "Dunia")
        await kabar.until(lambda: "✓ Dunia" in labels(kabar.now(listing)))
    assert "entities" not in kabar.now(listing)
    assert len(kabar.world.from_bot(SARI)) == 1


@on_sqlite
async def test_a_refused_card_comes_as_text_with_its_address(kabar: Kabar) -> None:
    kabar.press.publish("dunia", 10001, "Kapal tiba", photo=f"{kabar.url}/news/kapal.png")
    async with kabar.running():
        await kabar.primed()
        refuse(kabar, "sendPhoto", 1, "BUTTON_URL_INVALID")
        refuse(kabar, "sendMessage", 2, "BUTTON_URL_INVALID")
        card = await kabar.ask(SARI, "/start story_1")
    assert "Kapal tiba" in card["text"]
    assert card["text"].endswith("/10001/kabar")


@on_sqlite
async def test_an_answer_to_a_chat_that_cannot_be_written_to_is_tried_once(
    kabar: Kabar, caplog: pytest.LogCaptureFixture
) -> None:
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/latest")
        before = len(kabar.world.calls("sendMessage", SARI))
        refuse(kabar, "sendMessage", 1, "not enough rights to send text messages to the chat", SARI)
        kabar.world.say(SARI, "/latest")
        await kabar.ask(OLIVER, "/latest")
        await kabar.ask(SARI, "/help")
    assert len(kabar.world.calls("sendMessage", SARI)) == before + 2
    assert [event["chat"] for event in events(caplog, "reader_gone")] == [SARI]
    assert events(caplog, "answer_refused") == events(caplog, "update_failed") == []
