"""/search, and plain text in a private chat."""

from telegram import Update

from bot.context import Context
from bot.i18n import Language
from bot.messages import buttons, menus
from bot.messages.stories import Page, listing
from bot.messages.text import Message, shorten
from bot.stories.showing import search as finding
from bot.stories.showing.search import Found, How
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
    words = " ".join(words.split())[: finding.LETTERS_AT_MOST]
    async with context.read() as session:
        found = await finding.search(session, words, anchor=anchor, offset=offset)
    _ = language._
    shown, stretch = shorten(words, WORDS_SHOWN), found.stretch

    def to_page(anchor: int, offset: int) -> buttons.Button | None:
        button = buttons.SearchPage(anchor, offset, buttons.Words(words))
        return button if button.fits else None

    extra = menus.sections_found(context.newsroom, language, words) if not stretch.offset else ()
    if found.how in (How.NEAREST, How.NOTHING):
        extra = (*extra, *menus.elsewhere(language))
    return listing(
        context.newsroom,
        language,
        _("Search: {words}").format(words=shown),
        Page(stretch.stories, stretch.offset + 1, *pager(stretch, to_page)),
        _("Nothing found. Try other words, or fewer."),
        note=_note(language, found),
        extra=extra,
    )


def _note(language: Language, found: Found) -> str:
    """How what was found differs from what was asked for."""
    _ = language._
    match found.how:
        case How.SPELLED:
            return _("No story has it spelled like this. Shown instead: {words}").format(words=" ".join(found.spelled))
        case How.SOME:
            return _("No story has all of these words. These come closest.")
        case How.NEAREST:
            return _("Nothing found. The most similar titles:")
        case _:
            return ""
