"""Withdrawing a story from every chat that got it, with the button under a story that an owner opens."""

from telegram import Update

from bot.context import Context
from bot.messages import buttons, stories
from bot.stories.showing import browse
from bot.stories.telling import withdrawal


async def ask(_: Update, context: Context, button: buttons.AskWithdrawal) -> None:
    """Ask for confirmation before the story is withdrawn."""
    await context.answer()
    language = context.language(await context.subscriber())
    async with context.read() as session:
        story = await browse.get(session, button.story_id)
    if story is not None:
        await context.reply(stories.withdrawal_question(context.newsroom, language, story))


async def answer(_: Update, context: Context, button: buttons.AnswerWithdrawal) -> None:
    """Withdraw the story as it is in the database now, or keep it; a second tap changes nothing."""
    await context.answer()
    language = context.language(await context.subscriber())
    async with context.write() as session:
        story = await browse.get(session, button.story_id, lock=True)
        if story is not None and button.answer == "yes":
            await withdrawal.retract(session, story, context.news.now())
    context.news.wake.set()
    if story is not None:
        await context.show(stories.withdrawal_settled(language, story))
