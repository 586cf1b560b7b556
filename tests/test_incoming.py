"""Answers to getUpdates are parsed one update at a time, and no content of theirs can end the process."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import ExtBot

from bot.incoming import FloodWait, UnreadableUpdate, callback_id_of, number_of, read_update, updates_in

BOT: ExtBot[None] = ExtBot("123:token")
MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "/latest"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=15), inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"ok": False}, NetworkError),
        (200, [], NetworkError),
        (200, {"ok": True, "result": "updates"}, NetworkError),
        (200, {"ok": True, "result": {}}, NetworkError),
        (200, {"ok": True}, NetworkError),
        (200, "hello", NetworkError),
        (502, {"ok": False, "error_code": 502, "description": "Bad Gateway"}, NetworkError),
        (401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, InvalidToken),
        (404, {"ok": False, "error_code": 404, "description": "Not Found"}, InvalidToken),
        (409, {"ok": False, "error_code": 409, "description": "Conflict"}, Conflict),
        (429, {"ok": False, "error_code": 429, "parameters": {"retry_after": "3"}}, FloodWait),
        (429, {"ok": False, "error_code": 429, "parameters": []}, FloodWait),
        (429, {"ok": False, "error_code": 429}, FloodWait),
    ],
)
def test_an_answer_without_updates_is_an_error_that_the_poller_handles(
    status: int, body: Any, error: type[TelegramError]
) -> None:
    with pytest.raises(error) as caught:
        updates_in(status, orjson.dumps(body))
    assert type(caught.value) is error


@pytest.mark.parametrize(("given", "seconds"), [("3", 3), (7, 7), (-5, 1), ("soon", 1), (10**9, 3600), (None, 1)])
def test_a_flood_wait_is_a_number_of_seconds_whatever_its_type(given: Any, seconds: int) -> None:
    body = {"ok": False, "error_code": 429, "parameters": {"retry_after": given}}
    with pytest.raises(FloodWait) as caught:
        updates_in(429, orjson.dumps(body))
    assert caught.value.seconds == seconds


def test_a_proxys_page_is_a_network_error() -> None:
    with pytest.raises(NetworkError):
        updates_in(502, b"<html>Bad Gateway</html>")


def test_updates_come_in_the_order_of_their_numbers_and_what_has_none_is_left_out() -> None:
    result = [{"update_id": 9}, {"update_id": 7}, {"message": {}}, "text", {"update_id": "8"}, {"update_id": True}]
    assert updates_in(200, orjson.dumps({"ok": True, "result": result})) == [{"update_id": 7}, {"update_id": 9}]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("poll", {"id": "1"}),
        ("my_chat_member", {"chat": {"id": 5, "type": "private"}}),
        ("callback_query", {"id": "77", "from": {"id": 5, "is_bot": False, "first_name": "Sari"}}),
        ("message", {"message_id": 1}),
        ("message", "text"),
        ("message", {**MESSAGE, "date": "yesterday"}),
    ],
)
def test_an_update_without_a_required_field_is_unreadable_and_says_what_it_is(kind: str, payload: Any) -> None:
    with pytest.raises(UnreadableUpdate) as caught:
        read_update({"update_id": 12, kind: payload}, BOT)
    assert (caught.value.update_id, caught.value.kind) == (12, kind)


def test_an_update_of_a_kind_that_nobody_knows_is_read_as_nothing() -> None:
    assert read_update({"update_id": 12, "gift": {"of": "tomorrow"}}, BOT).effective_chat is None


def test_a_message_is_read() -> None:
    update = read_update({"update_id": 12, "message": MESSAGE}, BOT)
    assert update.effective_chat is not None
    assert update.effective_chat.id == 5


def test_a_button_that_cannot_be_read_can_be_answered() -> None:
    assert callback_id_of({"update_id": 1, "callback_query": {"id": "77"}}) == "77"
    assert callback_id_of({"update_id": 1, "callback_query": {"id": 77}}) == ""
    assert callback_id_of({"update_id": 1, "message": MESSAGE}) == ""


@given(JSON)
def test_nothing_that_is_json_is_more_than_unreadable(payload: Any) -> None:
    for kind in ("message", "callback_query", "my_chat_member", "poll", "anything"):
        with suppress(UnreadableUpdate):
            read_update({"update_id": 1, kind: payload}, BOT)


@given(st.integers(100, 599), JSON | st.binary(max_size=40))
def test_whatever_answers_getupdates_is_updates_or_a_telegram_error(status: int, answer: Any) -> None:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    with suppress(TelegramError):
        assert all(number_of(update) is not None for update in updates_in(status, body))
