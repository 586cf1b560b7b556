"""Everything the bot answers in a chat. `register` lists every handler in the order in which they are tried."""

from telegram.ext import (
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.commands import Role
from bot.context import NewsBot, Surplus
from bot.messages import buttons
from handlers import (
    access,
    alerts,
    broadcast,
    copies,
    errors,
    following,
    inline,
    latest,
    membership,
    pace,
    popular,
    privacy,
    pushes,
    quiet,
    saved,
    search,
    sections,
    settings,
    story,
    updates,
    withdrawal,
    words,
)
from handlers.commands import COMMANDS
from handlers.presses import Press

__all__ = ["COMMANDS", "register"]

# An edited command is not a new command; nor is a channel's post that Telegram forwards to its discussion group.
NEW = (filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST) & ~filters.IS_AUTOMATIC_FORWARD


def register(app: NewsBot) -> None:
    """Register all handlers; the first one that matches an update handles it."""
    owner = access.owners(app.settings.admin_ids)
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE

    for command in COMMANDS:
        allowed = NEW & owner if command.role == Role.OWNER else NEW
        app.add_handler(CommandHandler(command.names(), command.handler, allowed))

    app.add_handler(Press(buttons.OpenLatest, latest.open_list))
    app.add_handler(Press(buttons.LatestPage, latest.turn))
    app.add_handler(Press(buttons.OpenPopular, popular.open_list))
    app.add_handler(Press(buttons.OpenUpdates, updates.open_list))
    app.add_handler(Press(buttons.UpdatesPage, updates.turn))
    app.add_handler(Press(buttons.OpenSections, sections.open_list))
    app.add_handler(Press(buttons.SectionsPage, sections.turn_list))
    app.add_handler(Press(buttons.OpenSection, sections.open_section))
    app.add_handler(Press(buttons.SectionPage, sections.turn))
    app.add_handler(Press(buttons.FollowSection, sections.follow))
    app.add_handler(Press(buttons.OpenStory, story.open_card))
    app.add_handler(Press(buttons.SaveStory, saved.save))
    app.add_handler(Press(buttons.SavedPage, saved.turn))
    app.add_handler(Press(buttons.TidySaved, saved.tidy))
    app.add_handler(Press(buttons.DropSaved, saved.drop))
    app.add_handler(Press(buttons.SearchPage, search.turn))
    app.add_handler(Press(buttons.OpenFollowing, following.open_list))
    app.add_handler(Press(buttons.FollowingPage, following.turn))
    app.add_handler(Press(buttons.GreetingPage, following.turn_greeting))
    app.add_handler(Press(buttons.Choose, following.choose))
    app.add_handler(Press(buttons.ChooseInGreeting, following.choose_in_greeting))
    app.add_handler(Press(buttons.AskStop, following.ask_stop))
    app.add_handler(Press(buttons.ConfirmStop, following.confirm_stop))
    app.add_handler(Press(buttons.KeepFollowing, following.keep))
    app.add_handler(Press(buttons.StartAgain, following.start_again))
    app.add_handler(Press(buttons.SoundsPage, following.turn_sounds))
    app.add_handler(Press(buttons.ChooseSound, following.choose_sound))
    app.add_handler(Press(buttons.OpenQuiet, quiet.open_menu))
    app.add_handler(Press(buttons.ChooseHours, quiet.choose_hours))
    app.add_handler(Press(buttons.EndHours, quiet.end_hours))
    app.add_handler(Press(buttons.QuietUpdate, quiet.choose_update))
    app.add_handler(Press(buttons.EndSnooze, quiet.wake))
    app.add_handler(Press(buttons.OpenRegions, quiet.open_regions))
    app.add_handler(Press(buttons.ZonesPage, quiet.turn_zones))
    app.add_handler(Press(buttons.ChooseZone, quiet.choose_zone))
    app.add_handler(Press(buttons.OpenAlert, alerts.open_options))
    app.add_handler(Press(buttons.CloseAlert, alerts.close_options))
    app.add_handler(Press(buttons.AlertSound, alerts.choose_sound))
    app.add_handler(Press(buttons.AlertFollow, alerts.choose_follow))
    app.add_handler(Press(buttons.Snooze, alerts.snooze))
    app.add_handler(Press(buttons.ExplainAlert, alerts.explain))
    app.add_handler(Press(buttons.OpenLanguages, settings.open_languages))
    app.add_handler(Press(buttons.ChooseLanguage, settings.choose_language))
    app.add_handler(Press(buttons.OpenPrivacy, privacy.open_privacy))
    app.add_handler(Press(buttons.ExportChat, privacy.export))
    app.add_handler(Press(buttons.AskErasure, privacy.ask_erasure))
    app.add_handler(Press(buttons.ConfirmErasure, privacy.confirm_erasure))

    app.add_handler(Press(buttons.AskWithdrawal, withdrawal.ask, app.settings.admin_ids))
    app.add_handler(Press(buttons.AnswerWithdrawal, withdrawal.answer, app.settings.admin_ids))
    app.add_handler(Press(buttons.DropDraft, broadcast.drop, app.settings.admin_ids))
    app.add_handler(Press(buttons.DraftAudience, broadcast.show_audience, app.settings.admin_ids))
    app.add_handler(Press(buttons.AudiencePage, broadcast.turn_audience, app.settings.admin_ids))
    app.add_handler(Press(buttons.ChooseAudience, broadcast.choose_audience, app.settings.admin_ids))
    app.add_handler(Press(buttons.PreviewDraft, broadcast.preview, app.settings.admin_ids))
    app.add_handler(Press(buttons.SendDraft, broadcast.send, app.settings.admin_ids))
    app.add_handler(Press(buttons.OpenPushes, pushes.open_list, app.settings.admin_ids))
    app.add_handler(Press(buttons.ChangePush, pushes.change, app.settings.admin_ids))
    app.add_handler(Press(buttons.SettleHeld, pushes.settle_held, app.settings.admin_ids))
    app.add_handler(Press(buttons.OpenCopies, copies.open_list, app.settings.admin_ids))
    app.add_handler(Press(buttons.CopiesPage, copies.turn, app.settings.admin_ids))
    app.add_handler(Press(buttons.SeparateCopy, copies.separate, app.settings.admin_ids))
    app.add_handler(MessageHandler(private & owner & ~filters.COMMAND, broadcast.compose))

    app.add_handler(InlineQueryHandler(inline.suggest))
    app.add_handler(ChatMemberHandler(membership.changed, ChatMemberHandler.MY_CHAT_MEMBER))
    app.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, membership.upgraded))
    app.add_handler(MessageHandler(private & filters.COMMAND, access.unknown))
    app.add_handler(MessageHandler(private & filters.TEXT, words.plain_text))
    app.add_handler(MessageHandler(private & ~filters.StatusUpdate.ALL, words.no_text))
    app.add_handler(CallbackQueryHandler(access.unknown_press))
    app.add_handler(TypeHandler(Surplus, pace.too_fast))
    app.add_error_handler(errors.failed)
