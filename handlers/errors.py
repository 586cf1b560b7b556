"""The error handler: logs an exception of a handler and apologizes to the reader."""

import structlog
from telegram import Chat, Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.answers import is_refusal
from bot.context import Context
from bot.messages import menus
from bot.storage.engine import is_unreachable

log = structlog.get_logger("kabar.chat")


async def failed(update: object, context: Context) -> None:
    """Log the exception and apologize in a private chat, and in a group whose answer was refused in every form."""
    error = context.error
    chat = update.effective_chat if isinstance(update, Update) else None
    update_id = update.update_id if isinstance(update, Update) else None
    if error is not None and is_unreachable(error) and update_id is not None:
        context.news.undone.add(update_id)  # it is handled again when the database is back
        log.warning("update_postponed", update=update_id, chat=chat and chat.id, error=type(error).__name__)
        return
    if isinstance(error, Forbidden) or (isinstance(error, BadRequest) and not is_refusal(error)):
        log.info("reader_gone", chat=chat and chat.id, reason=str(error))
        return
    log.error("update_failed", update=update_id, chat=chat and chat.id, error=repr(error), exc_info=error)
    if isinstance(update, Update):
        await context.answer()  # so that a pressed button stops loading
    refused = isinstance(error, BadRequest)  # of the library's network errors the one that another message can avoid
    if chat is None or isinstance(error, RetryAfter) or (isinstance(error, NetworkError) and not refused):
        return
    if chat.type != Chat.PRIVATE and not (refused and chat.type in (Chat.GROUP, Chat.SUPERGROUP)):
        return
    try:
        await context.reply(menus.failed(context.language(await context.subscriber())))
    except TelegramError as second_error:
        log.warning("apology_failed", chat=chat.id, error=str(second_error))
