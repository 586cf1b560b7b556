"""/following, /follow, /unfollow, /stop: what a chat is told about."""

from telegram import Update

from bot.audience import subscriptions
from bot.context import Context
from bot.messages import menus
from bot.messages.text import Message


async def following(_: Update, context: Context) -> None:
    await context.reply(await _overview(context))


async def press(_: Update, context: Context) -> None:
    await context.answer()
    send = context.show if _is_question(context) else context.reply
    await send(await _overview(context))


def _is_question(context: Context) -> bool:
    """The button stands under the question whether to stop, which it answers."""
    message = context.incoming.effective_message
    rows = message.reply_markup.inline_keyboard if message and message.reply_markup else ()
    return any(button.callback_data == "stop:yes" for row in rows for button in row)


async def follow(_: Update, context: Context) -> None:
    await _by_name(context, on=True)


async def unfollow(_: Update, context: Context) -> None:
    if not context.argument:
        await stop(_, context)
        return
    await _by_name(context, on=False)


async def stop(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    await context.reply(menus.stop_question(language))


async def _by_name(context: Context, *, on: bool) -> None:
    """Follow or leave what the argument names, a section or `update`."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    asked = context.argument
    if not asked:
        await context.reply(await _overview(context))
        return
    if asked.casefold() == subscriptions.UPDATE:
        target = subscriptions.UPDATE
    elif slug := context.newsroom.find_section(asked):
        target = subscriptions.section_target(slug)
    else:
        await context.reply(menus.unknown_section(context.newsroom, language, asked))
        return
    if not await context.may_change():
        await context.reply(Message.of(menus.only_admins(language)))
        return
    async with context.write() as session:
        change = subscriptions.follow if on else subscriptions.unfollow
        await change(session, subscriber.id, target)
        followed = await subscriptions.following(session, subscriber.id)
    overview = menus.following(context.newsroom, language, followed)
    await context.reply(Message.of(menus.followed(context.newsroom, language, target, on), overview.rows))


async def press_choice(update: Update, context: Context) -> None:
    """`set:on:<target>` and `set:off:<target>`: the toggles name the state they lead to."""
    _, state, target = str(update.callback_query and update.callback_query.data).split(":", 2)
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    known = {subscriptions.UPDATE, *map(subscriptions.section_target, context.newsroom.slugs)}
    if target not in known:
        await context.answer()
        await context.reply(await _overview(context))
        return
    if not await context.may_change():
        await context.answer(menus.only_admins(language))
        return
    async with context.write() as session:
        change = subscriptions.follow if state == "on" else subscriptions.unfollow
        await change(session, subscriber.id, target)
        followed = await subscriptions.following(session, subscriber.id)
    await context.answer(menus.followed(context.newsroom, language, target, state == "on"))
    message = update.effective_message
    greeting = message is not None and (message.text or "").startswith("👋")
    make = menus.welcome if greeting else menus.following
    await context.show(make(context.newsroom, language, followed))


async def press_stop(update: Update, context: Context) -> None:
    """`stop:ask` asks, `stop:yes` ends every alert."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if not await context.may_change():
        await context.answer(menus.only_admins(language))
        return
    await context.answer()
    if str(update.callback_query and update.callback_query.data) != "stop:yes":
        await context.show(menus.stop_question(language))
        return
    async with context.write() as session:
        await subscriptions.unfollow_all(session, subscriber.id)
    await context.show(menus.stopped(language))


async def _overview(context: Context) -> Message:
    subscriber = await context.subscriber()
    async with context.read() as session:
        followed = await subscriptions.following(session, subscriber.id)
    return menus.following(context.newsroom, context.language(subscriber), followed)
