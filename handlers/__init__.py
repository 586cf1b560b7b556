"""THE CHAT SURFACE. `register` is the bot on a page: every handler, in the order they are asked."""

from telegram.ext import CallbackQueryHandler, ChatMemberHandler, CommandHandler, MessageHandler, filters

from bot.context import NewsBot
from handlers import (
    access,
    broadcast,
    errors,
    following,
    latest,
    membership,
    popular,
    pushes,
    search,
    sections,
    settings,
    sources,
    start,
    story,
    withdrawal,
)

NEW = filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST  # an edited command is not a new command


def register(app: NewsBot) -> None:
    """Give the application all its handlers; the first that fits an update answers it."""
    owner = access.owners(app.settings.admin_ids)
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE

    app.add_handler(CommandHandler("start", start.start, NEW))
    app.add_handler(CommandHandler(["help", "bantuan"], start.show_help, NEW))
    app.add_handler(CommandHandler(["sections", "rubrik"], sections.sections, NEW))
    app.add_handler(CommandHandler(["latest", "terbaru"], latest.latest, NEW))
    app.add_handler(CommandHandler(["popular", "populer"], popular.popular, NEW))
    app.add_handler(CommandHandler(["search", "cari"], search.search, NEW))
    app.add_handler(CommandHandler(["following", "langganan"], following.following, NEW))
    app.add_handler(CommandHandler(["follow", "ikuti"], following.follow, NEW))
    app.add_handler(CommandHandler(["unfollow", "berhenti"], following.unfollow, NEW))
    app.add_handler(CommandHandler("stop", following.stop, NEW))
    app.add_handler(CommandHandler(["settings", "pengaturan"], settings.settings, NEW))
    app.add_handler(CommandHandler(["language", "bahasa"], settings.language, NEW))

    app.add_handler(CallbackQueryHandler(latest.press, r"^latest(:\d{1,18}:\d{1,9})?$"))
    app.add_handler(CallbackQueryHandler(popular.press, r"^popular$"))
    app.add_handler(CallbackQueryHandler(sections.press, r"^sections$"))
    app.add_handler(CallbackQueryHandler(sections.press_section, r"^section:[a-z0-9_-]+(:\d{1,18}:\d{1,9})?$"))
    app.add_handler(CallbackQueryHandler(sections.press_follow, r"^(on|off):[a-z0-9_-]+$"))
    app.add_handler(CallbackQueryHandler(story.press, r"^story:\d{1,18}$"))
    app.add_handler(CallbackQueryHandler(search.press, r"^search:\d{1,18}:\d{1,9}:"))
    app.add_handler(CallbackQueryHandler(following.press, r"^following$"))
    app.add_handler(CallbackQueryHandler(following.press_choice, r"^set:(on|off):"))
    app.add_handler(CallbackQueryHandler(following.press_stop, r"^stop:(ask|yes)$"))
    app.add_handler(CallbackQueryHandler(settings.press_language, r"^language(:[a-z]{2,3})?$"))

    app.add_handler(CommandHandler(["broadcast", "siaran"], broadcast.broadcast, NEW & owner))
    app.add_handler(CommandHandler(["pushes", "kiriman"], pushes.show_pushes, NEW & owner))
    app.add_handler(CommandHandler(["sources", "sumber"], sources.show_sources, NEW & owner))
    app.add_handler(_Owned(app, withdrawal.press, r"^withdraw:\d{1,18}(:(yes|no))?$"))
    app.add_handler(_Owned(app, broadcast.press_audience, r"^audience:\d{1,18}:[a-z0-9:_-]+:(on|off)$"))
    app.add_handler(_Owned(app, broadcast.press, r"^broadcast:(drop|(audience|preview|send):\d{1,18})$"))
    app.add_handler(_Owned(app, pushes.press_pushes, r"^pushes$"))
    app.add_handler(_Owned(app, pushes.press, r"^push:(pause|resume|cancel|release):\d{1,18}$"))
    app.add_handler(_Owned(app, pushes.press_held, r"^held:(release|cancel)$"))
    app.add_handler(MessageHandler(private & owner & ~filters.COMMAND, broadcast.compose))

    app.add_handler(ChatMemberHandler(membership.changed, ChatMemberHandler.MY_CHAT_MEMBER))
    app.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, membership.upgraded))
    app.add_handler(MessageHandler(private & filters.COMMAND, access.unknown))
    app.add_handler(MessageHandler(private & filters.TEXT, search.plain_text))
    app.add_handler(CallbackQueryHandler(access.unknown_press))
    app.add_error_handler(errors.failed)


class _Owned(CallbackQueryHandler):  # type: ignore[type-arg]  # generic over types that are the application's own
    """A button that only an owner may press; for others it falls through to the unknown ones."""

    def __init__(self, app: NewsBot, callback: object, pattern: str) -> None:
        super().__init__(callback, pattern)  # type: ignore[arg-type]  # any handler of this package
        self._admin_ids = app.settings.admin_ids

    def check_update(self, update: object) -> object:
        user = getattr(update, "effective_user", None)
        chat = getattr(update, "effective_chat", None)
        if user is None or user.id not in self._admin_ids or chat is None or chat.type != "private":
            return None
        return super().check_update(update)
