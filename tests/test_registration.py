"""Menus and the webhook: each call is tried until it succeeds, apart from the others, and the webhook is watched."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot import registration
from bot.app import Process
from bot.i18n import spoken
from bot.registration import Look, is_failing
from bot.sandbox.world import World
from bot.storage.models import Notice
from tests.databases import on_sqlite
from tests.web.cms import free_port
from tests.wire import EDITOR, PATIENCE, SARI, Kabar


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("FIRST_WAIT", 0.02), ("LONGEST_WAIT", 0.1), ("TOKEN_REFUSED_WAIT", 0.05)):
        monkeypatch.setattr(registration, name, seconds)
    monkeypatch.setattr(registration, "WATCH_SECONDS", 3600.0)


@pytest.fixture
def hook() -> dict[str, Any]:
    """Settings for a webhook."""
    port = free_port()
    return {"http_port": port, "webhook_url": f"http://127.0.0.1:{port}/telegram"}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


def outcomes(world: World, method: str) -> list[Any]:
    return [call["outcome"] for call in world.calls(method)]


def scopes(world: World) -> set[tuple[str, str]]:
    return set(world.menus)


READERS = {("default", code) for code in ("", *spoken())}
OWNERS = {(f"chat:{EDITOR}", code) for code in ("", *spoken())}


async def told(process: Process) -> list[tuple[str, str]]:
    async with process.database.read() as session:
        rows = await session.scalars(select(Notice).order_by(Notice.id))
        return [(row.kind, str(row.data.get("name"))) for row in rows]


async def all_told(process: Process, count: int) -> list[tuple[str, str]]:
    async with asyncio.timeout(PATIENCE):
        while len(notices := await told(process)) < count:
            await asyncio.sleep(0.02)
    return notices


FAILURES: dict[str, dict[str, Any]] = {
    "error_500": {"times": 4},
    "html_502": {"times": 4},
    "reset_before": {"times": 4},
    "reset_after": {"times": 4},
    "flood": {"times": 1, "retry_after": 1},
    "refuse": {"times": 2, "code": 401, "description": "Unauthorized"},
}


@pytest.mark.parametrize("kind", FAILURES)
@on_sqlite
async def test_every_call_is_tried_until_it_succeeds(kabar: Kabar, hook: dict[str, Any], kind: str) -> None:
    for method in ("setMyCommands", "setWebhook"):
        kabar.world.fail(method, kind=kind, **FAILURES[kind])
    async with kabar.running(roles=("chat",), **hook):
        await until(lambda: kabar.world.webhook["url"] == hook["webhook_url"])
        await until(lambda: scopes(kabar.world) == READERS | OWNERS)
        await until(lambda: not kabar.world.faults)
        assert "Terbaru" in (await kabar.ask(SARI, "/terbaru"))["text"]
    kabar.world.fail("deleteWebhook", kind=kind, **FAILURES[kind])
    async with kabar.running(roles=("chat",)):
        await until(lambda: kabar.world.webhook["url"] == "")
        await until(lambda: not kabar.world.faults)
        assert "Terbaru" in (await kabar.ask(SARI, "/terbaru"))["text"]


@on_sqlite
async def test_a_call_that_always_fails_keeps_no_other_from_succeeding(kabar: Kabar, hook: dict[str, Any]) -> None:
    kabar.world.fail("setMyCommands", kind="error_500", times=100_000)
    async with kabar.running(roles=("chat",), **hook):
        assert "Terbaru" in (await kabar.ask(SARI, "/terbaru"))["text"]
        kabar.world.faults.clear()
        await until(lambda: scopes(kabar.world) == READERS | OWNERS)


@on_sqlite
async def test_a_call_without_an_answer_delays_the_others_for_a_moment_only(
    kabar: Kabar, hook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "ANSWER_SECONDS", 1.0)
    kabar.world.fail("setMyCommands", kind="silent", times=3)
    async with kabar.running(roles=("chat",), **hook):
        assert kabar.world.webhook["url"] == hook["webhook_url"]
        await until(lambda: scopes(kabar.world) == READERS | OWNERS)


async def test_a_menu_that_telegram_refuses_is_told_once_and_not_tried_again(kabar: Kabar) -> None:
    refusal = "Bad Request: BOT_COMMAND_INVALID"
    for round_ in range(2):
        kabar.world.fail("setMyCommands", kind="refuse", times=100, chat=None, code=400, description=refusal)
        async with kabar.running(roles=("chat",), admin_ids=()) as process:
            await until(lambda count=len(READERS) * (round_ + 1): len(outcomes(kabar.world, "setMyCommands")) == count)
            names = {name for _, name in await all_told(process, len(READERS))}
            assert names == {f"setMyCommands {code}" for code in ("default", *spoken())}
            assert len(await told(process)) == len(READERS)
        kabar.world.faults.clear()
    assert outcomes(kabar.world, "setMyCommands") == [refusal] * 2 * len(READERS)  # all at each start
    kabar.world.chats[EDITOR].bot = "member"
    async with kabar.running(roles=("chat",)) as process:
        kinds = [kind for kind, _ in await all_told(process, 2 * len(READERS))]
        assert kinds == ["registration_refused"] * len(READERS) + ["registration_accepted"] * len(READERS)
        await kabar.world.wait_for(EDITOR, "Telegram kembali menerima")


@on_sqlite
async def test_a_webhook_that_telegram_refused_is_told_once_and_set_in_the_end(
    kabar: Kabar, hook: dict[str, Any]
) -> None:
    refusal = "Bad Request: bad webhook: Failed to resolve host"
    kabar.world.fail("setWebhook", kind="refuse", times=5, code=400, description=refusal)
    async with kabar.running(roles=("chat",), **hook) as process:
        await until(lambda: kabar.world.webhook["url"] == hook["webhook_url"])
        kinds = [kind for kind, _ in await all_told(process, 2)]
    assert kinds == ["registration_refused", "registration_accepted"]
    assert outcomes(kabar.world, "setWebhook") == [refusal] * 5 + [True]


@on_sqlite
async def test_an_admin_who_never_wrote_to_the_bot_is_no_trouble(kabar: Kabar) -> None:
    kabar.world.chats.pop(EDITOR)
    async with kabar.running(roles=("chat",)) as process:
        await until(lambda: len(outcomes(kabar.world, "setMyCommands")) == len(READERS | OWNERS))
        assert scopes(kabar.world) == READERS
        assert await told(process) == []


@on_sqlite
@pytest.mark.parametrize("url", ["", "https://another.example/telegram"])
async def test_a_webhook_that_another_program_took_away_is_set_again(
    kabar: Kabar, hook: dict[str, Any], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(registration, "WATCH_SECONDS", 0.05)
    async with kabar.running(roles=("chat",), **hook):
        await kabar.ask(SARI, "/terbaru")
        kabar.world.fail("setWebhook", kind="error_500", times=2)
        kabar.world.webhook = {"url": url}
        await until(lambda: kabar.world.webhook["url"] == hook["webhook_url"])
        assert "Terbaru" in (await kabar.ask(SARI, "/terbaru"))["text"]
    assert len(outcomes(kabar.world, "setWebhook")) == 2


@on_sqlite
async def test_a_webhook_that_is_ours_is_left_alone(
    kabar: Kabar, hook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "WATCH_SECONDS", 0.02)
    hook["webhook_url"] = hook["webhook_url"].replace("127.0.0.1", "LOCALHOST")
    async with kabar.running(roles=("chat",), **hook):
        kabar.world.webhook["url"] = hook["webhook_url"].lower()  # as the Bot API server writes it
        await until(lambda: len(kabar.world.calls("getWebhookInfo")) > 5)
    assert len(outcomes(kabar.world, "setWebhook")) == 1


async def test_the_admins_are_told_once_when_updates_do_not_arrive_and_when_they_do_again(
    kabar: Kabar, hook: dict[str, Any]
) -> None:
    world = kabar.world
    world.chats[EDITOR].bot = "member"
    async with kabar.running(roles=("chat",), **hook) as process:
        watch = process.registration
        assert watch is not None
        await until(lambda: bool(world.calls("getWebhookInfo")))
        secret, world.webhook["secret"] = world.webhook["secret"], "another"
        for number in range(3):
            world.say(SARI + number if number == 2 else SARI, "/terbaru")
            await until(lambda: "last_error_date" in world.webhook)
            world.webhook["last_error_date"] += 1  # later than at the last look
            await watch.watch()
        assert [kind for kind, _ in await told(process)] == ["webhook_failing"]
        await world.wait_for(EDITOR, "Telegram tidak dapat meneruskan pesan pembaca")
        world.webhook["secret"] = secret
        await until(lambda: not world.updates)
        for _ in range(2):
            await watch.watch()
        assert [kind for kind, _ in await told(process)] == ["webhook_failing", "webhook_recovered"]
        await world.wait_for(EDITOR, "Pesan pembaca kembali sampai")
    [failing] = [text for text in (str(each.get("text")) for each in world.from_bot(EDITOR)) if "tidak dapat" in text]
    assert failing.endswith("Wrong response from the webhook: 403 Forbidden. 1 pesan menunggu.")


@pytest.mark.parametrize(
    ("before", "now", "failing"),
    [
        (None, Look(9, 100.0), None),  # of before our start, perhaps
        (None, Look(0, 100.0), False),
        (Look(0, 0.0), Look(1, 100.0), True),
        (Look(3, 100.0), Look(4, 160.0), True),
        (Look(3, 100.0), Look(3, 160.0), None),
        (Look(3, 100.0), Look(9, 100.0), None),  # a rush of updates
        (Look(9, 100.0), Look(3, 100.0), False),
        (Look(9, 100.0), Look(3, 160.0), None),
        (Look(9, 100.0), Look(0, 160.0), False),
    ],
)
def test_updates_do_not_arrive_when_handing_over_fails_and_more_wait(
    before: Look | None, now: Look, failing: bool | None
) -> None:
    assert is_failing(before, now) is failing


@on_sqlite
async def test_the_bot_is_described_in_every_language(kabar: Kabar) -> None:
    kabar.world.fail("setMyDescription", kind="error_500", times=2)
    async with kabar.running(roles=("chat",)):
        described = kabar.world.descriptions
        await until(lambda: len(described) == 6)
    assert "/privasi" in described["description", "id"] == described["description", ""]
    assert "/privacy" in described["description", "en"]
    assert described["short_description", "id"].startswith("Berita Kabar Contoh")
