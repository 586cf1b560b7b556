"""Who may do what: owners are ADMIN_IDS, in private. For anybody else their commands don't exist."""

from telegram import Update
from telegram.ext import filters

from bot.context import Context
from bot.messages import menus


def owners(admin_ids: tuple[int, ...]) -> filters.BaseFilter:
    return filters.User(user_id=admin_ids) & filters.ChatType.PRIVATE


async def unknown(_: Update, context: Context) -> None:
    """A command that nobody answers, or that this person has no business with."""
    await context.reply(menus.unknown_command(context.language(await context.subscriber())))


async def unknown_press(_: Update, context: Context) -> None:
    """A button of an older version, or one that this person has no business with."""
    await context.answer()
