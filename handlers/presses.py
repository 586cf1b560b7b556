"""The handler of one kind of button."""

from collections.abc import Callable, Coroutine
from typing import Any

from telegram import Chat, Update
from telegram.ext import BaseHandler

from bot.context import Context
from bot.messages.buttons import Button


class Press(BaseHandler[Update, Context, None]):
    """Calls `callback(update, context, button)` when a button of `kind` is pressed.

    If `owners` (user ids) is given, only they are answered, and only in private chats; a press by anybody else goes to
    the handler of unknown buttons.
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
        if not isinstance(update, Update) or update.callback_query is None or not update.callback_query.data:
            return None
        if self._owners is not None and not self._is_owner(update):
            return None
        return self._kind.read(update.callback_query.data)

    def _is_owner(self, update: Update) -> bool:
        user, chat = update.effective_user, update.effective_chat
        return user is not None and user.id in (self._owners or ()) and chat is not None and chat.type == Chat.PRIVATE

    async def handle_update(self, update: Update, application: Any, check_result: object, context: Context) -> None:
        await self.callback(update, context, check_result)  # type: ignore[call-arg]  # our handlers get the button too
