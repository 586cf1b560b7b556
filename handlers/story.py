"""Opening a story's card."""

from dataclasses import replace

from telegram import Update

from bot.audience import saved
from bot.context import Context
from bot.messages import buttons, menus
from bot.messages.stories import card, retracted, withdrawal_offer
from bot.storage.models import StoryState
from bot.stories.showing import browse, popularity, readers


async def open_card(_: Update, context: Context, button: buttons.OpenStory) -> None:
    """Show the story's card as a new message."""
    await context.answer()
    if not await open_story(context, button.story_id):
        await context.reply(menus.vanished(context.language(await context.subscriber())))


async def open_story(context: Context, story_id: int, weight: float = popularity.OPENED) -> bool:
    """Send the card and count the reader once per story and day, without a record. False if there is no such story."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    async with context.read() as session:
        story = await browse.get(session, story_id)
        is_saved = context.is_private and await saved.is_saved(session, subscriber.id, story_id)
    if story is None:
        return False
    if story.state != StoryState.LIVE:
        await context.reply(retracted(context.newsroom, language, story.updated_at))
        return True
    message = card(context.newsroom, story, language, context.news.settings.public_url, saved=is_saved)
    if context.is_owner:
        message = replace(message, rows=(*message.rows, withdrawal_offer(language, story)))
    await context.reply_card(message, story)
    now = context.news.now()
    sender = context.incoming.effective_sender or context.chat
    more = context.news.readers.earn(story_id, readers.of_chat(sender.id), weight, now)
    if more:
        async with context.write() as session:
            await popularity.count(session, story_id, more, now)
    return True
