"""Permissions: owners are the users in ADMIN_IDS, in private chats. For everybody else their commands don't exist."""

from telegram import Update
from telegram.ext import filters

from bot import spelling
from bot.commands import Role
from bot.context import Context
from bot.messages import menus
from handlers.presses import has_message


def owners(admin_ids: tuple[int, ...]) -> filters.BaseFilter:
    return filters.User(user_id=admin_ids) & filters.ChatType.PRIVATE


async def unknown(update: Update, context: Context) -> None:
    """Answer a command that does not exist, or that this user may not use; the answer is the same.

    It names the command that may have been meant, of those that this user may use.
    """
    text = (update.effective_message and update.effective_message.text) or ""
    asked = text[1:].split(maxsplit=1)[0].partition("@")[0] if text[1:].split() else ""
    allowed = (Role.READER, Role.OWNER) if context.is_owner else (Role.READER,)
    names = [name for command in context.news.commands if command.role in allowed for name in command.names()]
    language = context.language(await context.subscriber())
    await context.reply(menus.unknown_command(language, spelling.nearest(asked, names)))


async def unknown_press(update: Update, context: Context) -> None:
    """Say that a button of an older version does nothing any more; so does one that this user may not press."""
    query = update.callback_query
    if query is None or not has_message(query):  # it belongs to no chat that we know
        await context.answer()
        return
    language = await context.known_language()
    await context.answer(menus.vanished(language).text)
    if context.is_private:
        await context.reply(menus.vanished(language))
