"""/pushes: what is being sent, with pause, resume, cancel."""

from telegram import Update

from bot.context import Context
from bot.delivery import pushes
from bot.messages import broadcasts
from bot.messages.text import shorten
from bot.stories.showing import browse

TITLE_SHOWN = 80


async def show_pushes(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        found = await pushes.current(session)
    if not found:
        await context.reply(broadcasts.no_pushes(language))
    for each in found:
        title = await _title(context, each.push.story_id)
        await context.reply(broadcasts.progress(context.newsroom, language, each.push, each.waiting, title))


async def press_pushes(update: Update, context: Context) -> None:
    await context.answer()
    await show_pushes(update, context)


async def press(update: Update, context: Context) -> None:
    """`push:<pause|resume|cancel|release>:<push>`; a second tap changes nothing."""
    _, verb, number = str(update.callback_query and update.callback_query.data).split(":")
    language = context.language(await context.subscriber())
    now = context.news.now()
    async with context.write() as session:
        match verb:
            case "pause":
                changed = await pushes.pause(session, int(number))
            case "resume":
                changed = await pushes.resume(session, int(number), now)
            case "release":
                changed = await pushes.release(session, int(number), now)
            case _:
                changed = await pushes.cancel(session, int(number), now)
        state = await pushes.progress(session, int(number))
    context.news.wake.set()
    await context.answer("" if changed else broadcasts.too_late(language))
    if state is not None:
        title = await _title(context, state.push.story_id)
        await context.show(broadcasts.progress(context.newsroom, language, state.push, state.waiting, title))


async def press_held(update: Update, context: Context) -> None:
    """`held:release` and `held:cancel`: what a flooding source had held back."""
    verb = str(update.callback_query and update.callback_query.data).partition(":")[2]
    language = context.language(await context.subscriber())
    async with context.write() as session:
        change = pushes.release if verb == "release" else pushes.cancel
        count = 0
        for push_id in await pushes.held(session):
            count += await change(session, push_id, context.news.now())
    context.news.wake.set()
    await context.answer("" if count else broadcasts.too_late(language))
    if count:
        await context.show(broadcasts.held_settled(language, count, released=verb == "release"))


async def _title(context: Context, story_id: int | None) -> str:
    if story_id is None:
        return ""
    async with context.read() as session:
        story = await browse.get(session, story_id)
    return shorten(story.title, TITLE_SHOWN) if story else ""
