"""Plainer forms of a message, for when Telegram refuses it: a reader who asked gets an answer, if not a pretty one.

https://core.telegram.org/bots/api#inlinekeyboardbutton names the limit of a button's data. That a keyboard has at most
100 buttons, 8 in a row and about 10 kB is measured: https://github.com/TelegramBotAPI/errors.
"""

from collections.abc import Iterator

from telegram import InlineKeyboardButton

from bot.messages.buttons import DATA_LIMIT
from bot.messages.text import TEXT_LIMIT, Message, Rows, utf16_length
from bot.telegram_limits import BUTTON_URL_LIMIT, is_visible

BUTTONS_AT_MOST = 100
ROW_AT_MOST = 8
KEYBOARD_BYTES = 9_000
LABEL_AT_MOST = 64
BUTTON_BYTES = 40  # the names of its fields, quotation marks and braces


def forms(message: Message) -> Iterator[Message]:
    """The message's text without entities and with what is certain to be accepted of its keyboard; then without any.

    Without a keyboard the addresses behind its buttons stand in the text. A form that says no less is left out.
    """
    tried = message.as_text()
    addresses = _addresses(message.rows)
    text = cut(message.text, TEXT_LIMIT // 2 if addresses else TEXT_LIMIT)
    for plain in (
        Message(cut(message.text), (), fitting(message.rows)),
        Message(cut("\n\n".join([text, *addresses]))),
    ):
        if plain != tried:
            yield plain
        tried = plain


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text with at most `limit` UTF-16 code units, which is never more than so many code points."""
    text = text.encode("utf-8", "replace").decode()  # half of a surrogate pair becomes a question mark
    if not is_visible(text):
        return "…"
    if utf16_length(text) <= limit:
        return text
    return text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def fitting(rows: Rows) -> Rows:
    """The rows with those buttons that are within the limits, the first ones if there are too many."""
    left, size = BUTTONS_AT_MOST, KEYBOARD_BYTES
    kept: list[tuple[InlineKeyboardButton, ...]] = []
    for row in rows:
        buttons = []
        for button in filter(_is_valid, row):
            label = cut(button.text, LABEL_AT_MOST)
            size -= len(f"{label}{button.callback_data or ''}{button.url or ''}".encode()) + BUTTON_BYTES
            left -= 1
            if left >= 0 and size >= 0:
                buttons.append(InlineKeyboardButton(label, url=button.url, callback_data=button.callback_data))
        kept += [tuple(buttons[at : at + ROW_AT_MOST]) for at in range(0, len(buttons), ROW_AT_MOST)]
    return tuple(kept)


def _is_valid(button: InlineKeyboardButton) -> bool:
    if button.url:
        return len(button.url) <= BUTTON_URL_LIMIT
    return isinstance(button.callback_data, str) and 1 <= len(button.callback_data.encode()) <= DATA_LIMIT


def _addresses(rows: Rows) -> list[str]:
    return [button.url for row in rows for button in row if button.url and len(button.url) <= BUTTON_URL_LIMIT][:3]
