"""/sources: how the newsroom's sources are doing."""

from telegram import Update

from bot.context import Context
from bot.messages import sources as messages
from bot.stories import sources
from bot.stories.showing import browse


async def show_sources(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        found = await sources.everything(session)
        counts = await browse.count_by_source(session)
        clock = await session.moment()
    listed = {source.id for source in context.newsroom.sources}
    health = [
        messages.Health(
            source=source,
            stories=counts.get(source.id, 0),
            again_in=max(0.0, source.next_poll_at - clock),
        )
        for source in found
        if source.id in listed
    ]
    await context.reply(messages.health(context.newsroom, language, health, context.news.now()))
