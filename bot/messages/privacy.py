"""What is kept of a chat, in words; its export, and its deletion."""

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons
from bot.messages.text import Message, Text

DESCRIPTION_LIMIT, SHORT_DESCRIPTION_LIMIT = 512, 120  # https://core.telegram.org/bots/api#setmydescription


def privacy(newsroom: Newsroom, language: Language, days: int) -> Message:
    """`days`: how long single deliveries are kept."""
    _ = language._
    text = Text().bold(_("Your privacy")).add("\n\n")
    text.add(_("To bring you the news of {newsroom}, I keep of this chat:").format(newsroom=newsroom.name))
    kept = (
        _(
            "its number and kind, its language, what it follows and how, and what you saved: "
            "until you change or delete it;"
        ),
        _("when you were last here, to the hour: big alerts go first to those who read them;"),
        language.ngettext(
            "which alerts it got, so that nothing comes twice and corrections reach you: for {count} day;",
            "which alerts it got, so that nothing comes twice and corrections reach you: for {count} days;",
            days,
        ).format(count=language.number(days)),
        _("which stories you opened, so that they can be corrected: for two days."),
    )
    for line in kept:
        text.add(f"\n• {line}")
    text.add(
        "\n\n"
        + _(
            "Your name, your phone number and your messages are not kept: a message is deleted once it is answered. "
            "How often a story is read is counted, but not who read it. "
            "The operators' log of errors may name the chat's number."
        )
    )
    rows = (
        (buttons.ExportChat().labelled("📄 " + _("Send me all of it as a file")),),
        (buttons.AskErasure().labelled("🗑 " + _("Delete everything…")),),
    )
    return Message.of(text, rows)


def export_caption(language: Language) -> str:
    return language._("Everything that I keep of this chat.")


def export_undelivered(language: Language, bot_name: str) -> str:
    return language._("I may not write to you yet. Open {bot}, press Start, and try again.").format(bot=bot_name)


def erasure_question(language: Language) -> Message:
    _ = language._
    text = Text().bold(_("Delete everything about this chat?")).add("\n\n")
    text.add(
        _(
            "What it follows, what is saved, its settings and its history go at once and for good. "
            "No alert will reach it any more, and messages that it has are not corrected."
        )
    )
    yes = buttons.ConfirmErasure().labelled(_("Yes, delete everything"))
    return Message.of(text, ((yes,), (buttons.OpenPrivacy().labelled(_("No, keep it")),)))


def erased(language: Language) -> Message:
    return Message.of(
        language._(
            "Done: I no longer know anything about this chat, and will not write here by myself. "
            "If you ever want me back, /start begins anew."
        )
    )


def description(newsroom: Newsroom, language: Language) -> str:
    """What a person reads before pressing START."""
    words = language._(
        "The news of {newsroom}, in your chat: breaking news as it happens, the latest and the most popular stories, "
        "and search. You choose what reaches you and can stop it at any time. "
        "/privacy shows what I keep about you, and deletes it."
    )
    return words.format(newsroom=newsroom.name[:100])[:DESCRIPTION_LIMIT]


def short_description(newsroom: Newsroom, language: Language) -> str:
    """What stands in the bot's profile, and is sent with its link."""
    words = language._("The news of {newsroom}: breaking news, the latest, the most popular, and search.")
    return words.format(newsroom=newsroom.name[:40])[:SHORT_DESCRIPTION_LIMIT]
