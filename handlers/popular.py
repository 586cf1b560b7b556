"""/popular: the most popular stories, ranked."""

from telegram import Update

from bot.context import Context
from bot.messages import buttons
from bot.messages.stories import Page, listing
from bot.stories.showing import browse


async def popular(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        stories = await browse.popular(session)
    await context.reply(
        listing(
            context.newsroom,
            language,
            language._("Popular"),
            Page(stories),
            language._("There are no stories yet. They appear here as soon as the newsroom publishes one."),
        )
    )


async def open_list(update: Update, context: Context, _: buttons.OpenPopular) -> None:
    await context.answer()
    await popular(update, context)
