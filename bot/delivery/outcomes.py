"""Classifies Telegram's answer to a send, or a missing answer, as an outcome. Pure.

Source of the error texts and codes: https://github.com/tdlib/telegram-bot-api (Client.cpp).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from bot.audience.subscribers import BLOCKED, LEFT, SILENT


class Mark(IntEnum):
    """The outcome stored in a delivery's row. SENT, GONE, REFUSED and LOST are final; the other two are tried again."""

    SENT = 1
    GONE = 2  # the chat cannot be reached; the subscriber's state says why
    REFUSED = 3  # Telegram rejects this message for this chat
    WAITING = 4  # certainly not sent; will be tried again
    UNKNOWN = 5  # perhaps sent, because no answer came; will be tried again
    LOST = 6  # no answer to the last try allowed; given up


class Sent(NamedTuple):
    message_id: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Not sent; try again in `seconds`. `flood`: Telegram asked for the wait (HTTP 429)."""

    seconds: float
    reason: str
    flood: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """The chat (or, with `topic_only`, one topic of it) cannot be reached; `state` is its subscriber's new state."""

    state: str
    reason: str
    topic_only: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    chat_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram rejects the message. `photo`: because of its photo, so it can be sent as text instead; `here`: because
    the chat takes no photos at all."""

    reason: str
    photo: bool = False
    here: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """The message to edit or delete no longer exists or cannot be changed. This concerns only this chat."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps sent: no answer came, or none that tells."""

    reason: str


Outcome = Sent | Wait | Gone | Moved | Refused | Missing | Unknown

BLOCKED_TEXTS = ("bot was blocked by the user", "user is deactivated", "can't initiate conversation", "to bots")
LEFT_TEXTS = (
    "bot was kicked",
    "not a member",
    "group chat was deleted",
    "chat not found",
    "peer_id_invalid",
    "channel_private",
    "user_deleted",
    "chat_id_invalid",
    "group chat was deactivated",
)
SILENT_TEXTS = (
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_send_plain_forbidden",
    "chat_restricted",
    "user_banned_in_channel",
    "chat_admin_required",
)
NO_PHOTOS_TEXTS = ("not enough rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden")
TOPIC_TEXTS = ("topic_closed", "topic_deleted", "message thread not found", "topic closed", "topic not found")
DONE_TEXTS = ("message is not modified", "message to delete not found")  # the message already is as wanted
MISSING_TEXTS = ("message to edit not found", "message can't be edited", "message_id_invalid")
PHOTO_TEXTS = (
    "failed to get http url content",
    "wrong type of the web page content",
    "wrong http url specified",
    "wrong file identifier",
    "wrong remote file",
    "invalid file http url",
    "there is no photo",
    "photo_",
    "photo has unsupported extension",
    "image_process_failed",
    "can't use file of type",
    "webpage_",
    "file must be non-empty",
    "wrong file_id",
    "media_empty",
)


def classify(status: int, answer: dict[str, Any] | None) -> Outcome:
    """The outcome of an answered send, from the HTTP status and the JSON body (None if the body was no JSON object)."""
    if answer is None:
        # Probably HTML from a proxy; the server behind it may have sent the message.
        return Unknown(f"HTTP {status} without a Bot API answer")
    if answer.get("ok"):
        result = answer.get("result")
        if isinstance(result, dict) and isinstance(result.get("message_id"), int):
            return Sent(result["message_id"])
        return Sent(0)
    description = str(answer.get("description", ""))
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    code = answer.get("error_code", status)
    if isinstance(parameters.get("migrate_to_chat_id"), int):
        return Moved(parameters["migrate_to_chat_id"])
    if code == 429:
        return Wait(_seconds(parameters.get("retry_after")), description, flood=True)
    if code == 401 or code == 404:
        return Wait(60, description)  # the server does not accept the token: says nothing about this chat or message
    if isinstance(code, int) and code >= 500:
        return Unknown(description or f"HTTP {code}")
    return _refusal(description)


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else 1.0


def _refusal(description: str) -> Outcome:
    text = description.lower()
    if any(part in text for part in DONE_TEXTS):
        return Sent(0)
    if any(part in text for part in MISSING_TEXTS):
        return Missing(description)
    for texts, state in ((BLOCKED_TEXTS, BLOCKED), (LEFT_TEXTS, LEFT)):
        if any(part in text for part in texts):
            return Gone(state, description)
    if any(part in text for part in TOPIC_TEXTS):
        return Gone(SILENT, description, topic_only=True)
    if any(part in text for part in NO_PHOTOS_TEXTS):
        return Refused(description, here=True)
    if any(part in text for part in SILENT_TEXTS):
        return Gone(SILENT, description)
    if text.startswith("forbidden"):
        return Gone(LEFT, description)
    return Refused(description, photo=any(part in text for part in PHOTO_TEXTS))
