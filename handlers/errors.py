"""A handler failed: the log gets the fields, the reader a sentence."""

import structlog
from telegram import Update
from telegram.error import Forbidden, NetworkError, RetryAfter, TelegramError

from bot.context import Context
from bot.messages import menus
from bot.storage.engine import DATABASE_ERRORS

log = structlog.get_logger("kabar.chat")


async def failed(update: object, context: Context) -> None:
    """Log, and say sorry in a private chat; a chat that cannot be reached is left alone."""
    error = context.error
    chat = update.effective_chat if isinstance(update, Update) else None
    number = update.update_id if isinstance(update, Update) else None
    if isinstance(error, DATABASE_ERRORS) and number is not None:
        context.news.undone.add(number)  # it is handled again when the database is back
        log.warning("update_postponed", update=number, chat=chat and chat.id, error=type(error).__name__)
        return
    if isinstance(error, Forbidden):
        log.info("reader_gone", chat=chat and chat.id, reason=str(error))
        return
    log.error("update_failed", update=number, chat=chat and chat.id, error=repr(error), exc_info=error)
    if chat is None or chat.type != "private" or isinstance(error, RetryAfter | NetworkError):
        return
    try:
        await context.answer()
        await context.reply(menus.failed(context.language(await context.subscriber())))
    except TelegramError as again:
        log.warning("apology_failed", chat=chat.id, error=str(again))
