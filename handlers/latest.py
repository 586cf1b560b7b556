"""/latest: the newest stories, paged in place."""

from collections.abc import Callable

from telegram import Update

from bot.context import Context
from bot.messages import buttons
from bot.messages.stories import Page, listing
from bot.messages.text import Message
from bot.stories.showing import browse


async def latest(_: Update, context: Context) -> None:
    await context.reply(await _page(context, 0, 0))


async def open_list(_: Update, context: Context, __: buttons.OpenLatest) -> None:
    """Show the list as a new message."""
    await context.answer()
    await context.reply(await _page(context, 0, 0))


async def turn(_: Update, context: Context, button: buttons.LatestPage) -> None:
    """Show another page of the list in the same message."""
    await context.answer()
    await context.show(await _page(context, button.anchor, button.offset))


async def _page(context: Context, anchor: int, offset: int) -> Message:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        stretch = await browse.latest(session, anchor=anchor, offset=offset)
    _ = language._
    return listing(
        context.newsroom,
        language,
        _("Latest"),
        Page(stretch.stories, stretch.offset + 1, *pager(stretch, buttons.LatestPage)),
        _("There are no stories yet. They appear here as soon as the newsroom publishes one."),
    )


def pager(
    stretch: browse.Stretch, page: Callable[[int, int], buttons.Button | None], size: int = browse.LATEST
) -> tuple[buttons.Button | None, buttons.Button | None]:
    """The buttons to the page before (newer stories) and after (older ones), None where there is no such page.

    `page` makes a button from an anchor and an offset; it may return None for a page that no button can name.
    """
    newer = page(stretch.anchor, max(0, stretch.offset - size)) if stretch.offset else None
    older = page(stretch.anchor, stretch.offset + size) if stretch.more else None
    return newer, older
