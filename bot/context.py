"""NewsBot and Context: typed access to the application and the update, for handlers.

`bot_data`, `chat_data` and `user_data` of python-telegram-bot are not used, since all state is in the database.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self, cast

import structlog
from telegram import Chat, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram import Message as TelegramMessage
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application, CallbackContext, ExtBot
from telegram.helpers import create_deep_linked_url

from bot.admins import Admins
from bot.answers import Answers, is_refusal
from bot.audience import subscribers
from bot.commands import Command
from bot.config import Newsroom, Settings
from bot.delivery import cards, contents
from bot.delivery.outcomes import PHOTO_TEXTS
from bot.delivery.photos import Photos
from bot.i18n import Language, choose, load_language
from bot.messages import buttons, menus
from bot.messages.text import Message, Rows
from bot.storage.engine import Database, Session
from bot.storage.models import Story, Subscriber
from bot.stories.showing.readers import Readers

log = structlog.get_logger("kabar.chat")

ALERT_LIMIT = 200  # characters; https://core.telegram.org/bots/api#answercallbackquery

Data = dict[Any, Any]


class NewsBot(Application[ExtBot[None], "Context", Data, Data, Data, None]):
    """The application with Kabar's services. Setting `wake` tells the sender that there is work."""

    database: Database
    settings: Settings
    newsroom: Newsroom
    now: Callable[[], datetime]
    wake: asyncio.Event
    commands: tuple[Command, ...]
    photos: Photos
    admins: Admins
    answers: Answers
    readers: Readers
    undone: set[int]  # ids of updates whose handler failed because the database is unreachable

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        newsroom: Newsroom,
        now: Callable[[], datetime],
        wake: asyncio.Event,
        commands: tuple[Command, ...],
        photos: Photos,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.database = database
        self.settings = settings
        self.newsroom = newsroom
        self.now = now
        self.wake = wake
        self.commands = commands
        self.photos = photos
        self.admins = Admins(self.bot)
        self.answers = Answers(self.bot)
        self.readers = Readers(newsroom.zone)
        self.undone = set()


class Surplus:
    """Stands in a chat's queue for the updates that came too fast, of which `first` was the first."""

    def __init__(self, first: Update) -> None:
        self.first = first
        self.update_id = -first.update_id


class Context(CallbackContext[ExtBot[None], Data, Data, Data]):
    """The context of one update: its chat and subscriber, the database, and ways to answer."""

    incoming: Update

    @classmethod
    def from_update(cls, update: object, application: Any) -> Self:
        context = super().from_update(update, application)
        context.incoming = update.first if isinstance(update, Surplus) else cast(Update, update)
        return context

    @property
    def news(self) -> NewsBot:
        return cast(NewsBot, self.application)

    @property
    def newsroom(self) -> Newsroom:
        return self.news.newsroom

    @property
    def chat(self) -> Chat:
        chat = self.incoming.effective_chat
        if chat is None:
            raise ValueError("an update without a chat")
        return chat

    @property
    def thread_id(self) -> int:
        """The id of the topic that the update came from; 0 outside of topics."""
        message = self.incoming.effective_message
        if not isinstance(message, TelegramMessage) or not message.is_topic_message:
            return 0
        return message.message_thread_id or 0

    @property
    def is_private(self) -> bool:
        return self.chat.type == Chat.PRIVATE

    @property
    def is_channel(self) -> bool:
        return self.chat.type == Chat.CHANNEL

    @property
    def is_owner(self) -> bool:
        """Whether the update is from one of ADMIN_IDS in a private chat."""
        user = self.incoming.effective_user
        return user is not None and user.id in self.news.settings.admin_ids and self.is_private

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        async with self.news.database.read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        async with self.news.database.write() as session:
            yield session

    async def greet(self, session: Session) -> Subscriber:
        """The chat's subscriber, marked as active now; a new chat is registered."""
        user = self.incoming.effective_user
        wanted = user.language_code if user and self.is_private else None
        return await subscribers.greet(
            session,
            self.chat.id,
            thread_id=self.thread_id,
            kind=self.chat.type,
            language=choose(wanted, self.newsroom.language),
            now=self.news.now(),
        )

    async def subscriber(self) -> Subscriber:
        """Like `greet`, in a transaction of its own; it only reads if the chat is active and was seen recently."""
        async with self.read() as session:
            subscriber = await subscribers.find(session, self.chat.id, self.thread_id)
        last_seen = subscriber.last_seen_at if subscriber else None
        is_recent = last_seen is not None and self.news.now() - last_seen < subscribers.SEEN_EVERY
        if subscriber is not None and subscriber.state == subscribers.ACTIVE and is_recent:
            return subscriber
        async with self.write() as session:
            return await self.greet(session)

    async def known_language(self) -> Language:
        """The chat's language. Unlike `subscriber`, it leaves an unknown chat unknown."""
        async with self.read() as session:
            subscriber = await subscribers.find(session, self.chat.id, self.thread_id)
        if subscriber is not None:
            return self.language(subscriber)
        user = self.incoming.effective_user
        wanted = user.language_code if user and self.is_private else None
        return load_language(choose(wanted, self.newsroom.language))

    def language(self, subscriber: Subscriber) -> Language:
        return load_language(choose(subscriber.language, self.newsroom.language))

    async def denial(self, language: Language) -> str:
        """Why the sender may not change the chat's settings, in words; "" if they may.

        In groups and channels only admins may. What is posted in a channel is by its admins, and has no user.
        """
        if self.is_private or self.incoming.channel_post is not None:
            return ""
        message = self.incoming.message
        if message is not None and message.sender_chat is not None and message.sender_chat.id == self.chat.id:
            return ""  # an admin who writes as the group
        user = self.incoming.effective_user
        admins = await self.news.admins.of(self.chat.id)
        if admins is None:
            return menus.admins_unknown(language)
        if user is not None and user.id in admins:
            return ""
        return menus.only_channel_admins(language, self.bot.name) if self.is_channel else menus.only_admins(language)

    async def reply(self, message: Message) -> TelegramMessage | None:
        """Send a new message to the chat and topic that the update came from; returns it.

        The answer to a press in a channel is shown to whoever pressed, and to nobody else: no message.
        """
        if self.incoming.callback_query is not None and self.is_channel:
            await self.answer(message.text)
            return None
        return await self.news.answers.send(self.chat.id, message, self.thread_id)

    async def reply_card(self, message: Message, story: Story) -> None:
        """Send a story's card, and remember it, so that it can be corrected."""
        sent = await self._send_card(message, story)
        if sent is None:
            return
        language = (await self.subscriber()).language
        async with self.write() as session:
            await cards.note(session, story, sent.chat.id, sent.message_id, language, photo=bool(sent.photo))

    async def _send_card(self, message: Message, story: Story) -> TelegramMessage | None:
        """Send a story's card, without its photo if Telegram takes it in no form. Its file_id is stored for reuse."""
        photos, address, urgent = self.news.photos, story.image_url, story.is_update
        photo = await photos.first(message.photo, address, urgent=urgent)
        while photo:
            try:
                sent = await self.bot.send_photo(
                    self.chat.id,
                    photo,
                    caption=message.text,
                    caption_entities=message.entities,
                    reply_markup=message.markup,
                    message_thread_id=self.thread_id or None,
                )
            except BadRequest as error:
                if not is_refusal(error):
                    raise
                if not any(part in str(error).lower() for part in PHOTO_TEXTS):
                    self.news.answers.note(self.chat.id, message, error)
                    break
                log.info("photo_refused", story=story.id, reason=str(error))
                photo = await photos.next(photo, address, urgent=urgent)
                continue
            if sent.photo and photo != story.image_file_id:
                new, old = sent.photo[-1].file_id, story.image_file_id
                async with self.write() as session:
                    await contents.keep_photo(session, story.id, story.image_url, new, instead_of=old)
            return sent
        return await self.reply(message.as_text())

    async def show(self, message: Message) -> None:
        """Replace the message whose button was pressed; send a new one if it cannot be edited."""
        query = self.incoming.callback_query
        old = query.message if query else None
        if not isinstance(old, TelegramMessage) or old.text is None:
            await self.reply(message)
            return
        try:
            await self.news.answers.edit(self.chat.id, old.message_id, message)
        except BadRequest as error:
            if "message is not modified" in str(error).lower():
                return
            log.info("edit_refused", chat=self.chat.id, reason=str(error))
            await self.reply(message)

    async def relabel(self, data: str, new: InlineKeyboardButton) -> None:
        """Replace one button of the message whose button was pressed: the one whose callback data is `data`."""
        old = self.incoming.effective_message
        if not isinstance(old, TelegramMessage) or old.reply_markup is None:
            return
        rows = [
            [new if button.callback_data == data else button for button in row]
            for row in old.reply_markup.inline_keyboard
        ]
        try:
            await self.bot.edit_message_reply_markup(
                self.chat.id, old.message_id, reply_markup=InlineKeyboardMarkup(rows)
            )
        except BadRequest as error:
            log.debug("relabel_refused", chat=self.chat.id, reason=str(error))

    async def replace_buttons(self, kinds: tuple[type[buttons.Button], ...], rows: Rows) -> None:
        """Take the buttons of these kinds away from the message whose button was pressed, and put `rows` below the
        others."""
        old = self.incoming.effective_message
        if not isinstance(old, TelegramMessage) or old.reply_markup is None:
            return
        kept = [
            [button for button in row if not isinstance(buttons.parse(str(button.callback_data or "")), kinds)]
            for row in old.reply_markup.inline_keyboard
        ]
        new = InlineKeyboardMarkup([*filter(None, kept), *rows])
        try:
            await self.bot.edit_message_reply_markup(self.chat.id, old.message_id, reply_markup=new)
        except BadRequest as error:
            log.debug("buttons_refused", chat=self.chat.id, reason=str(error))

    async def answer(self, text: str = "") -> None:
        """Answer the callback query, if there is one; errors are ignored, since Telegram expires queries soon."""
        await self._answer(text[:ALERT_LIMIT])

    async def open_private(self, parameter: str) -> None:
        """Answer the callback query by opening the private chat with the bot, as its deep link does."""
        await self._answer("", create_deep_linked_url(self.bot.username, parameter))

    async def _answer(self, text: str, url: str = "") -> None:
        query = self.incoming.callback_query
        if query is None:
            return
        try:
            await self.bot.answer_callback_query(query.id, text or None, url=url or None)
        except TelegramError as error:
            log.debug("callback_unanswered", reason=str(error))

    @property
    def argument(self) -> str:
        """The text after the command."""
        return " ".join(self.args or ()).strip()
