"""Checks of texts, entities and keyboards, with the error texts of the open Bot API server."""

import re
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.errors import Refusal

TEXT_LIMIT = 4096  # code points
CAPTION_LIMIT = 1024
ENTITIES_KEPT = 100
DATA_LIMIT = 64  # bytes
MARKUP_LIMIT = 10_000  # bytes, approximately
ENTITY_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
_INVISIBLE = " \t\r\n\u200b\u200c\u200d\u2060\ufeff"


def utf16_length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def check_text(text: Any, entities: Any, *, limit: int, what: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as the message will show it, trimmed, and its entities, clipped to it. Raises Refusal.

    `limit` is in code points, entities count UTF-16 units. `what` is "text" or "caption".
    """
    text = text if isinstance(text, str) else ""
    if what == "text" and not text:
        raise Refusal("message text is empty")
    if len(text.encode("utf-8", "surrogatepass")) > 32_768:
        raise Refusal("text is too long")
    if re.search(r"[\ud800-\udfff]", text):
        raise Refusal("strings must be encoded in UTF-8")
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e]", " ", text).replace("\r", "")
    checked = _check_entities(text, entities)
    if what == "text" and not text.strip(_INVISIBLE):
        raise Refusal("text must be non-empty")
    if len(text) > limit:
        raise Refusal("message is too long" if what == "text" else "message caption is too long")
    lead = utf16_length(text[: len(text) - len(text.lstrip(" \n"))])
    trimmed = text.strip(" \n")
    end = utf16_length(trimmed)
    kept = []
    for entity in checked[:ENTITIES_KEPT]:
        start = max(0, entity["offset"] - lead)
        stop = min(end, entity["offset"] + entity["length"] - lead)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return trimmed, kept


def _check_entities(text: str, entities: Any) -> list[dict[str, Any]]:
    if entities is None:
        return []
    if not isinstance(entities, list):
        raise Refusal("can't parse entities: expected an Array of MessageEntity")
    length = utf16_length(text)
    for entity in entities:
        if not isinstance(entity, dict):
            raise Refusal("can't parse MessageEntity: expected an Object")
        for field in ("type", "offset", "length"):
            if field not in entity:
                raise Refusal(f"can't parse MessageEntity: Can't find field \"{field}\"")
        if entity["type"] not in ENTITY_TYPES:
            raise Refusal("can't parse MessageEntity: Unsupported entity type specified")
        offset, size = entity["offset"], entity["length"]
        if (
            not isinstance(offset, int)
            or not isinstance(size, int)
            or offset < 0
            or size <= 0
            or offset + size > length
        ):
            raise Refusal(f"can't parse entities: entity at {offset} for {size} is outside of the text of {length}")
        if _splits_pair(text, offset) or _splits_pair(text, offset + size):
            raise Refusal("can't parse entities: an entity begins or ends inside of a character")
        if entity["type"] == "text_link" and not valid_url(str(entity.get("url", ""))):
            raise Refusal("can't parse MessageEntity: URL is invalid")
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _splits_pair(text: str, at: int) -> bool:
    units = text.encode("utf-16-le")
    return 0 < at * 2 < len(units) and 0xDC <= units[at * 2 + 1] <= 0xDF


def valid_url(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "tg":
        return True
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)


def check_keyboard(markup: Any) -> dict[str, Any] | None:
    """The inline keyboard as the message will show it, or None. Raises Refusal."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise Refusal("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        raise Refusal("inline keyboard expected")
    if not isinstance(rows, list) or any(not isinstance(row, list) for row in rows):
        raise Refusal("can't parse inline keyboard: an Array of Arrays is expected")
    for button in (button for row in rows for button in row):
        _check_button(button)
    kept = [row[:12] for row in rows if row]
    size = sum(len(str(button).encode()) for row in kept for button in row)
    if size > MARKUP_LIMIT or sum(map(len, kept)) > 100:
        raise Refusal("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _check_button(button: Any) -> None:
    start = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise Refusal(start + "object expected")
    if not str(button.get("text", "")).strip():
        raise Refusal(start + 'Can\'t find field "text"')
    if "url" in button:
        if not valid_url(str(button["url"])):
            raise Refusal(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    elif "callback_data" in button:
        if not 1 <= len(str(button["callback_data"]).encode()) <= DATA_LIMIT:
            raise Refusal("BUTTON_DATA_INVALID")
    elif not {"switch_inline_query", "switch_inline_query_current_chat", "copy_text", "web_app"} & set(button):
        raise Refusal(start + "Text buttons are unallowed in the inline keyboard")
