"""/search, and plain text in a private chat."""

from telegram import Update

from bot.context import Context
from bot.messages import buttons, menus
from bot.messages.stories import Page, listing
from bot.messages.text import Message, shorten
from bot.stories.showing import browse
from handlers.latest import pager

WORDS_SHOWN = 100


async def search(_: Update, context: Context) -> None:
    if not context.argument:
        await context.reply(menus.ask_words(context.language(await context.subscriber())))
        return
    await context.reply(await _page(context, context.argument, 0, 0))


async def plain_text(update: Update, context: Context) -> None:
    """Search for text that is written without a command."""
    text = (update.effective_message and update.effective_message.text) or ""
    await context.reply(await _page(context, text, 0, 0))


async def turn(_: Update, context: Context, button: buttons.SearchPage) -> None:
    """Show another page of the results in the same message."""
    await context.answer()
    await context.show(await _page(context, button.words, button.anchor, button.offset))


async def _page(context: Context, words: str, anchor: int, offset: int) -> Message:
    language = context.language(await context.subscriber())
    words = " ".join(words.split())[:300]
    async with context.read() as session:
        stretch = await browse.search(session, words, anchor=anchor, offset=offset)
    _ = language._
    shown = shorten(words, WORDS_SHOWN)

    def to_page(anchor: int, offset: int) -> buttons.Button | None:
        button = buttons.SearchPage(anchor, offset, buttons.Words(words))
        return button if button.fits else None

    page = Page(stretch.stories, stretch.offset + 1, *pager(stretch, to_page))
    return listing(
        context.newsroom,
        language,
        _("Search: {words}").format(words=shown),
        page,
        _("Nothing found. Try other words, or fewer."),
        extra=menus.sections_found(context.newsroom, language, words) if not stretch.offset else (),
    )
