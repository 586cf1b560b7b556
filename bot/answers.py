"""Answers to readers. One that Telegram refuses is tried again in plainer forms, logged, and counted."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from telegram import Message as TelegramMessage
from telegram.error import BadRequest
from telegram.ext import ExtBot

from bot.delivery import outcomes
from bot.messages import plain
from bot.messages.text import NO_PREVIEW, Message

log = structlog.get_logger("kabar.chat")
T = TypeVar("T")


def is_refusal(error: BadRequest) -> bool:
    """Whether Telegram refuses what the message says, and not its chat, its topic, or the message to edit."""
    return isinstance(outcomes.classify(400, {"description": str(error)}), outcomes.Refused)


class Answers:
    """`refused` counts the answers that Telegram refused as they were, since the start of this process."""

    def __init__(self, bot: ExtBot[None]) -> None:
        self._bot = bot
        self.refused = 0

    async def send(self, chat_id: int, message: Message, thread_id: int = 0) -> TelegramMessage:
        """Send the message's text. Raises BadRequest if Telegram refuses every form, or the chat."""

        async def send(form: Message) -> TelegramMessage:
            return await self._bot.send_message(
                chat_id,
                form.text,
                entities=form.entities,
                reply_markup=form.markup,
                link_preview_options=NO_PREVIEW,
                message_thread_id=thread_id or None,
            )

        return await self._in_some_form(chat_id, message, send)

    async def edit(self, chat_id: int, message_id: int, message: Message) -> None:
        """Replace the text of a message. Raises BadRequest like `send`, and where the message cannot be edited."""

        async def edit(form: Message) -> None:
            await self._bot.edit_message_text(
                form.text,
                chat_id,
                message_id,
                entities=form.entities,
                reply_markup=form.markup,
                link_preview_options=NO_PREVIEW,
            )

        await self._in_some_form(chat_id, message, edit)

    async def _in_some_form(self, chat_id: int, message: Message, attempt: Callable[[Message], Awaitable[T]]) -> T:
        try:
            return await attempt(message)
        except BadRequest as error:
            if not is_refusal(error):
                raise
            self.note(chat_id, message, error)
            refusal = error
        for form in plain.forms(message):
            try:
                return await attempt(form)
            except BadRequest as error:
                if not is_refusal(error):
                    raise
                refusal = error
        raise refusal

    def note(self, chat_id: int, message: Message, error: BadRequest) -> None:
        """Count and log that Telegram refused the message as it was."""
        self.refused += 1
        log.warning(
            "answer_refused",
            chat=chat_id,
            reason=str(error),
            text=message.text[:80],
            characters=len(message.text),
            entities=len(message.entities),
            buttons=sum(map(len, message.rows)),
        )
