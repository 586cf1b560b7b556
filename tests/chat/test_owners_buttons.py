"""Owners' buttons work only for an owner, and only in a private chat."""

from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import CallbackQuery, Chat, Message, Update, User

from bot.app import Process
from bot.config import Settings
from handlers import access
from tests.wire import EDITOR, SARI, newsroom

OWNERS_BUTTONS = [
    "withdraw:1",
    "withdraw:1:yes",
    "audience:1:section:dunia:on",
    "broadcast:drop",
    "broadcast:send:1",
    "broadcast:preview:1",
    "pushes",
    "push:pause:1",
    "push:resume:1",
    "push:cancel:1",
    "push:release:1",
    "held:release",
    "held:cancel",
    "copies",
    "copies:9:5",
    "copy:1:news:9:0",
]


@pytest.fixture(scope="module")
def process() -> Process:
    settings = {"bot_token": "111:x", "admin_ids": (EDITOR,), "database_url": "sqlite+aiosqlite://"}
    return Process(Settings.load(None, **settings), newsroom("https://news.example"))


def handler_of(process: Process, data: str, user: int, kind: str) -> Any:
    """What answers the press of such a button by that person in that kind of chat."""
    chat = Chat(user if kind == "private" else -1001, kind)
    message = Message(1, datetime(2026, 2, 22, tzinfo=UTC), chat)
    query = CallbackQuery("1", User(user, "Ratna", is_bot=False), "x", message=message, data=data)
    update = Update(1, callback_query=query)
    return next(each.callback for each in process.app.handlers[0] if each.check_update(update))


@pytest.mark.parametrize("data", OWNERS_BUTTONS)
def test_an_owners_button_answers_an_owner_in_private_only(process: Process, data: str) -> None:
    assert handler_of(process, data, EDITOR, Chat.PRIVATE) is not access.unknown_press
    for kind in (Chat.GROUP, Chat.SUPERGROUP, Chat.CHANNEL):
        assert handler_of(process, data, EDITOR, kind) is access.unknown_press
    assert handler_of(process, data, SARI, Chat.PRIVATE) is access.unknown_press


def test_a_readers_button_answers_everybody_everywhere(process: Process) -> None:
    for user, kind in ((EDITOR, Chat.PRIVATE), (EDITOR, Chat.GROUP), (SARI, Chat.PRIVATE), (SARI, Chat.SUPERGROUP)):
        assert handler_of(process, "following", user, kind) is not access.unknown_press
