"""/start with its deep links, and /help."""

from telegram import Update

from bot.audience import subscriptions
from bot.commands import Role, menu
from bot.context import Context
from bot.messages import menus
from bot.stories.showing import popularity
from handlers import sections, story


async def start(_: Update, context: Context) -> None:
    """Register the chat and greet it; the deep links `story_<id>` and `section_<slug>` open a story or a section."""
    async with context.write() as session:
        subscriber = await context.greet(session)
        followed = await subscriptions.following(session, subscriber.id)
    kind, __, name = context.argument.partition("_")
    if kind == "story" and name.isdecimal() and await story.open_story(context, int(name[:18]), popularity.SHARED):
        return
    if kind == "section" and name in context.newsroom.slugs:
        await sections.show_section(context, name)
        return
    await context.reply(menus.welcome(context.newsroom, context.language(subscriber), followed))


async def show_help(_: Update, context: Context) -> None:
    language = context.language(await context.subscriber())
    await context.reply(menus.help_text(language, menu(context.news.commands, Role.READER, language)))
