"""The handlers as the bot registers them, without running a bot."""

from functools import cache
from typing import cast

from telegram.ext import ApplicationBuilder, BaseHandler, CommandHandler, ContextTypes, ExtBot

import handlers
from bot.config import Newsroom, Settings
from bot.context import Context, NewsBot
from handlers.presses import Press

OWNER = 9001
TOKEN = "123456:token"


@cache
def registered() -> tuple[BaseHandler, ...]:
    """All handlers, in the order in which they are tried."""
    settings = Settings.load(None, bot_token=TOKEN, admin_ids=(OWNER,))
    newsroom = Newsroom.model_validate({"newsroom": {"name": "Kabar Contoh", "url": "https://news.example"}})
    services = {"settings": settings, "newsroom": newsroom, "commands": handlers.COMMANDS}
    unused = dict.fromkeys(("database", "now", "wake", "photos"))
    builder = ApplicationBuilder().application_class(NewsBot, services | unused).bot(ExtBot(TOKEN))
    app = cast(NewsBot, builder.context_types(ContextTypes(context=Context)).updater(None).job_queue(None).build())
    handlers.register(app)
    return tuple(app.handlers[0])


def press_handlers() -> list[Press]:
    return [handler for handler in registered() if isinstance(handler, Press)]


def command_handlers() -> list[CommandHandler]:
    return [handler for handler in registered() if isinstance(handler, CommandHandler)]
