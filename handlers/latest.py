"""/latest: the newest stories, paged in place."""

from telegram import Update

from bot.context import Context
from bot.messages.stories import Page, listing
from bot.messages.text import Message
from bot.stories.showing import browse


async def latest(_: Update, context: Context) -> None:
    await context.reply(await _page(context, 0, 0))


async def press(update: Update, context: Context) -> None:
    """`latest` opens the list as a new message; `latest:<anchor>:<offset>` turns its pages."""
    await context.answer()
    parts = str(update.callback_query and update.callback_query.data).split(":")
    if len(parts) == 1:
        await context.reply(await _page(context, 0, 0))
    else:
        await context.show(await _page(context, int(parts[1]), int(parts[2])))


async def _page(context: Context, anchor: int, offset: int) -> Message:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        found = await browse.latest(session, anchor=anchor, offset=offset)
    _ = language._
    return listing(
        context.newsroom,
        language,
        _("Latest"),
        page_of(found, "latest"),
        _("There are no stories yet. They will be here as soon as the newsroom publishes one."),
    )


def page_of(found: browse.Stretch, verb: str) -> Page:
    """The list's page, with a pager whose buttons name the page they lead to."""
    newer = f"{verb}:{found.anchor}:{max(0, found.offset - browse.LATEST)}" if found.offset else ""
    older = f"{verb}:{found.anchor}:{found.offset + browse.LATEST}" if found.more else ""
    return Page(found.stories, found.offset + 1, newer, older)
