"""/search, and plain text in a private chat."""

from telegram import Update

from bot.context import Context
from bot.messages import menus
from bot.messages.stories import Page, listing
from bot.messages.text import Message, shorten
from bot.stories.showing import browse

WORDS_IN_BUTTON = 40  # bytes; a button's data holds 64, and its page stands in it too
WORDS_SHOWN = 100


async def search(_: Update, context: Context) -> None:
    if not context.argument:
        await context.reply(menus.ask_words(context.language(await context.subscriber())))
        return
    await context.reply(await _page(context, context.argument, 0, 0))


async def plain_text(update: Update, context: Context) -> None:
    """Words written without a command are looked for."""
    text = (update.effective_message and update.effective_message.text) or ""
    await context.reply(await _page(context, text, 0, 0))


async def press(update: Update, context: Context) -> None:
    """`search:<anchor>:<offset>:<words>` turns the pages of a search."""
    await context.answer()
    _, anchor, offset, words = str(update.callback_query and update.callback_query.data).split(":", 3)
    await context.show(await _page(context, words, int(anchor), int(offset)))


async def _page(context: Context, words: str, anchor: int, offset: int) -> Message:
    language = context.language(await context.subscriber())
    words = " ".join(words.split())[:300]
    async with context.read() as session:
        found = await browse.search(session, words, anchor=anchor, offset=offset)
    _ = language._
    shown = shorten(words, WORDS_SHOWN)
    fits = len(words.encode()) <= WORDS_IN_BUTTON
    at = f"search:{found.anchor}"
    page = Page(
        found.stories,
        found.offset + 1,
        f"{at}:{max(0, found.offset - browse.LATEST)}:{words}" if fits and found.offset else "",
        f"{at}:{found.offset + browse.LATEST}:{words}" if fits and found.more else "",
    )
    return listing(
        context.newsroom,
        language,
        _("Search: {words}").format(words=shown),
        page,
        _("Nothing found. Try other words, or fewer."),
    )
