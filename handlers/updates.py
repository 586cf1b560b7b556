"""/update: the newest UPDATEs, paged in place."""

from telegram import Update

from bot.context import Context
from bot.messages import buttons
from bot.messages.stories import Page, listing
from bot.messages.text import Message
from bot.stories.showing import browse
from handlers.latest import pager


async def updates(_: Update, context: Context) -> None:
    await context.reply(await _page(context, 0, 0))


async def open_list(_: Update, context: Context, __: buttons.OpenUpdates) -> None:
    """Show the list as a new message."""
    await context.answer()
    await context.reply(await _page(context, 0, 0))


async def turn(_: Update, context: Context, button: buttons.UpdatesPage) -> None:
    """Show another page of the list in the same message."""
    await context.answer()
    await context.show(await _page(context, button.anchor, button.offset))


async def _page(context: Context, anchor: int, offset: int) -> Message:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        stretch = await browse.updates(session, anchor=anchor, offset=offset)
    return listing(
        context.newsroom,
        language,
        "UPDATE",
        Page(stretch.stories, stretch.offset + 1, *pager(stretch, buttons.UpdatesPage)),
        language._("There is no breaking news yet. It appears here as soon as the newsroom publishes some."),
    )
