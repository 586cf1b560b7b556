"""What a push says, as bodies ready for the wire: rendered and encoded once a language, only the chat spliced in."""

from typing import Any

import orjson
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.config import Newsroom
from bot.delivery.ranges import Chat
from bot.i18n import choose, load_language
from bot.messages.stories import card
from bot.storage.models import Push, Story


class Content:
    """One push's content. A story's photo is learnt from its first answer; a refused one is left out from then on."""

    def __init__(self, newsroom: Newsroom, push: Push, story: Story | None) -> None:
        self._newsroom = newsroom
        self._written = push.content
        self._story = story
        self.text_only = push.text_only
        self._encoded: dict[str, tuple[str, bytes]] = {}

    @property
    def story_id(self) -> int | None:
        return self._story.id if self._story else None

    @property
    def has_new_photo(self) -> bool:
        """The photo goes by its address still: send one alone, then reuse what Telegram made of it."""
        story = self._story
        return bool(story and story.image_url and not story.image_file_id and not self.text_only)

    def body(self, chat: Chat) -> tuple[str, bytes]:
        """The method and the JSON body for a chat."""
        encoded = self._encoded.get(chat.language)
        if encoded is None:
            encoded = self._encoded[chat.language] = self._encode(chat.language)
        method, rest = encoded
        if chat.thread_id:
            return method, b'{"chat_id":%d,"message_thread_id":%d,%b' % (chat.chat_id, chat.thread_id, rest)
        return method, b'{"chat_id":%d,%b' % (chat.chat_id, rest)

    def learn_photo(self, answer: bytes) -> str:
        """Remember the file_id in the answer to a first sendPhoto; empty if there is none to learn."""
        if not self.has_new_photo or self._story is None:
            return ""
        result = orjson.loads(answer).get("result", {})
        sizes = result.get("photo") if isinstance(result, dict) else None
        file_id = sizes[-1].get("file_id", "") if isinstance(sizes, list) and sizes else ""
        if file_id:
            self._story.image_file_id = file_id
            self._encoded.clear()
        return str(file_id)

    def refuse_photo(self) -> None:
        self.text_only = True
        self._encoded.clear()

    def _encode(self, language: str) -> tuple[str, bytes]:
        method, params = self._render(language)
        return method, orjson.dumps(params)[1:]

    def _render(self, language: str) -> tuple[str, dict[str, Any]]:
        if self._story is not None:
            spoken = load_language(choose(language, self._newsroom.language))
            message = card(self._newsroom, self._story, spoken)
            return (message.as_text() if self.text_only else message).call()
        written = self._written or {}
        method, params = str(written["method"]), dict(written["params"])
        if method == "sendPhoto" and self.text_only:
            return "sendMessage", text_instead(params)
        return method, params


def text_instead(photo: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a sendPhoto as those of a sendMessage."""
    params = {name: value for name, value in photo.items() if name not in ("photo", "caption", "caption_entities")}
    params["text"] = photo.get("caption") or "…"
    if photo.get("caption_entities"):
        params["entities"] = photo["caption_entities"]
    return params


async def load(session: AsyncSession, newsroom: Newsroom, push: Push) -> Content:
    story = await session.get(Story, push.story_id) if push.story_id is not None else None
    if story is not None:
        session.expunge(story)  # the content keeps its own copy of the story as it was rendered
    return Content(newsroom, push, story)


async def keep_photo(session: AsyncSession, story_id: int, file_id: str) -> None:
    await session.execute(update(Story).where(Story.id == story_id).values(image_file_id=file_id))
