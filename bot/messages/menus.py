"""Messages for readers other than stories: greeting, help, sections, following, settings, languages."""

from collections.abc import Sequence

from telegram import InlineKeyboardButton

from bot import targets
from bot.config import Newsroom
from bot.i18n import Language, load_language, spoken
from bot.messages import buttons
from bot.messages.text import Message, Rows, Text


def welcome(newsroom: Newsroom, language: Language, following: frozenset[str]) -> Message:
    _ = language._
    text = Text().add("👋 ").bold(_("Welcome to {newsroom}").format(newsroom=newsroom.name)).add("\n\n")
    text.add(
        _(
            "Read the latest and the most popular stories here, and get breaking news as it happens. "
            "Choose your alerts; you can change them at any time."
        )
    )
    return Message.of(text, (*_choices(newsroom, language, following, buttons.ChooseInGreeting), *_main(language)))


def help_text(language: Language, commands: Sequence[tuple[str, str]]) -> Message:
    """The help message; `commands` are (name, description) pairs."""
    _ = language._
    text = Text().bold(_("What you can do here")).add("\n")
    for name, description in commands:
        text.add(f"\n/{name} – {description}")
    text.add("\n\n" + _("To search, simply write the words."))
    text.add("\n" + _("Breaking news arrives at once and begins with UPDATE."))
    return Message.of(text, _main(language))


def _main(language: Language) -> Rows:
    _ = language._
    return (
        (buttons.OpenLatest().labelled("📰 " + _("Latest")), buttons.OpenPopular().labelled("🔥 " + _("Popular"))),
        (
            buttons.OpenSections().labelled("🗂 " + _("Sections")),
            buttons.OpenFollowing().labelled("🔔 " + _("Following")),
        ),
    )


def sections(newsroom: Newsroom, language: Language) -> Message:
    _ = language._
    if not newsroom.sections:
        return Message.of(_("There are no sections yet. See the newest stories with /latest."), _main(language))
    names = [
        buttons.OpenSection(buttons.Slug(slug)).labelled(newsroom.section_name(slug, language.code))
        for slug in newsroom.slugs
    ]
    return Message.of(Text().bold(_("Sections")).add("\n\n" + _("Choose one to read.")), buttons.in_rows(names))


def following(newsroom: Newsroom, language: Language, followed: frozenset[str]) -> Message:
    _ = language._
    text = Text().bold(_("What you follow")).add("\n\n")
    if followed:
        text.add(_("✓ marks what you follow. Tap to change it."))
    else:
        text.add(_("You follow nothing yet. Tap what you want to receive."))
    rows = _choices(newsroom, language, followed, buttons.Choose)
    if followed:
        rows = (*rows, (buttons.AskStop().labelled("🔕 " + _("Stop all alerts")),))
    return Message.of(text, rows)


def _choices(
    newsroom: Newsroom,
    language: Language,
    followed: frozenset[str],
    kind: type[buttons.Choose] | type[buttons.ChooseInGreeting],
) -> Rows:
    """One button for UPDATE and one per section; pressing it inverts the state that its label shows."""

    def choice(label: str, target: str) -> InlineKeyboardButton:
        on = target in followed
        return kind(not on, buttons.Target(target)).labelled(f"✓ {label}" if on else label)

    first = (choice(language._("UPDATE: breaking news"), targets.UPDATE),)
    others = [choice(newsroom.section_name(slug, language.code), targets.of_section(slug)) for slug in newsroom.slugs]
    return (first, *buttons.in_rows(others))


def section_button(newsroom: Newsroom, language: Language, slug: str, on: bool) -> InlineKeyboardButton:
    _ = language._
    name = newsroom.section_name(slug, language.code)
    label = "✓ " + _("Following {section}") if on else "🔔 " + _("Follow {section}")
    return buttons.FollowSection(not on, buttons.Slug(slug)).labelled(label.format(section=name))


def followed(newsroom: Newsroom, language: Language, target: str, on: bool) -> str:
    """The confirmation of following (`on`) or unfollowing a target."""
    _ = language._
    if target == targets.UPDATE:
        return (
            _("You follow UPDATE: breaking news reaches you at once.") if on else _("You no longer get UPDATE alerts.")
        )
    name = newsroom.section_name(targets.section_of(target), language.code)
    if on:
        return _("You follow {section}: its new stories reach you here.").format(section=name)
    return _("You no longer follow {section}.").format(section=name)


def unknown_section(newsroom: Newsroom, language: Language, asked: str) -> Message:
    _ = language._
    names = ", ".join(newsroom.section_name(slug, language.code) for slug in newsroom.slugs)
    return Message.of(
        _("There is no section “{asked}”. The sections are: {sections}, and update.").format(
            asked=asked[:60], sections=names
        ),
        ((buttons.OpenFollowing().labelled("🔔 " + _("Following")),),),
    )


def no_longer_a_section(language: Language) -> str:
    return language._("This section no longer exists.")


def stop_question(language: Language) -> Message:
    _ = language._
    text = _("Stop all alerts? You can still read the news here.")
    return Message.of(
        text, ((buttons.ConfirmStop().labelled(_("Yes, stop")), buttons.KeepFollowing().labelled(_("No, keep them"))),)
    )


def stopped(language: Language) -> Message:
    _ = language._
    return Message.of(
        _("Done. You will get no more alerts. Use /following to choose again."),
        ((buttons.OpenFollowing().labelled("🔔 " + _("Following")),),),
    )


def settings(newsroom: Newsroom, language: Language, followed_count: int) -> Message:
    _ = language._
    text = Text().bold(_("Settings")).add("\n\n")
    text.add(_("Language: {language}").format(language=language.name) + "\n")
    text.add(
        language.ngettext("You follow {count} topic.", "You follow {count} topics.", followed_count).format(
            count=language.number(followed_count)
        )
    )
    return Message.of(
        text,
        (
            (buttons.OpenLanguages().labelled("🌐 " + _("Language")),),
            (buttons.OpenFollowing().labelled("🔔 " + _("Following")),),
        ),
    )


def languages(language: Language) -> Message:
    _ = language._
    names = [
        buttons.ChooseLanguage(buttons.LanguageCode(code)).labelled(
            ("✓ " if code == language.code else "") + load_language(code).name
        )
        for code in spoken()
    ]
    return Message.of(_("Choose a language"), buttons.in_rows(names))


def language_chosen(language: Language) -> str:
    return language._("The language is now English.")


def unknown_command(language: Language) -> Message:
    return Message.of(language._("I don't know this command. See /help for what I can do."), _main(language))


def only_admins(language: Language) -> str:
    return language._("Only this group's admins can change that.")


def only_channel_admins(language: Language, bot_name: str) -> str:
    """For a reader of a channel; `bot_name` is the bot's @username."""
    words = language._("Only this channel's admins can use this button. To read and choose for yourself, open {bot}.")
    return words.format(bot=bot_name)


def admins_unknown(language: Language) -> str:
    return language._("I could not ask Telegram who the admins here are. Please try again in a moment.")


def ask_words(language: Language) -> Message:
    return Message.of(
        language._("What are you looking for? Write it after the command, for example: /search flood"), _main(language)
    )


def failed(language: Language) -> Message:
    """The apology for an error in the bot."""
    return Message.of(language._("Sorry, something went wrong. Please try again in a moment."))
