"""The state behind the sandbox's Bot API: people, chats, messages, and updates that the bot has not yet received.

This is what people do and see; what the bot does is in bot.sandbox.methods.
"""

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import Refusal, forbidden
from bot.sandbox.faults import Fault
from bot.sandbox.flood import Flood
from bot.sandbox.photos import Photos
from bot.sandbox.text import utf16_length

CALLBACK_LIFE = 150.0  # seconds in which a pressed button can be answered
INLINE_LIFE = 30.0  # and an inline query
DEFAULT_ALLOWED = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "callback_query",
    "my_chat_member",
]
_COMMAND = re.compile(r"/[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_]+)?")

Message = dict[str, Any]


@dataclass
class Chat:
    """A private chat has its person's id; `bot` is the bot's own status there."""

    id: int
    type: str
    title: str
    username: str = ""
    language: str = "id"
    bot: str = "member"  # member | administrator | kicked | left | stranger (never started)
    blocked: bool = False
    deactivated: bool = False
    upgraded_to: int | None = None
    silent: bool = False  # the bot may read but not write
    members: dict[int, str] = field(default_factory=dict)  # person → creator | administrator | member
    topics: dict[int, bool] = field(default_factory=dict)  # thread id → open
    messages: dict[int, Message] = field(default_factory=dict)
    next_message: int = 1

    def public(self) -> dict[str, Any]:
        """As the Bot API shows it."""
        if self.type == "private":
            shown: dict[str, Any] = {"id": self.id, "type": "private", "first_name": self.title}
        else:
            shown = {"id": self.id, "type": self.type, "title": self.title}
            if self.topics:
                shown["is_forum"] = True
        if self.username:
            shown["username"] = self.username
        return shown


@dataclass
class Callback:
    at: float
    chat: int
    answer: asyncio.Future[dict[str, Any]]


@dataclass
class InlineQuery:
    at: float
    answer: asyncio.Future[dict[str, Any]]


RIGHTS = (  # of an administrator that the Bot API always states
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories"),
)


def fields_of(status: str) -> dict[str, Any]:
    """The required fields of a ChatMember of this status, beside its user."""
    fields: dict[str, dict[str, Any]] = {
        "creator": {"is_anonymous": False},
        "administrator": dict.fromkeys(RIGHTS, False),
        "kicked": {"until_date": 0},
    }
    return fields.get(status, {})


class World:
    """`remember=False` keeps counts instead of messages and calls: a sink for millions."""

    def __init__(
        self,
        token: str = "111:sandbox",  # noqa: S107 - of a bot that exists nowhere else
        bot_username: str = "kabar_bot",
        bot_name: str = "Kabar",
        *,
        flood: str = "off",
        rate: float = 30,
        remember: bool = True,
    ) -> None:
        self.token = token
        self.me = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": bot_name,
            "username": bot_username,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": True,
        }
        self.flood = Flood(flood, rate)
        self.remember = remember
        self.chats: dict[int, Chat] = {}
        self.photos = Photos()
        self.updates: list[dict[str, Any]] = []
        self.allowed: list[str] = list(DEFAULT_ALLOWED)
        self.webhook: dict[str, Any] = {"url": ""}
        self.descriptions: dict[tuple[str, str], str] = {}  # by its parameter's name and language
        self.menus: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.callbacks: dict[str, Callback] = {}
        self.inline_queries: dict[str, InlineQuery] = {}
        self.violations: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.clock_ahead = 0.0  # seconds, in the Date of every answer
        self.sent_to: Counter[int] = Counter()
        self._calls: list[dict[str, Any]] = []
        self._listeners: list[Callable[[dict[str, Any]], None]] = []
        self._update_ids = itertools.count(1)
        self._ids = itertools.count(50_001)
        self._changed = asyncio.Event()

    # People and places

    def add_user(self, name: str, *, username: str = "", language: str = "id", id: int | None = None) -> int:
        """A person who has not yet started the bot."""
        chat_id = id or next(self._ids)
        self.chats[chat_id] = Chat(chat_id, "private", name, username, language, bot="stranger")
        self.emit({"type": "state"})
        return chat_id

    def add_group(
        self,
        title: str,
        members: Iterable[int] = (),
        admins: Iterable[int] = (),
        *,
        bot_is_admin: bool = False,
        supergroup: bool = True,
        id: int | None = None,
    ) -> int:
        number = next(self._ids)
        chat_id = id or (-1_000_000_000_000 - number if supergroup else -number)
        chat = Chat(chat_id, "supergroup" if supergroup else "group", title)
        chat.bot = "administrator" if bot_is_admin else "member"
        chat.members = {**dict.fromkeys(members, "member"), **dict.fromkeys(admins, "administrator")}
        self.chats[chat_id] = chat
        self.emit({"type": "state"})
        return chat_id

    def add_channel(self, title: str, owner: int) -> int:
        chat_id = self.add_group(title, admins=[owner], bot_is_admin=True)
        self.chats[chat_id].type = "channel"
        self.chats[chat_id].members[owner] = "creator"
        return chat_id

    def add_topic(self, chat_id: int, name: str) -> int:
        chat = self.chats[chat_id]
        thread = self._new_id(chat)
        chat.topics[thread] = True
        return thread

    def close_topic(self, chat_id: int, thread: int) -> None:
        self.chats[chat_id].topics[thread] = False

    def person(self, user: int) -> dict[str, Any]:
        chat = self.chats[user]
        shown = {"id": user, "is_bot": False, "first_name": chat.title, "language_code": chat.language}
        return {**shown, "username": chat.username} if chat.username else shown

    # What people do

    def say(
        self,
        user: int,
        text: str = "",
        *,
        chat: int | None = None,
        thread: int = 0,
        photo: bytes | None = None,
        entities: list[dict[str, Any]] | None = None,
    ) -> int:
        """A person sends a message; returns its id. Raises ValueError where the person has blocked the bot."""
        place = self.chats[chat or user]
        if place.type == "private":
            if place.blocked:
                raise ValueError("this person has blocked the bot; unblock it first")
            if place.bot == "stranger":
                place.bot = "member"
        message: Message = {
            "message_id": self._new_id(place),
            "date": int(time.time()),
            "chat": place.public(),
            "from": self.person(user),
        }
        if place.type == "channel":
            message["sender_chat"] = message.pop("from") and place.public()
        all_entities = list(entities or [])
        if command := _COMMAND.match(text):
            all_entities.append({"type": "bot_command", "offset": 0, "length": utf16_length(command[0])})
        if photo is not None:
            message |= {"photo": self.photos.keep(photo), "caption": text, "caption_entities": all_entities}
            message = {name: value for name, value in message.items() if value != "" and value != []}
        else:
            message["text"] = text
            if all_entities:
                message["entities"] = all_entities
        if thread:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        place.messages[message["message_id"]] = message
        self.emit({"type": "message", "chat": place.id, "message": message})
        if self._reaches_bot(place, message):
            self.queue("channel_post" if place.type == "channel" else "message", message)
        return int(message["message_id"])

    def _reaches_bot(self, chat: Chat, message: Message) -> bool:
        """Privacy mode: in groups the bot sees commands and replies, unless it is an admin."""
        if chat.bot in ("kicked", "left") or chat.blocked:
            return False
        if chat.type in ("private", "channel") or chat.bot == "administrator":
            return True
        text = str(message.get("text", ""))
        command = _COMMAND.match(text)
        return bool(command and (not command[1] or command[1][1:].lower() == str(self.me["username"]).lower()))

    async def press(self, user: int, chat: int, message_id: int, data: str) -> dict[str, Any] | None:
        """A person presses a button; returns the answer {text, show_alert, url?}, None after 10 seconds without one."""
        place = self.chats[chat]
        number = str(next(self._ids))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.callbacks[number] = Callback(time.monotonic(), chat, answer)
        self.queue(
            "callback_query",
            {
                "id": number,
                "from": self.person(user),
                "message": place.messages[message_id],
                "chat_instance": str(chat),
                "data": data,
            },
        )
        try:
            async with asyncio.timeout(10):
                return await answer
        except TimeoutError:
            return None

    async def type_inline(self, user: int, words: str = "", offset: str = "") -> dict[str, Any] | None:
        """A person types words behind the bot's name, in any chat; returns the parameters of the answer to them.

        `offset` is the `next_offset` of the answer before. None after INLINE_LIFE without an answer.
        """
        number = str(next(self._ids))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.inline_queries[number] = InlineQuery(time.monotonic(), answer)
        self.queue("inline_query", {"id": number, "from": self.person(user), "query": words, "offset": offset})
        try:
            async with asyncio.timeout(INLINE_LIFE):
                return await answer
        except TimeoutError:
            return None

    def edit(self, user: int, chat: int, message_id: int, text: str) -> None:
        """A person edits a message of their own."""
        message = self.chats[chat].messages[message_id]
        message |= {"text": text, "edit_date": int(time.time())}
        self.emit({"type": "edit", "chat": chat, "message": message})
        self.queue("edited_message", message)

    def block(self, user: int) -> None:
        self._set_blocked(user, True)

    def unblock(self, user: int) -> None:
        self._set_blocked(user, False)

    def _set_blocked(self, user: int, blocked: bool) -> None:
        chat = self.chats[user]
        if chat.blocked == blocked:
            return
        chat.blocked = blocked
        self._membership(chat, user, *(("member", "kicked") if blocked else ("kicked", "member")))

    def kick(self, chat: int, status: str = "kicked") -> None:
        """The bot is removed from a group: kicked, or left."""
        place = self.chats[chat]
        old, place.bot = place.bot, status
        self._membership(place, next(iter(place.members), chat), old, status)

    def add_bot(self, chat: int, status: str = "member") -> None:
        place = self.chats[chat]
        old, place.bot = place.bot, status
        self._membership(place, next(iter(place.members), chat), old, status)

    def _membership(self, chat: Chat, by: int, old: str, new: str) -> None:
        def member(status: str) -> dict[str, Any]:
            return {"user": self.me, "status": status, **fields_of(status)}

        self.queue(
            "my_chat_member",
            {
                "chat": chat.public(),
                "from": self.person(by),
                "date": int(time.time()),
                "old_chat_member": member(old),
                "new_chat_member": member(new),
            },
        )
        self.emit({"type": "state"})

    def deactivate(self, user: int) -> None:
        self.chats[user].deactivated = True

    def upgrade_group(self, chat: int) -> int:
        """A basic group becomes a supergroup, under a new id."""
        old = self.chats[chat]
        new_id = self.add_group(old.title, old.members, bot_is_admin=old.bot == "administrator")
        new = self.chats[new_id]
        new.members = dict(old.members)
        old.upgraded_to = new_id
        for place, extra in ((old, {"migrate_to_chat_id": new_id}), (new, {"migrate_from_chat_id": chat})):
            by = self.person(next(iter(old.members)))
            message = {"message_id": self._new_id(place), "date": int(time.time()), "chat": place.public(), "from": by}
            self.queue("message", {**message, **extra})
        return new_id

    # What can be seen

    def messages(self, chat: int) -> list[Message]:
        """The chat's present messages, of people and the bot, the oldest first."""
        return [message for _, message in sorted(self.chats[chat].messages.items())]

    def from_bot(self, chat: int) -> list[Message]:
        return [message for message in self.messages(chat) if message.get("from", {}).get("id") == self.me["id"]]

    async def wait_for(self, chat: int, wanted: str | Callable[[Message], bool], timeout: float = 40) -> Message:
        """Wait for the bot's message that contains the text, or meets the condition; the newest, if several do.

        `timeout` is in seconds. Raises TimeoutError.
        """

        def fits(message: Message) -> bool:
            if callable(wanted):
                return wanted(message)
            return wanted in str(message.get("text") or message.get("caption") or "")

        async with asyncio.timeout(timeout):
            while True:
                for message in reversed(self.from_bot(chat)):
                    if fits(message):
                        return message
                await self._changed.wait()

    def calls(self, method: str | None = None, chat: int | None = None) -> list[dict[str, Any]]:
        """The bot's calls so far: {method, params, at (time.monotonic), outcome (result or error text)}."""
        return [
            call
            for call in self._calls
            if (method is None or call["method"] == method) and (chat is None or call["params"].get("chat_id") == chat)
        ]

    def commands(self, language: str = "", scope: str = "default") -> list[dict[str, str]]:
        return self.menus.get((scope, language)) or self.menus.get((scope, "")) or []

    def fail(
        self, method: str | None = None, chat: int | None = None, *, times: int = 1, kind: str, **how: Any
    ) -> None:
        """Make the next `times` fitting calls go wrong: see bot.sandbox.faults."""
        self.faults.append(Fault(kind, method, chat, times, **how))

    # For the methods and the server

    def listen(self, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call `listener` at every event, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def emit(self, event: dict[str, Any]) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in self._listeners:
            listener(event)

    def queue(self, kind: str, payload: dict[str, Any]) -> None:
        """Add an update for the bot, if its kind is among the allowed_updates."""
        if kind in self.allowed:
            self.updates.append({"update_id": next(self._update_ids), kind: payload})
        self.emit({"type": "update"})

    async def changed(self) -> None:
        await self._changed.wait()

    def record(self, method: str, params: dict[str, Any], outcome: Any) -> None:
        if self.remember and method != "getUpdates":
            self._calls.append({"method": method, "params": params, "at": time.monotonic(), "outcome": outcome})

    def _new_id(self, chat: Chat) -> int:
        number = chat.next_message
        chat.next_message += 1
        return number

    def place(self, chat_id: Any) -> Chat:
        """The chat that a call names by id or @username. Raises Refusal."""
        if chat_id in (None, ""):
            raise Refusal("chat_id is empty")
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if isinstance(chat_id, str) and chat_id.startswith("@"):
            chat = next((c for c in self.chats.values() if c.username == chat_id[1:] and c.type != "private"), None)
        if chat is None:
            raise Refusal("chat not found")
        if chat.upgraded_to is not None:
            raise Refusal("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.upgraded_to)
        return chat

    def writable(self, chat_id: Any, thread: Any = None) -> Chat:
        """The chat, if the bot may write there, and in its topic `thread`. Raises Refusal."""
        chat = self.place(chat_id)
        kind = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}.get(chat.type, "")
        if chat.deactivated:
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.bot == "stranger":
            raise forbidden("bot can't initiate conversation with a user")
        if chat.bot == "kicked":
            raise forbidden(f"bot was kicked from the {kind}")
        if chat.bot == "left":
            raise forbidden(f"bot is not a member of the {kind}")
        if chat.silent:
            raise Refusal("not enough rights to send text messages to the chat")
        if thread:
            if thread not in chat.topics:
                raise Refusal("message thread not found")
            if not chat.topics[thread]:
                raise Refusal("TOPIC_CLOSED")
        return chat

    def deliver(self, chat: Chat, content: dict[str, Any], thread: int = 0) -> Message:
        """Add a message of the bot to the chat."""
        message: Message = {
            "message_id": self._new_id(chat),
            "from": {name: self.me[name] for name in ("id", "is_bot", "first_name", "username")},
            "chat": chat.public(),
            "date": int(time.time()),
            **content,
        }
        if thread:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        self.sent_to[chat.id] += 1
        if self.remember:
            chat.messages[message["message_id"]] = message
            self.emit({"type": "message", "chat": chat.id, "message": message})
        return message
