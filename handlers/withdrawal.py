"""Taking a story back from every chat that got it: the button under a story that an owner opens."""

from telegram import Update

from bot.context import Context
from bot.delivery import corrections
from bot.messages import stories
from bot.stories.showing import browse


async def press(update: Update, context: Context) -> None:
    """`withdraw:<id>` asks, `withdraw:<id>:yes` does it, `withdraw:<id>:no` leaves it; a second tap changes nothing."""
    await context.answer()
    _, number, *answer = str(update.callback_query and update.callback_query.data).split(":")
    language = context.language(await context.subscriber())
    async with context.read() as session:
        story = await browse.get(session, int(number))
    if story is None:
        return
    if not answer:
        await context.reply(stories.withdrawal_question(language, story))
        return
    if answer == ["yes"]:
        async with context.write() as session:
            await corrections.retract(session, story := await session.merge(story), context.news.now())
        context.news.wake.set()
    await context.show(stories.withdrawal_settled(language, story))
