"""The stories that were taken for copies of another site's text, each with a button that makes it news."""

from telegram import Update

from bot.context import Context
from bot.messages import buttons
from bot.messages import copies as messages
from bot.messages.text import Message
from bot.stories import pipeline
from bot.stories.showing import browse
from handlers.latest import pager


async def open_list(_: Update, context: Context, __: buttons.OpenCopies) -> None:
    """Show the list as a new message."""
    await context.answer()
    await context.reply(await _page(context, 0, 0))


async def turn(_: Update, context: Context, button: buttons.CopiesPage) -> None:
    await context.answer()
    await context.show(await _page(context, button.anchor, button.offset))


async def separate(_: Update, context: Context, button: buttons.SeparateCopy) -> None:
    """Make the story news, and say whether it is pushed; a second press changes nothing."""
    language = context.language(await context.subscriber())
    async with context.write() as session:
        story = await browse.get(session, button.story_id, lock=True)
        separated = story is not None and await pipeline.separate(session, story, context.newsroom, context.news.now())
    context.news.wake.set()
    await context.answer(messages.separated(language, story) if story and separated else messages.is_no_copy(language))
    said = messages.separated_story(language, story) if story and separated else ""
    await context.show(await _page(context, button.anchor, button.offset, said))


async def _page(context: Context, anchor: int, offset: int, said: str = "") -> Message:
    """A page of the list; the one before where it is empty by now. `said` stands above it."""
    language, now = context.language(await context.subscriber()), context.news.now()
    async with context.read() as session:
        stretch, originals = await browse.copies(session, now, anchor=anchor, offset=offset)
        if not stretch.stories and offset:
            before = max(0, offset - browse.COPIES)
            stretch, originals = await browse.copies(session, now, anchor=anchor, offset=before)
    newer, older = pager(stretch, buttons.CopiesPage, browse.COPIES)
    page = messages.Page(stretch.stories, originals, stretch.anchor, stretch.offset, newer, older)
    return messages.copies(context.newsroom, language, page, said)
