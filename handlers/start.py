"""/start with its deep links, and /help."""

from telegram import Update

from bot.audience import subscriptions
from bot.commands import Role, menu
from bot.context import Context
from bot.messages import menus
from bot.stories.showing import popularity
from handlers import following, latest, popular, privacy, saved, sections, story, updates

LISTS = {
    "latest": latest.latest,
    "popular": popular.popular,
    "update": updates.updates,
    "sections": sections.sections,
    "following": following.following,
    "saved": saved.saved,
    "privacy": privacy.privacy,
}


async def start(update: Update, context: Context) -> None:
    """Register the chat and greet it, or show what the deep link names: `story_<id>`, `section_<slug>` or a list."""
    async with context.write() as session:
        subscriber = await context.greet(session)
        followed = await subscriptions.following(session, subscriber.id)
    if show := LISTS.get(context.argument):
        await show(update, context)
        return
    kind, _, name = context.argument.partition("_")
    if kind == "story" and name.isdecimal() and await story.open_story(context, int(name[:18]), popularity.SHARED):
        return
    if kind == "section" and name in context.newsroom.slugs:
        await sections.show_section(context, name)
        return
    again = subscriber.paused and await following.end_pause(context, subscriber)
    greeting = menus.welcome if context.is_private else menus.introduction
    language = context.language(subscriber)
    await context.reply(
        greeting(context.newsroom, language, followed, paused=subscriber.paused and not again, again=again)
    )


async def show_help(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    await context.reply(menus.help_text(language, menu(context.news.commands, Role.READER, language)))
