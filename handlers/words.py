"""Plain words in a private chat: the name of a command or a section does what it says, others are searched."""

from collections.abc import Iterable

from telegram import Update

from bot.commands import Command, Role
from bot.config import Newsroom
from bot.context import Context
from bot.messages import menus
from bot.targets import UPDATE
from handlers import search, sections

LONGEST = 80  # characters; what is longer is no name


async def plain_text(update: Update, context: Context) -> None:
    """Do what the words say; search for them if they name nothing."""
    text = (update.effective_message and update.effective_message.text) or ""
    meant = understood(text, context.news.commands, context.newsroom)
    if meant is None:
        await search.plain_text(update, context)
    elif isinstance(meant, str):
        await sections.show_section(context, meant)
    else:
        command, argument = meant
        context.args = argument.split()
        await command.handler(update, context)


async def no_text(_: Update, context: Context) -> None:
    """Answer a photo, a sticker, a voice message or the like."""
    await context.reply(menus.only_words(context.language(await context.subscriber())))


def understood(text: str, commands: Iterable[Command], newsroom: Newsroom) -> tuple[Command, str] | str | None:
    """A section's slug; a reader's command with its argument, as in "ikuti dunia"; or None."""
    words = " ".join(text.split()).strip("/.,!?… ")
    if len(words) > LONGEST:
        return None
    if slug := newsroom.find_section(words):
        return slug
    name, _, argument = words.casefold().partition(" ")
    command = next((each for each in commands if each.role == Role.READER and name in each.names()), None)
    if command is None or (argument and not _takes(command, argument, newsroom)):
        return None
    return command, argument


def _takes(command: Command, argument: str, newsroom: Newsroom) -> bool:
    """Whether the words after the command's name make sense to it, so that they are more than words to search for."""
    if command.name in ("follow", "unfollow"):
        return argument == UPDATE or newsroom.find_section(argument) is not None
    return command.name == "search"
