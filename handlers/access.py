"""Permissions: owners are the users in ADMIN_IDS, in private chats. For everybody else their commands don't exist."""

from telegram import Update
from telegram.ext import filters

from bot.context import Context
from bot.messages import menus


def owners(admin_ids: tuple[int, ...]) -> filters.BaseFilter:
    return filters.User(user_id=admin_ids) & filters.ChatType.PRIVATE


async def unknown(_: Update, context: Context) -> None:
    """Answer a command that does not exist, or that this user may not use; the answer is the same."""
    await context.reply(menus.unknown_command(context.language(await context.subscriber())))


async def unknown_press(_: Update, context: Context) -> None:
    """Acknowledge a button of an older version, or one that this user may not press."""
    await context.answer()
