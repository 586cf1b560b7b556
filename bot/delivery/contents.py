"""A push's content as encoded request bodies: rendered once per language, with the chat inserted for each delivery."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import update

from bot.config import Newsroom
from bot.delivery.deliveries import Chat, Copy, Record
from bot.delivery.lanes import LANES
from bot.delivery.outcomes import Mark, Refused
from bot.delivery.photos import Photo
from bot.delivery.revisions import same_photo
from bot.delivery.telegram import ATTACHED
from bot.i18n import choose, load_language
from bot.messages.alerts import options_button
from bot.messages.stories import card, retracted
from bot.messages.text import Message
from bot.storage.engine import Session
from bot.storage.models import Push, PushKind, PushState, Story, StoryState

# https://core.telegram.org/bots/api#deletemessage, less 5 minutes that the deletion may wait in the queue
DELETABLE_SECONDS = 48 * 3600 - 300


class Content:
    """One push's content in all its variants. `text_only`: without the photo, because Telegram refused it."""

    revision = 0

    def __init__(self, newsroom: Newsroom, push: Push) -> None:
        self._newsroom = newsroom
        self.text_only = push.text_only
        self._encoded: dict[Hashable, tuple[str, bytes]] = {}

    @property
    def story_id(self) -> int | None:
        return None

    @property
    def image_url(self) -> str:
        """The address of the story's photo when the content was loaded; "" if it has none."""
        return ""

    @property
    def photo(self) -> Photo:
        """The story's photo in the form in which it is sent now; "" if it is sent without one."""
        return ""

    @property
    def is_urgent(self) -> bool:
        """Whether the photo is not worth a wait."""
        return False

    @property
    def has_new_photo(self) -> bool:
        """Whether the photo is sent without a file_id, so that one message must go first to learn it."""
        return False

    @property
    def replaced_file_id(self) -> str:
        """The file_id that the story had when the content was loaded."""
        return ""

    def use_photo(self, photo: Photo) -> None:
        """Send the photo in this form from now on; "": go on without it."""

    def body(self, chat: Chat) -> tuple[str, bytes]:
        """The method and the JSON body for a chat."""
        variant = (self._variant(chat), "plain") if chat.plain else self._variant(chat)
        encoded = self._encoded.get(variant)
        if encoded is None:
            method, params = self._call(chat)
            encoded = self._encoded[variant] = method, orjson.dumps(params)[1:] if params else b""
        method, rest = encoded
        if chat.copy is not None:
            where = b'{"chat_id":%d,"message_id":%d' % (chat.chat_id, chat.copy.message_id)
            return method, b"%b,%b" % (where, rest) if rest else where + b"}"
        if chat.silent:
            rest = b'"disable_notification":true,' + rest
        if chat.thread_id:
            return method, b'{"chat_id":%d,"message_thread_id":%d,%b' % (chat.chat_id, chat.thread_id, rest)
        return method, b'{"chat_id":%d,%b' % (chat.chat_id, rest)

    def learn_photo(self, _answer: bytes) -> str:
        """Store and return the file_id from the answer to the first message with the photo; "" if it has none."""
        return ""

    def fallback(self, chat: Chat, refused: Refused) -> Chat | None:
        """What to try next in the chat after this refusal: the chat to send to, or None if nothing is left to try."""
        if not refused.photo:
            return None
        self._go_text_only()
        return chat

    def _go_text_only(self) -> None:
        if not self.text_only:
            self.text_only = True
            self._encoded.clear()

    def record(self, chat: Chat, message_id: int) -> Record:
        """The record of a successful delivery."""
        return Record(chat, Mark.SENT, message_id)

    def _variant(self, chat: Chat) -> Hashable:
        """The key of the variant that the chat gets: chats with equal keys share one encoded body."""
        return chat.language

    def _call(self, chat: Chat) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError


class Broadcast(Content):
    """A broadcast: a message that a person wrote."""

    def __init__(self, newsroom: Newsroom, push: Push) -> None:
        super().__init__(newsroom, push)
        self._message = push.content or {}

    def _variant(self, chat: Chat) -> Hashable:
        return ""

    def _call(self, chat: Chat) -> tuple[str, dict[str, Any]]:
        method, params = str(self._message["method"]), dict(self._message["params"])
        if method == "sendPhoto" and (self.text_only or chat.plain):
            return "sendMessage", text_instead(params)
        return method, params


class Alert(Content):
    """A story's card."""

    def __init__(self, newsroom: Newsroom, push: Push, story: Story, public_url: str) -> None:
        super().__init__(newsroom, push)
        self._public_url = public_url
        self._story = story
        self._photo_known = bool(story.image_file_id) or not story.image_url
        self._replaced_file_id = story.image_file_id
        self._jpeg: bytes | None = None  # our own file of the photo, until Telegram has given it a file_id
        self._has_options = bool(push.audience)  # pushed, and not a card that a reader opened
        self.revision = story.revision

    @property
    def story_id(self) -> int | None:
        return self._story.id

    @property
    def image_url(self) -> str:
        return self._story.image_url

    @property
    def photo(self) -> Photo:
        if self.text_only or not self._story.image_url:
            return ""
        return self._jpeg or self._story.image_file_id or self._story.image_url

    @property
    def is_urgent(self) -> bool:
        return self._story.is_update

    @property
    def has_new_photo(self) -> bool:
        return not (self._photo_known or self.text_only)

    @property
    def replaced_file_id(self) -> str:
        return self._replaced_file_id

    def use_photo(self, photo: Photo) -> None:
        if photo == self.photo:
            return
        if not photo:
            self._go_text_only()
            return
        self._jpeg = photo if isinstance(photo, bytes) else None
        self._photo_known = False
        self._encoded.clear()

    def learn_photo(self, answer: bytes) -> str:
        # Known also when this message had no photo: then there is none to learn. A file is not sent to many at once.
        self._photo_known = self._jpeg is None
        result = orjson.loads(answer).get("result", {})
        sizes = result.get("photo") if isinstance(result, dict) else None
        file_id = sizes[-1].get("file_id", "") if isinstance(sizes, list) and sizes else ""
        if file_id:
            self._story.image_file_id = file_id
            self._jpeg, self._photo_known = None, True
            self._encoded.clear()
        return str(file_id)

    def record(self, chat: Chat, message_id: int) -> Record:
        photo = bool(self._story.image_url) and not (self.text_only or chat.plain)
        return Record(chat, Mark.SENT, message_id, revision=self.revision, photo=photo)

    def _variant(self, chat: Chat) -> Hashable:
        return chat.language, chat.chat_id > 0

    def _call(self, chat: Chat) -> tuple[str, dict[str, Any]]:
        message = self._card(chat)
        return (message.as_text() if self.text_only or chat.plain else message).call()

    def _card(self, chat: Chat) -> Message:
        language = load_language(choose(chat.language, self._newsroom.language))
        message = card(self._newsroom, self._story, language, self._public_url)
        if self._has_options and chat.chat_id > 0:  # a group's or a channel's are its admins', with /following
            message = replace(message, rows=(*message.rows, (options_button(language, self._story.id),)))
        return message if self._jpeg is None else replace(message, photo=ATTACHED)


class Correction(Alert):
    """An edit that replaces a copy of a story's card: its text, its caption, or its photo and caption.

    A text becomes a photo where the story has one by now. A photo can't become a text: it stays, with another caption.
    """

    def __init__(self, newsroom: Newsroom, push: Push, story: Story, public_url: str) -> None:
        super().__init__(newsroom, push, story, public_url)
        self._texts_stay = False  # the Bot API server is older than 7.11, and adds no photo to a text

    @property
    def is_urgent(self) -> bool:
        return False

    def _variant(self, chat: Chat) -> Hashable:
        return chat.language, chat.chat_id > 0, self._method(chat)

    def _method(self, chat: Chat) -> str:
        copy, photo = _copy(chat), self.photo and not chat.plain
        if not copy.photo:
            return "editMessageMedia" if photo and not self._texts_stay else "editMessageText"
        if not photo or same_photo(self._story, copy.revision):
            return "editMessageCaption"
        return "editMessageMedia"

    def _call(self, chat: Chat) -> tuple[str, dict[str, Any]]:
        method = self._method(chat)
        message = self._card(chat)
        if method == "editMessageText":
            return method, message.as_text().call()[1]
        # The copy has a photo even if its story has none any more: render a caption. Only the caption is edited then.
        _, params = replace(message, photo=message.photo or "kept").call()
        if method == "editMessageCaption":
            return method, {name: value for name, value in params.items() if name != "photo"}
        media = {"type": "photo", "media": params.pop("photo")}
        media |= {name: params.pop(name) for name in ("caption", "caption_entities") if name in params}
        return method, {"media": media, **params}

    def fallback(self, chat: Chat, refused: Refused) -> Chat | None:
        copy = _copy(chat)
        if "there is no text in the message" in refused.reason:
            return chat._replace(copy=replace(copy, photo=True))
        if "there is no caption in the message" in refused.reason:
            return chat._replace(copy=replace(copy, photo=False))
        if "there is no media in the message" in refused.reason.lower():
            self._texts_stay = True
            return chat
        return super().fallback(chat, refused)

    def record(self, chat: Chat, message_id: int) -> Record:
        copy = _copy(chat)
        photo = self._method(chat) != "editMessageText"
        return Record(chat, Mark.SENT, copy.message_id, revision=self.revision, photo=photo)


class Retraction(Content):
    """Edits each copy to a notice. Where the newsroom prefers it, deletes those that Telegram still allows to delete.

    `now`: seconds since 1970.
    """

    def __init__(self, newsroom: Newsroom, push: Push, now: float) -> None:
        super().__init__(newsroom, push)
        self._now = now
        self._withdrawn_at = push.created_at

    def _deletes(self, chat: Chat) -> bool:
        return self._newsroom.newsroom.retract == "delete" and self._now - _copy(chat).at < DELETABLE_SECONDS

    def _variant(self, chat: Chat) -> Hashable:
        return "delete" if self._deletes(chat) else (chat.language, _copy(chat).photo)

    def _call(self, chat: Chat) -> tuple[str, dict[str, Any]]:
        if self._deletes(chat):
            return "deleteMessage", {}
        language = load_language(choose(chat.language, self._newsroom.language))
        notice = retracted(self._newsroom, language, self._withdrawn_at)
        if _copy(chat).photo:
            return "editMessageCaption", {"caption": notice.text}
        return "editMessageText", notice.call()[1]

    def fallback(self, chat: Chat, refused: Refused) -> Chat | None:
        copy = _copy(chat)
        if "can't be deleted" in refused.reason:
            return chat._replace(copy=replace(copy, at=0))
        if "there is no text in the message" in refused.reason:
            return chat._replace(copy=replace(copy, photo=True))
        return None

    def record(self, chat: Chat, message_id: int) -> Record:
        """A deleted copy is recorded without a message id."""
        copy = _copy(chat)
        return Record(chat, Mark.SENT, None if self._deletes(chat) else copy.message_id, photo=copy.photo)


def _copy(chat: Chat) -> Copy:
    if chat.copy is None:
        raise ValueError(f"chat {chat.chat_id} of a correction or retraction has no copy")
    return chat.copy


def text_instead(photo: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a sendPhoto as those of a sendMessage."""
    params = {name: value for name, value in photo.items() if name not in ("photo", "caption", "caption_entities")}
    params["text"] = photo.get("caption") or "…"
    if photo.get("caption_entities"):
        params["entities"] = photo["caption_entities"]
    return params


async def load(session: Session, newsroom: Newsroom, push: Push, public_url: str = "") -> Content:
    """Load the push's content as it is now."""
    story = await session.get(Story, push.story_id) if push.story_id is not None else None
    if story is None:
        return Broadcast(newsroom, push)
    session.expunge(story)  # detached: the content must not change when the row does
    if push.kind == PushKind.RETRACTION:
        return Retraction(newsroom, push, await session.moment())
    return (Correction if push.kind == PushKind.CORRECTION else Alert)(newsroom, push, story, public_url)


def of_card(newsroom: Newsroom, story: Story, public_url: str, now: float) -> Content:
    """What a card that a reader opened is edited to. `now`: seconds since 1970."""
    kind = PushKind.CORRECTION if story.state == StoryState.LIVE else PushKind.RETRACTION
    push = Push(kind=kind, lane=LANES[kind], state=PushState.RUNNING, audience={}, created_at=story.updated_at)
    if kind == PushKind.RETRACTION:
        return Retraction(newsroom, push, now)
    return Correction(newsroom, push, story, public_url)


async def keep_photo(session: Session, story_id: int, image_url: str, file_id: str, instead_of: str = "") -> None:
    """Store Telegram's file_id of the photo at `image_url`, unless the story has another photo or file_id by now.

    `instead_of`: the file_id that the story had, which Telegram refused.
    """
    await session.execute(
        update(Story)
        .where(Story.id == story_id, Story.image_url == image_url, Story.image_file_id == instead_of)
        .values(image_file_id=file_id)
    )
