"""/sections: one button per section; a section shows its newest stories and a button to follow it."""

from functools import partial

from telegram import Update

from bot import targets
from bot.audience import subscriptions
from bot.context import Context
from bot.messages import buttons, menus
from bot.messages.stories import Page, listing
from bot.messages.text import Message
from bot.stories.showing import browse
from handlers.latest import pager


async def sections(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    await context.reply(menus.sections(context.newsroom, language))


async def open_list(update: Update, context: Context, _: buttons.OpenSections) -> None:
    await context.answer()
    await sections(update, context)


async def turn_list(_: Update, context: Context, button: buttons.SectionsPage) -> None:
    """Show another page of the list of sections in the same message."""
    await context.answer()
    language = context.language(await context.subscriber())
    await context.show(menus.sections(context.newsroom, language, button.page))


async def open_section(update: Update, context: Context, button: buttons.OpenSection) -> None:
    """Show a section's newest stories as a new message; for a removed section, the list of sections."""
    await context.answer()
    if button.slug in context.newsroom.slugs:
        await show_section(context, button.slug)
    else:
        await sections(update, context)


async def turn(update: Update, context: Context, button: buttons.SectionPage) -> None:
    """Show another page of a section's list in the same message."""
    await context.answer()
    if button.slug in context.newsroom.slugs:
        await context.show(await _page(context, button.slug, button.anchor, button.offset))
    else:
        await sections(update, context)


async def show_section(context: Context, slug: str) -> None:
    await context.reply(await _page(context, slug, 0, 0))


async def follow(_: Update, context: Context, button: buttons.FollowSection) -> None:
    """Handle the follow button under a section's list, and change its label."""
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    if button.slug not in context.newsroom.slugs:
        await context.answer(menus.no_longer_a_section(language))
        return
    if denial := await context.denial(language):
        await context.answer(denial)
        return
    target = targets.of_section(button.slug)
    async with context.write() as session:
        await subscriptions.change(session, subscriber.id, target, on=button.on)
    paused = subscriber.paused
    await context.answer(menus.followed(context.newsroom, language, target, button.on, paused=paused))
    await context.relabel(button.data, menus.section_button(context.newsroom, language, button.slug, button.on))


async def _page(context: Context, slug: str, anchor: int, offset: int) -> Message:
    subscriber = await context.subscriber()
    language = context.language(subscriber)
    async with context.read() as session:
        stretch = await browse.latest(session, section=slug, anchor=anchor, offset=offset)
        followed = await subscriptions.following(session, subscriber.id)
    on = targets.of_section(slug) in followed
    page = partial(buttons.SectionPage, buttons.Slug(slug))
    return listing(
        context.newsroom,
        language,
        context.newsroom.section_name(slug, language.code),
        Page(stretch.stories, stretch.offset + 1, *pager(stretch, page)),
        language._("There are no stories in this section yet."),
        sections=False,
        extra=((menus.section_button(context.newsroom, language, slug, on),),),
    )
