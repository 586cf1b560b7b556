"""The server behaves as the Bot API's: each fact is asked over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.wire import PATIENCE

SARI, BIMA = 1001, 1002


class Wire:
    def __init__(self, world: World, server: Server, session: aiohttp.ClientSession) -> None:
        self.world, self.url, self.session = world, server.url, session

    async def call(self, method: str, token: str = "", **params: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.url}/bot{token or self.world.token}/{method}", json=params) as answer:
            body: dict[str, Any] = await answer.json()
        return {"status": answer.status, **body}

    async def refused(self, method: str, **params: Any) -> str:
        answer = await self.call(method, **params)
        assert not answer["ok"], answer
        assert answer["status"] == answer["error_code"]
        return str(answer["description"])


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    world = World()
    for number, name in ((SARI, "Sari"), (BIMA, "Bima")):
        world.add_user(name, id=number)
    world.say(SARI, "/start")
    async with Server(world) as server, aiohttp.ClientSession() as session:
        yield Wire(world, server, session)


async def test_a_message_arrives_and_is_seen(wire: Wire) -> None:
    answer = await wire.call("sendMessage", chat_id=SARI, text="Halo")
    assert answer["ok"]
    assert wire.world.from_bot(SARI)[-1]["text"] == "Halo"
    assert wire.world.violations == []


async def test_a_wrong_token_and_an_unknown_method_are_refused(wire: Wire) -> None:
    assert (await wire.call("getMe", token="1:other"))["description"] == "Unauthorized"
    assert await wire.refused("sendNothing") == "Not Found: method not found"
    assert (await wire.call("GETME"))["ok"]


async def test_who_never_started_cannot_be_written_to(wire: Wire) -> None:
    text = await wire.refused("sendMessage", chat_id=BIMA, text="Halo")
    assert text == "Forbidden: bot can't initiate conversation with a user"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "message text is empty"),
        ("  \n ", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("x" * 33_000, "text is too long"),
    ],
)
async def test_texts_have_limits_in_code_points(wire: Wire, text: str, reason: str) -> None:
    assert await wire.refused("sendMessage", chat_id=SARI, text=text) == f"Bad Request: {reason}"


async def test_4096_emoji_are_not_too_long(wire: Wire) -> None:
    assert (await wire.call("sendMessage", chat_id=SARI, text="😀" * 4096))["ok"]


async def test_entities_are_counted_in_utf_16_and_stay_inside_the_text(wire: Wire) -> None:
    bold = {"type": "bold", "offset": 2, "length": 3}
    assert (await wire.call("sendMessage", chat_id=SARI, text="😀abc", entities=[bold]))["ok"]
    for wrong in ({"offset": 3, "length": 3}, {"offset": 1, "length": 2}, {"offset": 0, "length": 0}):
        assert "entities" in await wire.refused(
            "sendMessage", chat_id=SARI, text="😀abc", entities=[{"type": "bold", **wrong}]
        )


async def test_more_than_a_hundred_entities_vanish_in_silence(wire: Wire) -> None:
    spans = [{"type": "bold", "offset": at * 2, "length": 1} for at in range(101)]
    answer = await wire.call("sendMessage", chat_id=SARI, text="a " * 110, entities=spans)
    assert len(answer["result"]["entities"]) == 100


async def test_a_parse_mode_is_refused_and_remembered(wire: Wire) -> None:
    assert "parse_mode" in await wire.refused("sendMessage", chat_id=SARI, text="<b>a</b>", parse_mode="HTML")
    assert wire.world.violations[-1]["problem"] == "parse_mode"


async def test_what_a_careful_client_would_not_send_is_remembered(wire: Wire) -> None:
    await wire.call("sendMessage", chat_id=SARI, text="Halo", colour="red")
    await wire.call("sendMessage", chat_id=SARI, text="Halo", disable_notification="yes")
    assert [each["problem"] for each in wire.world.violations] == [
        "unknown parameter colour",
        "disable_notification is no Boolean",
    ]


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "a", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "url": "foo"}, "inline keyboard button URL 'foo' is invalid: Wrong HTTP URL"),
        ({"text": "a"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"callback_data": "a"}, "can't parse inline keyboard button: Can't find field \"text\""),
    ],
)
async def test_buttons_are_checked(wire: Wire, button: dict[str, str], reason: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    assert await wire.refused("sendMessage", chat_id=SARI, text="a", reply_markup=markup) == f"Bad Request: {reason}"


async def test_an_edit_that_changes_nothing_is_refused(wire: Wire) -> None:
    number = (await wire.call("sendMessage", chat_id=SARI, text="Halo"))["result"]["message_id"]
    assert "message is not modified" in await wire.refused(
        "editMessageText", chat_id=SARI, message_id=number, text="Halo"
    )
    assert (await wire.call("editMessageText", chat_id=SARI, message_id=number, text="Hai"))["ok"]
    assert wire.world.from_bot(SARI)[-1]["text"] == "Hai"


async def test_only_own_messages_are_edited(wire: Wire) -> None:
    assert "message can't be edited" in await wire.refused("editMessageText", chat_id=SARI, message_id=1, text="Hai")
    assert "message to edit not found" in await wire.refused("editMessageText", chat_id=SARI, message_id=99, text="a")


async def test_a_message_of_two_days_ago_cannot_be_deleted(wire: Wire) -> None:
    number = (await wire.call("sendMessage", chat_id=SARI, text="Halo"))["result"]["message_id"]
    wire.world.chats[SARI].messages[number]["date"] -= 49 * 3600
    assert "can't be deleted for everyone" in await wire.refused("deleteMessage", chat_id=SARI, message_id=number)


async def test_a_photo_by_address_is_fetched_once_and_a_failure_is_remembered(wire: Wire) -> None:
    async def picture(request: web.Request) -> web.Response:
        kind = "image/png" if "good" in request.path else "text/html"
        return web.Response(body=b"\x89PNG\r\n\x1a\n" + bytes(50), content_type=kind)

    app = web.Application()
    app.router.add_get("/{name:.*}", picture)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    for _ in range(2):
        good = await wire.call("sendPhoto", chat_id=SARI, photo=f"{base}/good.png", caption="Foto")
        reason = await wire.refused("sendPhoto", chat_id=SARI, photo=f"{base}/bad.png")
    await runner.cleanup()
    assert reason == "Bad Request: wrong type of the web page content"
    assert wire.world.photos.fetches == 2
    again = await wire.call("sendPhoto", chat_id=SARI, photo=good["result"]["photo"][-1]["file_id"])
    assert again["ok"]


async def test_a_pressed_button_can_open_only_the_bots_own_private_chat(wire: Wire) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    sent = await wire.call("sendMessage", chat_id=SARI, text="Pilih", reply_markup=markup)
    offset = wire.world.updates[-1]["update_id"] + 1
    link = "https://t.me/kabar_bot?start=latest"

    async def answer() -> None:
        (update,) = (await wire.call("getUpdates", offset=offset, timeout=5))["result"]
        number = update["callback_query"]["id"]
        wrong = {"callback_query_id": number, "url": "https://news.example/"}
        assert await wire.refused("answerCallbackQuery", **wrong) == "Bad Request: URL_INVALID"
        assert (await wire.call("answerCallbackQuery", callback_query_id=number, url=link))["ok"]

    answered, _ = await asyncio.gather(wire.world.press(SARI, SARI, sent["result"]["message_id"], "a"), answer())
    assert answered == {"text": "", "show_alert": False, "url": link}


async def test_a_pressed_button_is_answered_once(wire: Wire) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    number = (await wire.call("sendMessage", chat_id=SARI, text="a", reply_markup=markup))["result"]["message_id"]

    offset = wire.world.updates[-1]["update_id"] + 1

    async def answer() -> dict[str, Any]:
        update = (await wire.call("getUpdates", offset=offset, timeout=5))["result"][0]
        await wire.call("answerCallbackQuery", callback_query_id=update["callback_query"]["id"], text="Sip")
        return update

    answered, update = await asyncio.gather(wire.world.press(SARI, SARI, number, "a"), answer())
    assert answered == {"text": "Sip", "show_alert": False}
    assert "query is too old" in await wire.refused(
        "answerCallbackQuery", callback_query_id=update["callback_query"]["id"]
    )


async def test_an_offset_drops_what_is_before_it_for_good(wire: Wire) -> None:
    wire.world.say(SARI, "satu")
    wire.world.say(SARI, "dua")
    updates = (await wire.call("getUpdates"))["result"]
    assert [each["message"]["text"] for each in updates] == ["/start", "satu", "dua"]
    await wire.call("getUpdates", offset=updates[2]["update_id"])
    assert [each["message"]["text"] for each in (await wire.call("getUpdates"))["result"]] == ["dua"]


async def test_a_second_poller_ends_the_first(wire: Wire) -> None:
    await wire.call("getUpdates", offset=10_000)

    async def second() -> None:
        await asyncio.sleep(0.2)
        wire.world.say(SARI, "halo")

    first = asyncio.get_running_loop().create_task(wire.call("getUpdates", timeout=5, offset=0))
    await asyncio.sleep(0.1)
    _, other = await asyncio.gather(second(), wire.call("getUpdates", timeout=5, offset=0))
    assert "terminated by other getUpdates request" in (await first)["description"]
    assert other["ok"]


async def test_a_webhook_gets_each_update_until_it_says_200(wire: Wire) -> None:
    taken: list[tuple[str, str]] = []
    failing = [500, 200, 200]

    async def hook(request: web.Request) -> web.Response:
        body = await request.json()
        taken.append((body["message"]["text"], request.headers["X-Telegram-Bot-Api-Secret-Token"]))
        return web.Response(status=failing.pop(0) if failing else 200)

    app = web.Application()
    app.router.add_post("/telegram", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire.world.say(SARI, "satu")
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
    assert (await wire.call("setWebhook", url=url, secret_token="rahasia"))["description"] == "Webhook was set"
    async with asyncio.timeout(PATIENCE):
        while len(taken) < 3:
            await asyncio.sleep(0.02)
    await runner.cleanup()
    assert taken == [("/start", "rahasia"), ("/start", "rahasia"), ("satu", "rahasia")]
    assert "can't use getUpdates method while webhook is active" in await wire.refused("getUpdates")


async def test_a_webhook_elsewhere_must_be_https_on_its_ports(wire: Wire) -> None:
    assert "An HTTPS URL must be provided" in await wire.refused("setWebhook", url="http://bot.example/telegram")
    assert "only on ports" in await wire.refused("setWebhook", url="https://bot.example:8080/telegram")


@pytest.mark.parametrize(("mode", "seconds"), [("bucket", 9), ("window", 1)])
async def test_a_flood_is_refused_with_how_long_to_wait(mode: str, seconds: int) -> None:
    world = World(flood=mode, rate=5)
    chats = [world.add_user(f"Pembaca {number}") for number in range(60)]
    for chat in chats:
        world.say(chat, "/start")
    async with Server(world) as server, aiohttp.ClientSession() as session:
        wire = Wire(world, server, session)
        started = time.monotonic()
        answers = await asyncio.gather(*(wire.call("sendMessage", chat_id=chat, text="a") for chat in chats))
    refused = [answer for answer in answers if not answer["ok"]]
    assert refused
    assert all(answer["error_code"] == 429 for answer in refused)
    assert all(answer["parameters"]["retry_after"] >= 1 for answer in refused)
    if mode == "bucket":  # waits of up to eight seconds are slow answers instead
        assert time.monotonic() - started > 2


async def test_another_sites_page_cannot_work_the_sandbox(wire: Wire) -> None:
    path = f"{wire.url}/sandbox/people"
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        async with wire.session.post(path, json={"name": "Mallory"}, headers=headers) as answer:
            assert answer.status == 403
    async with wire.session.post(path, json={"name": "Dewi"}, headers={"Origin": wire.url}) as answer:
        assert answer.status == 200
    async with wire.session.get(f"{wire.url}/page/..%2Fserver.py") as answer:
        assert answer.status == 404


async def test_events_tell_the_page_what_happens(wire: Wire) -> None:
    async with wire.session.get(f"{wire.url}/sandbox/events") as events:
        await wire.call("sendMessage", chat_id=SARI, text="Halo")
        async with asyncio.timeout(PATIENCE):
            async for line in events.content:
                if b'"Halo"' in line:
                    break
