"""/sections: a button for each, and a section's newest stories with a button to follow it."""

from telegram import Update

from bot.audience import subscriptions
from bot.context import Context
from bot.messages import menus
from bot.messages.stories import listing
from bot.messages.text import Message
from bot.stories.showing import browse
from handlers.latest import page_of


async def sections(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    await context.reply(menus.sections(context.newsroom, language))


async def press(_: Update, context: Context) -> None:
    await context.answer()
    await sections(_, context)


async def press_section(update: Update, context: Context) -> None:
    """`section:<slug>` opens it as a new message; `section:<slug>:<anchor>:<offset>` turns its pages."""
    await context.answer()
    parts = str(update.callback_query and update.callback_query.data).split(":")
    if parts[1] not in context.newsroom.slugs:
        await sections(update, context)
    elif len(parts) == 2:
        await open_section(context, parts[1])
    else:
        await context.show(await _page(context, parts[1], int(parts[2]), int(parts[3])))


async def open_section(context: Context, slug: str) -> None:
    await context.reply(await _page(context, slug, 0, 0))


async def press_follow(update: Update, context: Context) -> None:
    """`on:<slug>` and `off:<slug>`: the follow button under a section's list, which changes its label."""
    state, _, slug = str(update.callback_query and update.callback_query.data).partition(":")
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if slug not in context.newsroom.slugs or not await context.may_change():
        await context.answer(menus.only_admins(language))
        return
    target = subscriptions.section_target(slug)
    async with context.write() as session:
        change = subscriptions.follow if state == "on" else subscriptions.unfollow
        await change(session, subscriber.id, target)
    await context.answer(menus.followed(context.newsroom, language, target, state == "on"))
    await context.relabel(f"{state}:{slug}", menus.section_button(context.newsroom, language, slug, state == "on"))


async def _page(context: Context, slug: str, anchor: int, offset: int) -> Message:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    async with context.read() as session:
        found = await browse.latest(session, section=slug, anchor=anchor, offset=offset)
        followed = await subscriptions.following(session, subscriber.id)
    on = subscriptions.section_target(slug) in followed
    return listing(
        context.newsroom,
        language,
        context.newsroom.section_name(slug, language.code),
        page_of(found, f"section:{slug}"),
        language._("There are no stories in this section yet."),
        sections=False,
        extra=((menus.section_button(context.newsroom, language, slug, on),),),
    )
