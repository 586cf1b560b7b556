"""The Bot API methods that Kabar uses (https://core.telegram.org/bots/api#available-methods), carried out on the world.

A method is an `async def` named like it, with the checked parameters; it returns the result or raises Refusal.
"""

import re
import time
from typing import Any

from bot.sandbox.errors import Refusal
from bot.sandbox.text import CAPTION_LIMIT, TEXT_LIMIT, check_keyboard, check_text
from bot.sandbox.world import CALLBACK_LIFE, INLINE_LIFE, Chat, Message, World, fields_of

Params = dict[str, Any]
SENDING = frozenset(("sendMessage", "sendPhoto", "copyMessage", "forwardMessage", "sendDocument"))
EDITING = frozenset(("editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup"))
DELETABLE_SECONDS = 48 * 3600
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
ACTIONS = frozenset(("typing", "upload_photo", "upload_document", "find_location", "record_video", "upload_video"))


class Methods:
    def __init__(self, world: World) -> None:
        self.world = world

    async def call(self, method: str, params: Params) -> Any:
        if params.get("parse_mode"):
            raise Refusal("unsupported parse_mode")  # Telegram would take it; Kabar must send entities instead
        return await getattr(self, method)(params)

    # Sending

    async def sendMessage(self, p: Params) -> Message:
        text, entities = check_text(p.get("text"), p.get("entities"), limit=TEXT_LIMIT, what="text")
        markup = check_keyboard(p.get("reply_markup"))
        chat = self.world.writable(p.get("chat_id"), p.get("message_thread_id"))
        return self.world.deliver(chat, _content(text, entities, markup), p.get("message_thread_id") or 0)

    async def sendPhoto(self, p: Params) -> Message:
        text, entities = check_text(p.get("caption"), p.get("caption_entities"), limit=CAPTION_LIMIT, what="caption")
        markup = check_keyboard(p.get("reply_markup"))
        chat = self.world.writable(p.get("chat_id"), p.get("message_thread_id"))
        sizes = await self.world.photos.resolve(p.get("photo"))
        content = {"photo": sizes, **_content(text, entities, markup, caption=True)}
        return self.world.deliver(chat, content, p.get("message_thread_id") or 0)

    async def sendDocument(self, p: Params) -> Message:
        text, entities = check_text(p.get("caption"), p.get("caption_entities"), limit=CAPTION_LIMIT, what="caption")
        markup = check_keyboard(p.get("reply_markup"))
        chat = self.world.writable(p.get("chat_id"), p.get("message_thread_id"))
        content = p.get("document")
        if not isinstance(content, bytes):
            raise Refusal("there is no document in the request")
        if not content:
            raise Refusal("file must be non-empty")
        document = self.world.photos.keep_file(content)
        return self.world.deliver(
            chat,
            {"document": document, **_content(text, entities, markup, caption=True)},
            p.get("message_thread_id") or 0,
        )

    async def copyMessage(self, p: Params) -> dict[str, int]:
        source = self.world.place(p.get("from_chat_id")).messages.get(p.get("message_id", 0))
        if source is None:
            raise Refusal("message to copy not found")
        content = _copied(source)
        if markup := check_keyboard(p.get("reply_markup")):
            content["reply_markup"] = markup
        chat = self.world.writable(p.get("chat_id"), p.get("message_thread_id"))
        return {"message_id": self.world.deliver(chat, content, p.get("message_thread_id") or 0)["message_id"]}

    async def forwardMessage(self, p: Params) -> Message:
        place = self.world.place(p.get("from_chat_id"))
        source = place.messages.get(p.get("message_id", 0))
        if source is None:
            raise Refusal("message to forward not found")
        content = _copied(source)
        origin = {"type": "chat", "sender_chat": place.public(), "date": source["date"]}
        return self.world.deliver(self.world.writable(p.get("chat_id")), {**content, "forward_origin": origin})

    async def sendChatAction(self, p: Params) -> bool:
        chat = self.world.writable(p.get("chat_id"))
        if p.get("action") not in ACTIONS:
            raise Refusal("wrong parameter action in request")
        self.world.emit({"type": "action", "chat": chat.id, "action": p["action"]})
        return True

    # Editing and deleting

    async def editMessageText(self, p: Params) -> Message:
        text, entities = check_text(p.get("text"), p.get("entities"), limit=TEXT_LIMIT, what="text")
        markup = check_keyboard(p.get("reply_markup"))
        message = self._own(p)
        if "text" not in message:
            raise Refusal("there is no text in the message to edit")
        return self._edited(message, _content(text, entities, markup))

    async def editMessageCaption(self, p: Params) -> Message:
        text, entities = check_text(p.get("caption"), p.get("caption_entities"), limit=CAPTION_LIMIT, what="caption")
        markup = check_keyboard(p.get("reply_markup"))
        message = self._own(p)
        if "photo" not in message:
            raise Refusal("there is no caption in the message to edit")
        return self._edited(message, {"photo": message["photo"], **_content(text, entities, markup, caption=True)})

    async def editMessageMedia(self, p: Params) -> Message:
        media = p.get("media") or {}
        if not isinstance(media, dict) or media.get("type") != "photo":
            raise Refusal("can't parse InputMedia: Can't find field \"media\"")
        text, entities = check_text(
            media.get("caption"), media.get("caption_entities"), limit=CAPTION_LIMIT, what="caption"
        )
        markup = check_keyboard(p.get("reply_markup"))
        message = self._own(p)
        sizes = await self.world.photos.resolve(media.get("media"))
        return self._edited(message, {"photo": sizes, **_content(text, entities, markup, caption=True)})

    async def editMessageReplyMarkup(self, p: Params) -> Message:
        markup = check_keyboard(p.get("reply_markup"))
        message = self._own(p)
        kept = _copied(message)
        return self._edited(message, {**kept, **({"reply_markup": markup} if markup else {})})

    def _own(self, p: Params) -> Message:
        chat = self.world.writable(p.get("chat_id"))
        if "message_id" not in p:
            raise Refusal("message identifier is not specified")
        message = chat.messages.get(p["message_id"])
        if message is None:
            raise Refusal("message to edit not found")
        if message.get("from", {}).get("id") != self.world.me["id"] or "forward_origin" in message:
            raise Refusal("message can't be edited")
        return message

    def _edited(self, message: Message, content: dict[str, Any]) -> Message:
        names = ("text", "entities", "photo", "caption", "caption_entities", "reply_markup")
        if {name: message[name] for name in names if name in message} == content:
            raise Refusal(NOT_MODIFIED)
        for name in names:
            message.pop(name, None)
        message |= {**content, "edit_date": int(time.time())}
        self.world.emit({"type": "edit", "chat": message["chat"]["id"], "message": message})
        return message

    async def deleteMessage(self, p: Params) -> bool:
        chat = self.world.writable(p.get("chat_id"))
        self._deletable(chat, p.get("message_id", 0))
        self._delete(chat, [p["message_id"]])
        return True

    async def deleteMessages(self, p: Params) -> bool:
        chat = self.world.writable(p.get("chat_id"))
        numbers = p.get("message_ids") or []
        if not numbers:
            raise Refusal("message identifiers are not specified")
        if len(numbers) > 100:
            raise Refusal("too many message identifiers specified")
        present = [number for number in numbers if number in chat.messages]
        for number in present:
            self._deletable(chat, number)
        self._delete(chat, present)
        return True

    def _deletable(self, chat: Chat, number: int) -> None:
        message = chat.messages.get(number)
        if message is None:
            raise Refusal("message to delete not found")
        if time.time() - message["date"] > DELETABLE_SECONDS:
            raise Refusal(
                "message can't be deleted for everyone" if chat.type == "private" else "message can't be deleted"
            )

    def _delete(self, chat: Chat, numbers: list[int]) -> None:
        for number in numbers:
            del chat.messages[number]
            self.world.emit({"type": "delete", "chat": chat.id, "message_id": number})

    # Buttons, menus, chats

    async def answerCallbackQuery(self, p: Params) -> bool:
        url = str(p.get("url") or "")
        if url and not re.fullmatch(rf"https://t\.me/{self.world.me['username']}\?start=[A-Za-z0-9_-]{{1,64}}", url):
            raise Refusal("URL_INVALID")
        callback = self.world.callbacks.pop(str(p.get("callback_query_id")), None)
        if callback is None or time.monotonic() - callback.at > CALLBACK_LIFE:
            raise Refusal("query is too old and response timeout expired or query ID is invalid")
        if len(str(p.get("text") or "")) > 200:
            raise Refusal("MESSAGE_TOO_LONG")
        answer: dict[str, Any] = {"text": p.get("text") or "", "show_alert": bool(p.get("show_alert"))}
        if url:
            answer["url"] = url
        if not callback.answer.done():
            callback.answer.set_result(answer)
        return True

    async def answerInlineQuery(self, p: Params) -> bool:
        results = p.get("results") or []
        if len(results) > 50:
            raise Refusal("too many inline query results specified")
        ids = [str(result.get("id", "")) for result in results]
        if not all(1 <= len(each.encode()) <= 64 for each in ids):
            raise Refusal("RESULT_ID_INVALID")
        if len(set(ids)) < len(ids):
            raise Refusal("RESULT_ID_DUPLICATE")
        if len(str(p.get("next_offset") or "").encode()) > 64:
            raise Refusal("NEXT_OFFSET_INVALID")
        for result in results:
            content = result.get("input_message_content") or {}
            check_text(content.get("message_text"), content.get("entities"), limit=TEXT_LIMIT, what="text")
            check_keyboard(result.get("reply_markup"))
        query = self.world.inline_queries.pop(str(p.get("inline_query_id")), None)
        if query is None or time.monotonic() - query.at > INLINE_LIFE:
            raise Refusal("query is too old and response timeout expired or query ID is invalid")
        if not query.answer.done():
            query.answer.set_result(p)
        return True

    async def setMyCommands(self, p: Params) -> bool:
        commands = p.get("commands") or []
        for command in commands:
            if not 1 <= len(command["command"]) <= 32:
                raise Refusal("command length must not exceed 32")
            if not 1 <= len(command["description"]) <= 256:
                raise Refusal("command description length must not exceed 256")
            if not command["command"].replace("_", "").isalnum() or command["command"].lower() != command["command"]:
                raise Refusal("BOT_COMMAND_INVALID")
        if len(commands) > 100:
            raise Refusal("BOT_COMMANDS_TOO_MUCH")
        self.world.menus[self._scope(p)] = commands
        self.world.emit({"type": "state"})
        return True

    async def getMyCommands(self, p: Params) -> list[dict[str, str]]:
        return self.world.menus.get(self._scope(p), [])

    async def deleteMyCommands(self, p: Params) -> bool:
        self.world.menus.pop(self._scope(p), None)
        return True

    def _language(self, code: str) -> str:
        if code and (len(code) != 2 or not code.isalpha()):
            raise Refusal("invalid language code specified")
        return code

    def _scope(self, p: Params) -> tuple[str, str]:
        scope = p.get("scope") or {"type": "default"}
        code = self._language(p.get("language_code") or "")
        name = scope.get("type", "default")
        if name in ("chat", "chat_administrators", "chat_member"):
            chat = self.world.place(scope.get("chat_id"))
            name = f"{name}:{chat.id}"
        return name, code

    async def setMyDescription(self, p: Params) -> bool:
        return self._describe(p, "description", 512)

    async def setMyShortDescription(self, p: Params) -> bool:
        return self._describe(p, "short_description", 120)

    def _describe(self, p: Params, name: str, limit: int) -> bool:
        text, code = str(p.get(name) or ""), str(p.get("language_code") or "")
        if len(text) > limit:
            raise Refusal("BOT_DESCRIPTION_TOO_LONG")
        self.world.descriptions[name, self._language(code)] = text
        return True

    async def getMe(self, p: Params) -> dict[str, Any]:
        return self.world.me

    async def getMyStarBalance(self, p: Params) -> dict[str, int]:
        return {"amount": 0}

    async def getChat(self, p: Params) -> dict[str, Any]:
        return {**self.world.place(p.get("chat_id")).public(), "accent_color_id": 0, "max_reaction_count": 11}

    async def getChatMember(self, p: Params) -> dict[str, Any]:
        chat = self.world.place(p.get("chat_id"))
        user = p.get("user_id", 0)
        if user not in self.world.chats:
            raise Refusal("invalid user_id specified")
        return self._member(chat, user)

    def _member(self, chat: Chat, user: int) -> dict[str, Any]:
        status = chat.members.get(user, "left")
        return {"user": self.world.person(user), "status": status, **fields_of(status)}

    async def getChatAdministrators(self, p: Params) -> list[dict[str, Any]]:
        chat = self.world.place(p.get("chat_id"))
        if chat.type == "private":
            raise Refusal("there are no administrators in the private chat")
        return [self._member(chat, user) for user, status in chat.members.items() if status != "member"]

    async def getChatMemberCount(self, p: Params) -> int:
        return len(self.world.place(p.get("chat_id")).members) + 1

    async def leaveChat(self, p: Params) -> bool:
        self.world.kick(self.world.place(p.get("chat_id")).id, "left")
        return True

    async def getFile(self, p: Params) -> dict[str, Any]:
        file_id = str(p.get("file_id", ""))
        content = self.world.photos.content(file_id)
        if content is None:
            raise Refusal("invalid file_id")
        return {
            "file_id": file_id,
            "file_unique_id": file_id[4:20],
            "file_size": len(content),
            "file_path": f"photos/{file_id}.png",
        }


def _copied(message: Message) -> dict[str, Any]:
    """A message's text, photo and entities, without its buttons."""
    names = ["text", "entities", "photo", "caption", "caption_entities"]
    return {name: message[name] for name in names if name in message}


def _content(
    text: str, entities: list[dict[str, Any]], markup: dict[str, Any] | None, *, caption: bool = False
) -> dict[str, Any]:
    names = ("caption", "caption_entities") if caption else ("text", "entities")
    content: dict[str, Any] = {names[0]: text} if text else {}
    if entities:
        content[names[1]] = entities
    if markup:
        content["reply_markup"] = markup
    return content
