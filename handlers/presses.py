"""The handler of one kind of button."""

from collections.abc import Callable, Coroutine
from typing import Any

from telegram import CallbackQuery, Chat, Message, Update
from telegram.constants import ZERO_DATE
from telegram.ext import BaseHandler

from bot.context import Context
from bot.messages.buttons import Button
from handlers import channels


class Press(BaseHandler[Update, Context, None]):
    """Calls `callback(update, context, button)` when a button of `kind` is pressed.

    If `owners` (user ids) is given, only they are answered, and only in private chats; a press by anybody else goes to
    the handler of unknown buttons. So does a press whose message is missing, being inline, or no longer accessible
    (https://core.telegram.org/bots/api#inaccessiblemessage): it belongs to no chat that we know.
    """

    def __init__(
        self,
        kind: type[Button],
        callback: Callable[..., Coroutine[Any, Any, Any]],
        owners: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(callback)
        self._kind = kind
        self._owners = owners

    def check_update(self, update: object) -> Button | None:
        query = update.callback_query if isinstance(update, Update) else None
        if not isinstance(update, Update) or query is None or not query.data or not has_message(query):
            return None
        if self._owners is not None and not self._is_owner(update):
            return None
        return self._kind.read(query.data)

    def _is_owner(self, update: Update) -> bool:
        user, chat = update.effective_user, update.effective_chat
        return user is not None and user.id in (self._owners or ()) and chat is not None and chat.type == Chat.PRIVATE

    async def handle_update(self, update: Update, application: Any, check_result: Any, context: Context) -> None:
        if context.is_channel and await channels.handled(context, check_result):
            return
        await self.callback(update, context, check_result)  # type: ignore[call-arg]  # our handlers get the button too


def has_message(query: CallbackQuery) -> bool:
    """Whether the message is there and accessible; an inaccessible one is parsed as a Message of the date 0."""
    return isinstance(query.message, Message) and query.message.date != ZERO_DATE
