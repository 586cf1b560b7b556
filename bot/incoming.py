"""Parsing of getUpdates' answers and of each update in them; pure functions.

The Bot API server may be older or newer than python-telegram-bot, and a proxy may answer in its place. An answer
without updates raises a network error, which is retried. An update that the library cannot parse raises
UnreadableUpdate, so that it can be skipped; otherwise Telegram would send it again forever.
https://core.telegram.org/bots/api#getting-updates
"""

from typing import Any

import orjson
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError

RETRY_AFTER_AT_MOST = 3600.0  # seconds; longer than any flood wait that Telegram gives for getUpdates

REQUIRED = {"my_chat_member": ("chat", "from", "new_chat_member")}  # the library accepts it without; our handlers don't

RawUpdate = dict[str, Any]


class FloodWait(TelegramError):
    """Telegram demands a wait of `seconds` before the next call."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Flood wait of {seconds:g} s")
        self.seconds = seconds


class UnreadableUpdate(Exception):
    """An update that python-telegram-bot cannot parse; `kind` is the name of its content, such as "poll"."""

    def __init__(self, update_id: int, kind: str, reason: str) -> None:
        super().__init__(f"update {update_id} ({kind}): {reason}")
        self.update_id = update_id
        self.kind = kind
        self.reason = reason


def updates_in(status: int, body: bytes) -> list[RawUpdate]:
    """The updates in an answer to getUpdates that have an id, ordered by it.

    Raises InvalidToken, Conflict or FloodWait, and NetworkError for any other answer that is not a list of updates.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NetworkError(f"HTTP {status} without a Bot API answer") from None
    if not isinstance(answer, dict):
        raise NetworkError(f"HTTP {status} with an answer that is not an object")
    if answer.get("ok") is True and isinstance(answer.get("result"), list):
        numbered = [update for update in answer["result"] if number_of(update) is not None]
        return sorted(numbered, key=lambda update: int(update["update_id"]))
    raise _error_of(answer, status)


def _error_of(answer: dict[str, Any], status: int) -> TelegramError:
    description = str(answer.get("description") or f"HTTP {status} without a result")[:300]
    code = answer.get("error_code", status)
    parameters = answer.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if code in (401, 404):
        return InvalidToken(description)
    if code == 409:
        return Conflict(description)
    if code == 429 or wait is not None:
        return FloodWait(_seconds(wait))
    return NetworkError(description)


def _seconds(value: Any) -> float:
    """Parse a number of seconds, given as a number or as text, limited to RETRY_AFTER_AT_MOST; 1 if it is invalid."""
    try:
        return min(max(float(value), 1.0), RETRY_AFTER_AT_MOST)
    except (TypeError, ValueError):
        return 1.0


def number_of(update: Any) -> int | None:
    """The update's id; None if `update` is not an update."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 else None


def read_update(raw: RawUpdate, bot: Bot) -> Update:
    """Parse an update into the library's object. Raises UnreadableUpdate."""
    kind = next((name for name in raw if name != "update_id"), "empty")
    try:
        payload = raw.get(kind, {})
        if not isinstance(payload, dict):
            raise TypeError(f"{kind} is not an object")
        if missing := [name for name in REQUIRED.get(kind, ()) if name not in payload]:
            raise KeyError(*missing)
        return Update.de_json(raw, bot)
    except Exception as error:  # for missing fields and wrong types the library raises many types of errors
        raise UnreadableUpdate(raw["update_id"], str(kind)[:40], repr(error)[:200]) from error


def callback_id_of(raw: RawUpdate) -> str:
    """The id with which a pressed button is answered; "" if the update is not a pressed button."""
    query = raw.get("callback_query")
    return query["id"] if isinstance(query, dict) and isinstance(query.get("id"), str) else ""
