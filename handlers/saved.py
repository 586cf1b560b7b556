"""/saved, and ☆ under a card. What is saved is a reader's own, so it is in the private chat alone."""

from telegram import Update
from telegram.helpers import create_deep_linked_url

from bot.audience import saved as shelf
from bot.context import Context
from bot.messages import buttons
from bot.messages import saved as messages
from bot.messages.stories import Page, save_button
from bot.messages.text import Message
from bot.storage.models import StoryState
from bot.stories.showing import browse
from handlers import story as stories


async def saved(_: Update, context: Context) -> None:
    if context.is_private:
        await context.reply(await _page(context, 0))
        return
    address = create_deep_linked_url(context.bot.username, buttons.SavedPage(0).private)
    await context.reply(messages.elsewhere(await context.known_language(), address))


async def turn(_: Update, context: Context, button: buttons.SavedPage) -> None:
    """Show another page of the list in the same message."""
    await context.answer()
    await context.show(await _page(context, button.offset))


async def tidy(_: Update, context: Context, button: buttons.TidySaved) -> None:
    """Offer to take out the stories of the page, in the same message."""
    await context.answer()
    await context.show(await _page(context, button.offset, tidying=True))


async def drop(_: Update, context: Context, button: buttons.DropSaved) -> None:
    """Take a story out, and show what is left."""
    subscriber = await context.subscriber()
    async with context.write() as session:
        await shelf.drop(session, subscriber.id, button.story_id)
    await context.answer(messages.answer(context.language(subscriber), on=False))
    await context.show(await _page(context, button.offset, tidying=True))


async def save(_: Update, context: Context, button: buttons.SaveStory) -> None:
    """Save the story of the card, or take it out, and change the button. From a group it leads to the private chat."""
    if not context.is_private:
        await context.open_private(button.private)
        return
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    async with context.write() as session:
        story = await browse.get(session, button.story_id)
        is_there = story is not None and story.state == StoryState.LIVE
        if not button.on:
            await shelf.drop(session, subscriber.id, button.story_id)
        fits = (
            not button.on
            or not is_there
            or await shelf.save(session, subscriber.id, button.story_id, context.news.now())
        )
    if button.on and not is_there:
        await context.answer()
        await stories.open_story(context, button.story_id)
        return
    if not fits:
        await context.answer(messages.full(language, shelf.AT_MOST))
        return
    await context.answer(messages.answer(language, on=button.on))
    await context.relabel(button.data, save_button(language, button.story_id, button.on))


async def _page(context: Context, offset: int, *, tidying: bool = False) -> Message:
    subscriber = await context.subscriber()
    async with context.read() as session:
        page = await shelf.page(session, subscriber.id, offset)
    kind = buttons.TidySaved if tidying else buttons.SavedPage
    newer = kind(max(0, page.offset - shelf.PAGE)) if page.offset else None
    older = kind(page.offset + shelf.PAGE) if page.offset + len(page.stories) < page.count else None
    shown = Page(page.stories, page.offset + 1, newer, older)
    return messages.listed(context.newsroom, context.language(subscriber), shown, page.count, tidying=tidying)
