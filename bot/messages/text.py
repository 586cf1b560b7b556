"""Message: text with entities, rows of buttons, and an optional photo."""

from dataclasses import dataclass
from typing import Any, Self

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity

TEXT_LIMIT = 4096  # code points; https://core.telegram.org/bots/api#sendmessage
CAPTION_LIMIT = 1024  # code points; https://core.telegram.org/bots/api#sendphoto
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

Rows = tuple[tuple[InlineKeyboardButton, ...], ...]


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which is how Telegram counts an entity's offset and length."""
    return len(text) + sum(character > "\uffff" for character in text)


def shorten(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` code points, ending in an ellipsis; at a space, if one is in the last third."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    if space > limit * 2 // 3:
        cut = cut[:space]
    return cut.rstrip(" ,;:.-–—") + "…"


class Text:
    """Builds a text together with its entities, so that no markup has to be escaped or parsed."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._offset = 0
        self.entities: list[MessageEntity] = []

    def add(self, text: str, style: str | None = None, *, url: str | None = None) -> Self:
        """Append `text`; `style` is an entity type such as "bold", `url` makes it a link.

        Blank text gets no entity, because Telegram refuses entities without visible characters.
        """
        length = utf16_length(text)
        if text.strip():
            if style:
                self.entities.append(MessageEntity(style, self._offset, length))
            if url:
                self.entities.append(MessageEntity(MessageEntity.TEXT_LINK, self._offset, length, url=url))
        self._parts.append(text)
        self._offset += length
        return self

    def bold(self, text: str) -> Self:
        return self.add(text, MessageEntity.BOLD)

    def __str__(self) -> str:
        return "".join(self._parts)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send: a photo with the text as caption if `photo` (a URL or a file_id) is given, otherwise text."""

    text: str
    entities: tuple[MessageEntity, ...] = ()
    rows: Rows = ()
    photo: str = ""

    @classmethod
    def of(cls, text: Text | str, rows: Rows = (), photo: str = "") -> Self:
        if isinstance(text, str):
            return cls(text, (), rows, photo)
        return cls(str(text), tuple(text.entities), rows, photo)

    @property
    def markup(self) -> InlineKeyboardMarkup | None:
        return InlineKeyboardMarkup(self.rows) if self.rows else None

    def as_text(self) -> "Message":
        return Message(self.text, self.entities, self.rows)

    def call(self) -> tuple[str, dict[str, Any]]:
        """The Bot API method and its JSON parameters, without the chat."""
        entities = [entity.to_dict() for entity in self.entities]
        params: dict[str, Any] = {}
        if self.photo:
            method = "sendPhoto"
            params |= {"photo": self.photo, "caption": self.text}
            if entities:
                params["caption_entities"] = entities
        else:
            method = "sendMessage"
            params |= {"text": self.text, "link_preview_options": NO_PREVIEW.to_dict()}
            if entities:
                params["entities"] = entities
        if self.rows:
            params["reply_markup"] = InlineKeyboardMarkup(self.rows).to_dict()
        return method, params


def link(label: str, url: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, url=url)
