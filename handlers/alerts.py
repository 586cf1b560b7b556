"""The button below an alert: silent, quiet for a while, no more of this topic, and why it came. All in place."""

from telegram import Update

from bot.audience import quiet as hours
from bot.audience import subscribers, subscriptions
from bot.context import Context
from bot.messages import alerts, buttons, menus
from bot.messages.alerts import clock_time
from bot.storage.models import Sound, Story, Subscriber
from bot.stories.showing import browse
from handlers import quiet


async def open_options(__: Update, context: Context, button: buttons.OpenAlert) -> None:
    subscriber = await context.subscriber()
    story, _ = await _look(context, subscriber, button.story_id)
    await context.answer("" if story else alerts.no_longer(context.language(subscriber)))
    await _redraw(context, button.story_id)


async def close_options(_: Update, context: Context, button: buttons.CloseAlert) -> None:
    await context.answer()
    await _close(context, button.story_id)


async def choose_sound(_: Update, context: Context, button: buttons.AlertSound) -> None:
    subscriber = await _permitted(context)
    if subscriber is None:
        return
    sound = Sound[button.volume.upper()]
    async with context.write() as session:
        await subscriptions.set_sound(session, subscriber.id, button.target, sound)
    await context.answer(alerts.sound_chosen(context.newsroom, context.language(subscriber), button.target, sound))
    await _redraw(context, button.story_id)


async def choose_follow(_: Update, context: Context, button: buttons.AlertFollow) -> None:
    subscriber = await _permitted(context)
    if subscriber is None:
        return
    language = context.language(subscriber)
    async with context.write() as session:
        await subscriptions.change(session, subscriber.id, button.target, on=button.on)
    paused = subscriber.paused
    await context.answer(menus.followed(context.newsroom, language, button.target, button.on, paused=paused))
    await _redraw(context, button.story_id)


async def snooze(_: Update, context: Context, button: buttons.Snooze) -> None:
    """Hold alerts for an hour, or until the morning."""
    subscriber = await _permitted(context)
    if subscriber is None:
        return
    zone = quiet.zone(context, subscriber)
    async with context.write() as session:
        now = await session.moment()
        morning = hours.morning(hours.hours_of(subscriber, context.newsroom.zone), zone, now)
        until = now + 3600.0 if button.until == "hour" else morning
        held = await subscribers.snooze(session, subscriber.id, context.newsroom.zone, until, now)
    await context.answer(alerts.snoozed(context.language(subscriber), quiet.at(held.hold_until or until), zone))
    await _close(context, button.story_id)


async def explain(_: Update, context: Context, button: buttons.ExplainAlert) -> None:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    story, chosen = await _look(context, subscriber, button.story_id)
    words = alerts.no_longer(language) if story is None else alerts.why(context.newsroom, language, story, chosen)
    await context.answer(words)


async def _permitted(context: Context) -> Subscriber | None:
    """The chat's subscriber; None, after an answer that says so, if the sender may not change its choices."""
    subscriber = await context.subscriber()
    if denial := await context.denial(context.language(subscriber)):
        await context.answer(denial)
        return None
    return subscriber


async def _redraw(context: Context, story_id: int) -> None:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    story, chosen = await _look(context, subscriber, story_id)
    if story is None:
        return
    own = hours.hours_of(subscriber, context.newsroom.zone)
    morning = clock_time(hours.MORNING if own is None else own.until)
    rows = alerts.options(context.newsroom, language, story, chosen, morning)
    await context.replace_buttons(buttons.ALERT_OPTIONS, rows)


async def _close(context: Context, story_id: int) -> None:
    language = context.language(await context.subscriber())
    await context.replace_buttons(buttons.ALERT_OPTIONS, ((alerts.options_button(language, story_id),),))


async def _look(context: Context, subscriber: Subscriber, story_id: int) -> tuple[Story | None, dict[str, Sound]]:
    async with context.read() as session:
        return await browse.get(session, story_id), await subscriptions.sounds(session, subscriber.id)
