"""/privacy: what is kept of a chat; sends all of it as a file, and deletes it.

None of this registers the chat: after a deletion, a second press must not make it known again.
"""

import orjson
from telegram import InputFile, Update
from telegram.error import BadRequest, Forbidden

from bot.context import Context
from bot.delivery import personal
from bot.i18n import Language
from bot.messages import buttons
from bot.messages import privacy as messages
from bot.messages.text import Message

FILE_NAME = "kabar.json"


async def privacy(_: Update, context: Context) -> None:
    await context.reply(await _overview(context))


async def open_privacy(_: Update, context: Context, __: buttons.OpenPrivacy) -> None:
    """Go back from the question whether to delete everything."""
    await context.answer()
    await context.show(await _overview(context))


async def export(update: Update, context: Context, _: buttons.ExportChat) -> None:
    """Send the file to the chat; of a channel to its admin, in private."""
    language = await context.known_language()
    if await _denied(context, language):
        return
    async with context.read() as session:
        everything = await personal.export(session, context.chat.id)
    file = InputFile(orjson.dumps(everything, option=orjson.OPT_INDENT_2), FILE_NAME)
    user = update.effective_user
    to_admin = context.is_channel and user is not None
    try:
        await context.bot.send_document(
            user.id if to_admin and user else context.chat.id,
            file,
            caption=messages.export_caption(language),
            message_thread_id=None if to_admin else context.thread_id or None,
        )
    except (BadRequest, Forbidden):
        if not to_admin:
            raise
        await context.answer(messages.export_undelivered(language, context.bot.name))
        return
    await context.answer()


async def ask_erasure(_: Update, context: Context, __: buttons.AskErasure) -> None:
    language = await context.known_language()
    if await _denied(context, language):
        return
    await context.answer()
    await context.show(messages.erasure_question(language))


async def confirm_erasure(_: Update, context: Context, __: buttons.ConfirmErasure) -> None:
    language = await context.known_language()
    if await _denied(context, language):
        return
    async with context.write() as session:
        await personal.erase(session, context.chat.id, context.news.now())
    await context.answer()
    await context.show(messages.erased(language))


async def _denied(context: Context, language: Language) -> bool:
    """Answer who may not do this."""
    denial = await context.denial(language)
    if denial:
        await context.answer(denial)
    return bool(denial)


async def _overview(context: Context) -> Message:
    language = await context.known_language()
    return messages.privacy(context.newsroom, language, context.news.settings.retention_days)
