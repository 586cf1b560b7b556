"""/following, /follow, /unfollow, /stop: which alerts a chat gets, and with what sound."""

from typing import Protocol

from telegram import Update

from bot import targets
from bot.audience import subscribers, subscriptions
from bot.config import Newsroom
from bot.context import Context
from bot.i18n import Language
from bot.messages import alerts, buttons, menus
from bot.messages.text import Message
from bot.storage.models import Sound, Subscriber


class Show(Protocol):
    """Draws a page of what a chat follows."""

    def __call__(
        self, newsroom: Newsroom, language: Language, followed: frozenset[str], page: int, /, *, paused: bool
    ) -> Message: ...


def greeting_of(context: Context) -> Show:
    return menus.welcome if context.is_private else menus.introduction


async def following(_: Update, context: Context) -> None:
    await context.reply(await _overview(context))


async def open_list(_: Update, context: Context, __: buttons.OpenFollowing) -> None:
    """Show the list of what the chat follows, as a new message; in a channel in place, since a press posts nothing."""
    await context.answer()
    overview = await _overview(context)
    await (context.show(overview) if context.is_channel else context.reply(overview))


async def follow(_: Update, context: Context) -> None:
    await _by_name(context, on=True)


async def unfollow(_: Update, context: Context) -> None:
    if not context.argument:
        await stop(_, context)
        return
    await _by_name(context, on=False)


async def stop(_: Update, context: Context) -> None:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    await context.reply(menus.stopped(language) if subscriber.paused else menus.stop_question(language))


async def _by_name(context: Context, *, on: bool) -> None:
    """Follow or unfollow the section that the argument names, or `update`."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    name = context.argument
    if not name:
        await context.reply(await _overview(context))
        return
    if name.casefold() == targets.UPDATE:
        target = targets.UPDATE
    elif slug := context.newsroom.find_section(name):
        target = targets.of_section(slug)
    else:
        await context.reply(menus.unknown_section(context.newsroom, language, name))
        return
    if denial := await context.denial(language):
        await context.reply(Message.of(denial))
        return
    async with context.write() as session:
        await subscriptions.change(session, subscriber.id, target, on=on)
        followed = await subscriptions.following(session, subscriber.id)
    page, paused = menus.page_with(context.newsroom, target), subscriber.paused
    overview = menus.following(context.newsroom, language, followed, page, paused=paused)
    words = menus.followed(context.newsroom, language, target, on, paused=paused)
    await context.reply(Message.of(words, overview.rows))


async def turn(_: Update, context: Context, button: buttons.FollowingPage) -> None:
    """Show another page of the list in the same message."""
    await context.answer()
    await context.show(await _overview(context, button.page))


async def turn_greeting(_: Update, context: Context, button: buttons.GreetingPage) -> None:
    """Show another page of the greeting's choices in the same message."""
    await context.answer()
    await context.show(await _overview(context, button.page, greeting_of(context)))


async def choose(_: Update, context: Context, button: buttons.Choose) -> None:
    """Handle a button in the list of what the chat follows, and update the list in place."""
    await _choose(context, button, menus.following)


async def choose_in_greeting(_: Update, context: Context, button: buttons.ChooseInGreeting) -> None:
    """Handle a button in the greeting, and update the greeting in place."""
    await _choose(context, button, greeting_of(context))


async def _choose(
    context: Context,
    button: buttons.Choose | buttons.ChooseInGreeting,
    show: Show,
) -> None:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if button.target not in (targets.UPDATE, *map(targets.of_section, context.newsroom.slugs)):
        await context.answer()  # the section was removed from the newsroom file
        await context.reply(await _overview(context))
        return
    if denial := await context.denial(language):
        await context.answer(denial)
        return
    async with context.write() as session:
        await subscriptions.change(session, subscriber.id, button.target, on=button.on)
        followed = await subscriptions.following(session, subscriber.id)
    paused = subscriber.paused
    await context.answer(menus.followed(context.newsroom, language, button.target, button.on, paused=paused))
    page = menus.page_with(context.newsroom, button.target)
    await context.show(show(context.newsroom, language, followed, page, paused=paused))


async def ask_stop(_: Update, context: Context, __: buttons.AskStop) -> None:
    """Ask whether to stop all alerts."""
    await _stop(context, confirmed=False)


async def confirm_stop(_: Update, context: Context, __: buttons.ConfirmStop) -> None:
    """Stop all alerts; the choices stay."""
    await _stop(context, confirmed=True)


async def start_again(_: Update, context: Context, __: buttons.StartAgain) -> None:
    """Begin alerts again, with the choices as they were."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if denial := await context.denial(language):
        await context.answer(denial)
        return
    await end_pause(context, subscriber)
    await context.answer(menus.started_again(language))
    await context.show(await _overview(context))


async def end_pause(context: Context, subscriber: Subscriber) -> bool:
    """Begin alerts again; False if the sender may not."""
    if await context.denial(context.language(subscriber)):
        return False
    async with context.write() as session:
        await subscribers.set_paused(session, subscriber.id, False)
    return True


async def turn_sounds(_: Update, context: Context, button: buttons.SoundsPage) -> None:
    """Show a page of what the chat follows with the sound of each, in the same message."""
    await context.answer()
    await context.show(await _sounds(context, button.page))


async def choose_sound(_: Update, context: Context, button: buttons.ChooseSound) -> None:
    """Make what the chat follows loud or silent, and update the list in place."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if denial := await context.denial(language):
        await context.answer(denial)
        return
    sound = Sound[button.volume.upper()]
    async with context.write() as session:
        await subscriptions.set_sound(session, subscriber.id, button.target, sound)
    await context.answer(alerts.sound_chosen(context.newsroom, language, button.target, sound))
    await context.show(await _sounds(context, target=button.target))


async def _sounds(context: Context, page: int = 1, target: str = "") -> Message:
    subscriber = await context.subscriber()
    async with context.read() as session:
        sounds = await subscriptions.sounds(session, subscriber.id)
    return alerts.sounds(context.newsroom, context.language(subscriber), sounds, page, target)


async def keep(_: Update, context: Context, __: buttons.KeepFollowing) -> None:
    """Handle the answer no: replace the question by the list of what the chat follows."""
    await context.answer()
    await context.show(await _overview(context))


async def _stop(context: Context, *, confirmed: bool) -> None:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if denial := await context.denial(language):
        await context.answer(denial)
        return
    await context.answer()
    if confirmed:
        async with context.write() as session:
            await subscribers.set_paused(session, subscriber.id, True)
    await context.show(menus.stopped(language) if confirmed else menus.stop_question(language))


async def _overview(context: Context, page: int = 1, show: Show = menus.following) -> Message:
    subscriber = await context.subscriber()
    async with context.read() as session:
        followed = await subscriptions.following(session, subscriber.id)
    return show(context.newsroom, context.language(subscriber), followed, page, paused=subscriber.paused)
