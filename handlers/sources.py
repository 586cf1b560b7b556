"""/sources: the health of the newsroom's sources."""

from telegram import Update

from bot.context import Context
from bot.messages import sources as messages
from bot.stories import sources
from bot.stories.showing import browse


async def show_sources(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        rows = await sources.everything(session)
        counts = await browse.count_by_source(session)
        copies = await browse.count_copies(session, context.news.now())
        clock = await session.moment()
    ids_in_file = {source.id for source in context.newsroom.sources}
    health = [
        messages.Health(
            source=row,
            stories=counts.get(row.id, 0),
            again_in=max(0.0, row.next_poll_at - clock),
        )
        for row in rows
        if row.id in ids_in_file
    ]
    await context.reply(messages.health(context.newsroom, language, health, context.news.now(), copies))
