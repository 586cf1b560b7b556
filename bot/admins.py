"""Who administers a group or a channel: asked of Telegram, and remembered for a minute."""

import time
from collections.abc import Callable

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

log = structlog.get_logger("kabar.chat")

REMEMBERED_SECONDS = 60.0
ANSWER_SECONDS = 5.0  # a press is answered in time even if Telegram stays silent


class Admins:
    """Remembers a chat's whole list, so that any number of readers' presses costs one call a minute."""

    def __init__(self, bot: ExtBot[None], clock: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._clock = clock
        self._known: dict[int, tuple[float, frozenset[int]]] = {}  # by chat, the oldest first

    async def of(self, chat_id: int) -> frozenset[int] | None:
        """The user ids of the chat's admins; None if Telegram does not say."""
        self._forget_old()
        if chat_id in self._known:
            return self._known[chat_id][1]
        try:
            members = await self._bot.get_chat_administrators(
                chat_id, read_timeout=ANSWER_SECONDS, connect_timeout=ANSWER_SECONDS
            )
        except (
            TelegramError,
            TypeError,
            KeyError,
        ) as error:  # not TelegramError: a field the library requires is missing
            log.warning("admins_unknown", chat=chat_id, reason=str(error))
            return None
        admins = frozenset(member.user.id for member in members)
        self._known[chat_id] = (self._clock(), admins)
        return admins

    def _forget_old(self) -> None:
        now = self._clock()
        for chat_id, (asked, _) in list(self._known.items()):
            if now - asked < REMEMBERED_SECONDS:
                break
            del self._known[chat_id]
