"""/quiet: the hours in which no alert comes, in the reader's own time."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from telegram import Update

from bot.audience import quiet as hours
from bot.audience import subscribers
from bot.context import Context
from bot.messages import alerts, buttons
from bot.messages.text import Message
from bot.storage.models import Subscriber


async def quiet(_: Update, context: Context) -> None:
    """Show the menu; `/quiet 22-6` chooses the hours directly."""
    subscriber = await context.subscriber()
    if not context.argument:
        await context.reply(await _menu(context, subscriber))
        return
    language = context.language(subscriber)
    chosen = hours.parse_hours(context.argument)
    if denial := await context.denial(language):
        await context.reply(Message.of(denial))
    elif chosen is None:
        await context.reply(Message.of(alerts.impossible_hours(language)))
    else:
        subscriber = await _set(context, subscriber, quiet_from=chosen[0], quiet_until=chosen[1])
        await context.reply(await _menu(context, subscriber))


async def open_menu(_: Update, context: Context, __: buttons.OpenQuiet) -> None:
    await context.answer()
    await context.show(await _menu(context, await context.subscriber()))


async def choose_hours(_: Update, context: Context, button: buttons.ChooseHours) -> None:
    if hours.is_possible(button.begin, button.until) and max(button.begin, button.until) < hours.DAY:
        await _change(context, quiet_from=button.begin, quiet_until=button.until)
    else:
        await context.answer(alerts.impossible_hours(context.language(await context.subscriber())))


async def end_hours(_: Update, context: Context, __: buttons.EndHours) -> None:
    await _change(context, quiet_from=None, quiet_until=None)


async def choose_update(_: Update, context: Context, button: buttons.QuietUpdate) -> None:
    """Let an UPDATE come in quiet hours, or not."""
    await _change(context, quiet_update=button.on)


async def wake(_: Update, context: Context, __: buttons.EndSnooze) -> None:
    """End a snooze; what it held back comes in a minute. Quiet hours go on."""
    await _change(context)


async def open_regions(_: Update, context: Context, __: buttons.OpenRegions) -> None:
    await context.answer()
    await context.show(alerts.regions(context.language(await context.subscriber())))


async def turn_zones(_: Update, context: Context, button: buttons.ZonesPage) -> None:
    await context.answer()
    language = context.language(await context.subscriber())
    known = button.region in alerts.REGIONS
    await context.show(alerts.zones_of(language, button.region, button.page) if known else alerts.regions(language))


async def choose_zone(update: Update, context: Context, button: buttons.ChooseZone) -> None:
    if button.zone in alerts.zones():
        await _change(context, zone=button.zone)
    else:  # a name that this machine's database of zones has no more
        await open_regions(update, context, buttons.OpenRegions())


async def _change(context: Context, **changes: Any) -> None:
    """Change the quiet hours by a button, and show the menu in place."""
    subscriber = await context.subscriber()
    if denial := await context.denial(context.language(subscriber)):
        await context.answer(denial)
        return
    subscriber = await _set(context, subscriber, **changes)
    await context.answer()
    await context.show(await _menu(context, subscriber))


async def _set(context: Context, subscriber: Subscriber, **changes: Any) -> Subscriber:
    async with context.write() as session:
        now = await session.moment()
        return await subscribers.set_hours(session, subscriber.id, context.newsroom.zone, now, **changes)


async def _menu(context: Context, subscriber: Subscriber) -> Message:
    async with context.read() as session:
        now = await session.moment()
    hold, own = hours.hold_of(subscriber), hours.hours_of(subscriber, context.newsroom.zone)
    begin, until = subscriber.quiet_from, subscriber.quiet_until
    state = alerts.Quiet(
        zone=hours.zone_of(subscriber, context.newsroom.zone),
        now=at(now),
        hours=None if begin is None or until is None else (begin, until),
        update=subscriber.quiet_update,
        until=at(hold.end) if hold is not None and hold.start <= now else None,
        snoozed=own is None or own.through(now) == now,
    )
    return alerts.quiet(context.language(subscriber), state)


def at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def zone(context: Context, subscriber: Subscriber) -> ZoneInfo:
    return hours.zone_of(subscriber, context.newsroom.zone)
