"""/settings and /language."""

from telegram import Update

from bot import targets
from bot.audience import subscribers, subscriptions
from bot.context import Context
from bot.i18n import load_language, spoken
from bot.messages import buttons, menus
from bot.messages.text import Message


async def settings(_: Update, context: Context) -> None:
    subscriber = await context.subscriber()
    async with context.read() as session:
        followed = await subscriptions.following(session, subscriber.id)
    there = {targets.UPDATE, *map(targets.of_section, context.newsroom.slugs)}  # others were removed from the file
    await context.reply(menus.settings(context.newsroom, context.language(subscriber), len(followed & there)))


async def language(_: Update, context: Context) -> None:
    """Show the languages; `/language en` chooses one directly."""
    if context.argument.lower() in spoken():
        await _choose(context, context.argument.lower())
        return
    await context.reply(menus.languages(context.language(await context.subscriber())))


async def open_languages(_: Update, context: Context, __: buttons.Button) -> None:
    await context.answer()
    await context.show(menus.languages(context.language(await context.subscriber())))


async def choose_language(update: Update, context: Context, button: buttons.ChooseLanguage) -> None:
    """Switch the chat to this language; if its catalogue was removed, show the list of languages."""
    if button.code in spoken():
        await _choose(context, button.code)
    else:
        await open_languages(update, context, button)


async def _choose(context: Context, code: str) -> None:
    subscriber = await context.subscriber()
    if denial := await context.denial(context.language(subscriber)):
        await (context.answer(denial) if context.incoming.callback_query else context.reply(Message.of(denial)))
        return
    async with context.write() as session:
        await subscribers.set_language(session, subscriber.id, code)
    chosen = load_language(code)
    await context.answer(menus.language_chosen(chosen))
    if context.incoming.callback_query:
        await context.show(menus.languages(chosen))
    else:
        await context.reply(Message.of(menus.language_chosen(chosen)))
