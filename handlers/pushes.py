"""/pushes: the pushes being sent, with buttons to pause, resume and cancel."""

from telegram import Update

from bot.context import Context
from bot.delivery import figures, pushes
from bot.messages import broadcasts, buttons
from bot.messages.text import shorten
from bot.stories.showing import browse

TITLE_SHOWN = 80


async def show_pushes(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    async with context.read() as session:
        current = await figures.current(session)
    if not current:
        await context.reply(broadcasts.no_pushes(language))
    for progress in current:
        title = await _title(context, progress.push.story_id)
        await context.reply(broadcasts.progress(context.newsroom, language, progress.push, progress.waiting, title))


async def open_list(update: Update, context: Context, _: buttons.OpenPushes) -> None:
    await context.answer()
    await show_pushes(update, context)


async def change(_: Update, context: Context, button: buttons.ChangePush) -> None:
    """Pause, resume, cancel or release a push; a second tap changes nothing."""
    language = context.language(await context.subscriber())
    now = context.news.now()
    async with context.write() as session:
        match button.change:
            case "pause":
                changed = await pushes.pause(session, button.push_id)
            case "resume":
                changed = await pushes.resume(session, button.push_id, now)
            case "release":
                changed = await pushes.release(session, button.push_id, now)
            case _:
                changed = await pushes.cancel(session, button.push_id, now)
        state = await figures.progress(session, button.push_id)
    context.news.wake.set()
    await context.answer("" if changed else broadcasts.too_late(language))
    if state is not None:
        title = await _title(context, state.push.story_id)
        await context.show(broadcasts.progress(context.newsroom, language, state.push, state.waiting, title))


async def settle_held(_: Update, context: Context, button: buttons.SettleHeld) -> None:
    """Release or cancel every push that is held because its source brought unusually many stories."""
    release = button.change == "release"
    language = context.language(await context.subscriber())
    async with context.write() as session:
        settle = pushes.release if release else pushes.cancel
        count = 0
        for push_id in await pushes.held(session):
            count += await settle(session, push_id, context.news.now())
    context.news.wake.set()
    await context.answer("" if count else broadcasts.too_late(language))
    if count:
        await context.show(broadcasts.held_settled(language, count, released=release))


async def _title(context: Context, story_id: int | None) -> str:
    if story_id is None:
        return ""
    async with context.read() as session:
        story = await browse.get(session, story_id)
    return shorten(story.title, TITLE_SHOWN) if story else ""
