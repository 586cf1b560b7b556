"""Who may change a channel or a group with buttons, and that a press in a channel never posts anything there."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.world import Callback, Message
from tests.databases import on_sqlite
from tests.wire import OLIVER, SARI, Kabar, button, labels


def channel_of(kabar: Kabar) -> int:
    """A channel of Sari's that Oliver reads."""
    channel = kabar.world.add_channel("Kabar Kampung", SARI)
    kabar.world.chats[channel].members[OLIVER] = "member"
    return channel


async def toast(kabar: Kabar, user: int, message: Message, label: str) -> str:
    """What a person who presses the button is told, seen by nobody else."""
    answer = await kabar.press_button(user, message, label)
    assert answer is not None
    return str(answer["text"])


async def opened(kabar: Kabar, user: int, message: Message, label: str) -> str:
    """The address that the press opens for the person."""
    answer = await kabar.press_button(user, message, label)
    assert answer is not None
    return str(answer.get("url", ""))


async def followed(kabar: Kabar, chat: int) -> list[str]:
    listing = await kabar.ask(SARI, "/langganan", chat=chat)
    return [label for label in labels(listing) if label.startswith("✓")]


async def test_only_a_channels_admins_change_it(kabar: Kabar) -> None:
    channel = channel_of(kabar)
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/ikuti update", chat=channel)
        greeting = await kabar.ask(SARI, "/start", chat=channel)
        listing = await kabar.ask(SARI, "/langganan", chat=channel)
        question = await kabar.ask(SARI, "/stop", chat=channel)
        languages = await kabar.ask(SARI, "/bahasa", chat=channel)
        posted = len(kabar.world.from_bot(channel))
        for message, label in (
            (greeting, "Dunia"),
            (listing, "Dunia"),
            (listing, "UPDATE"),
            (listing, "Hentikan semua"),
            (question, "Ya, hentikan"),
            (question, "Tidak jadi"),
            (languages, "English"),
        ):
            before = kabar.now(message)
            assert "Only this channel's admins" in await toast(kabar, OLIVER, message, label)
            assert kabar.now(message) == before
        assert len(kabar.world.from_bot(channel)) == posted
        assert await followed(kabar, channel) == ["✓ UPDATE: kabar terkini"]

        assert "Anda mengikuti Dunia" in await toast(kabar, SARI, listing, "Dunia")
        await kabar.until(lambda: "✓ Dunia" in labels(kabar.now(listing)))
        assert await followed(kabar, channel) == ["✓ UPDATE: kabar terkini", "✓ Dunia"]


@on_sqlite
async def test_a_readers_press_in_a_channel_opens_the_private_chat_and_posts_nothing(kabar: Kabar) -> None:
    for number in range(11):
        kabar.press.publish("dunia", 10_001 + number, f"Berita nomor {number}")
    channel = channel_of(kabar)
    async with kabar.running():
        await kabar.primed()
        latest = await kabar.ask(SARI, "/terbaru", chat=channel)
        menu = await kabar.ask(SARI, "/help", chat=channel)
        sections = await kabar.ask(SARI, "/rubrik", chat=channel)
        posted = kabar.world.from_bot(channel)
        story = button(latest, "1")["callback_data"].removeprefix("story:")
        link = "https://t.me/kabar_bot?start="
        for user in (OLIVER, SARI):  # the channel's admin too: what they read is not the channel's readers' business
            assert await opened(kabar, user, latest, "1") == f"{link}story_{story}"
            assert await opened(kabar, user, menu, "Terbaru") == f"{link}latest"
            assert await opened(kabar, user, menu, "Populer") == f"{link}popular"
            assert await opened(kabar, user, menu, "Rubrik") == f"{link}sections"
            assert await opened(kabar, user, sections, "Dunia") == f"{link}section_dunia"
        assert await opened(kabar, OLIVER, latest, "Selengkapnya") == f"{link}latest"
        assert await opened(kabar, OLIVER, menu, "Langganan") == f"{link}following"
        assert kabar.world.from_bot(channel) == posted
        for parameter, text in (
            ("latest", "Latest"),
            ("popular", "Popular"),
            ("sections", "Sections"),
            ("following", "What you follow"),
            (f"story_{story}", "Berita nomor"),
        ):
            assert text in str((await kabar.ask(OLIVER, f"/start {parameter}"))["text"])


@on_sqlite
async def test_an_admin_turns_a_channels_pages_and_opens_its_choices_in_place(kabar: Kabar) -> None:
    for number in range(11):
        kabar.press.publish("dunia", 10_001 + number, f"Berita nomor {number}")
    channel = channel_of(kabar)
    async with kabar.running():
        await kabar.primed()
        latest = await kabar.ask(SARI, "/terbaru", chat=channel)
        menu = await kabar.ask(SARI, "/help", chat=channel)
        posted = len(kabar.world.from_bot(channel))
        await kabar.press_button(SARI, latest, "Selengkapnya")
        await kabar.until(lambda: "11. " in kabar.now(latest)["text"])
        await kabar.press_button(SARI, menu, "Langganan")
        await kabar.until(lambda: "Langganan Anda" in kabar.now(menu)["text"])
        assert len(kabar.world.from_bot(channel)) == posted


@on_sqlite
async def test_where_a_channels_message_cannot_be_edited_the_press_still_posts_nothing(kabar: Kabar) -> None:
    channel = channel_of(kabar)
    async with kabar.running(roles=("chat",)):
        listing = await kabar.ask(SARI, "/langganan", chat=channel)
        kabar.world.fail("editMessageText", kind="refuse", code=400, description="Bad Request: message can't be edited")
        assert "Anda mengikuti Dunia" in await toast(kabar, SARI, listing, "Dunia")
        await kabar.ask(SARI, "/help", "Yang bisa Anda lakukan di sini", chat=channel)  # after the press is carried out
    assert len(kabar.world.from_bot(channel)) == 2


@on_sqlite
async def test_who_administers_a_chat_is_asked_once_a_minute(kabar: Kabar) -> None:
    channel = channel_of(kabar)
    group = kabar.world.add_group("Warung Kopi", members=[OLIVER], admins=[SARI])
    async with kabar.running(roles=("chat",)):
        for chat in (channel, group):
            listing = await kabar.ask(SARI, "/langganan", chat=chat)
            for user in (OLIVER, OLIVER, SARI, OLIVER):
                await kabar.press_button(user, listing, "Dunia")
            assert len(kabar.world.calls("getChatAdministrators", chat)) == 1
            assert "✓ Dunia" in await followed(kabar, chat)


@on_sqlite
@pytest.mark.parametrize(
    "fault",
    [{"kind": "error_500"}, {"kind": "refuse", "code": 400, "description": "Bad Request: member list is inaccessible"}],
)
async def test_while_telegram_does_not_say_who_the_admins_are_nobody_may(kabar: Kabar, fault: dict[str, Any]) -> None:
    channel = channel_of(kabar)
    group = kabar.world.add_group("Warung Kopi", members=[OLIVER], admins=[SARI])
    async with kabar.running(roles=("chat",)):
        for chat in (channel, group):
            listing = await kabar.ask(SARI, "/langganan", chat=chat)
            kabar.world.fail("getChatAdministrators", **fault)
            assert "coba lagi sebentar lagi" in await toast(kabar, SARI, listing, "Dunia")
            assert await followed(kabar, chat) == []
            assert "Anda mengikuti Dunia" in await toast(kabar, SARI, listing, "Dunia")


def pressed(kabar: Kabar, payload: dict[str, Any]) -> asyncio.Future[dict[str, Any]]:
    """A press as Telegram reports it, whatever it says of its message; what the person is answered."""
    number = str(payload["id"])
    answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    kabar.world.callbacks[number] = Callback(asyncio.get_running_loop().time(), 0, answer)
    kabar.world.queue("callback_query", payload)
    return answer


@on_sqlite
@pytest.mark.parametrize(
    "about",
    [
        {"inline_message_id": "abc", "chat_instance": "7"},
        {"chat_instance": "7"},
        {"chat_instance": "7", "message": {"chat": {"id": SARI, "type": "private"}, "message_id": 5, "date": 0}},
        {"inline_message_id": "abc"},
    ],
    ids=["inline", "without a message", "inaccessible", "without a chat_instance"],
)
async def test_a_press_without_its_message_is_answered_and_changes_nothing(
    kabar: Kabar, about: dict[str, Any], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with kabar.running(roles=("chat",)):
        await kabar.ask(SARI, "/start")
        for number, data in enumerate(("set:on:section:dunia", "story:1", "stop:yes", "language:en", "nonsense"), 70):
            answer = await asyncio.wait_for(
                pressed(kabar, {"id": str(number), "from": kabar.world.person(SARI), "data": data, **about}), 20
            )
            assert answer["text"] == "" and "url" not in answer
        assert await followed(kabar, SARI) == []
    assert len(kabar.world.from_bot(SARI)) == 2
    assert "Traceback" not in caplog.text + "".join(capsys.readouterr())


@on_sqlite
async def test_what_a_channel_posts_in_its_discussion_group_is_no_command_to_it(kabar: Kabar) -> None:
    group = kabar.world.add_group("Obrolan Kampung", members=[OLIVER], admins=[SARI], bot_is_admin=True)
    channel = channel_of(kabar)
    async with kabar.running(roles=("chat",)):
        post = {
            "message_id": 90,
            "date": 1,
            "chat": kabar.world.chats[group].public(),
            "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
            "sender_chat": kabar.world.chats[channel].public(),
            "is_automatic_forward": True,
            "text": "/ikuti dunia",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        }
        kabar.world.queue("message", post)
        assert await followed(kabar, group) == []
    assert len(kabar.world.from_bot(group)) == 1
