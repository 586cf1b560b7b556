"""What readers see besides stories: greeting, help, sections, what they follow, settings, languages."""

from telegram import InlineKeyboardButton

from bot.config import Newsroom
from bot.i18n import Language, load_language, spoken
from bot.messages.text import Message, Rows, Text, button

BUTTONS_A_ROW = 2
UPDATE = "update"


def welcome(newsroom: Newsroom, language: Language, following: frozenset[str]) -> Message:
    _ = language._
    text = Text().add("👋 ").bold(_("Welcome to {newsroom}").format(newsroom=newsroom.name)).add("\n\n")
    text.add(
        _(
            "The news comes to you here: the latest, what others read, and what is breaking. "
            "Choose what to be told about; you can change it at any time."
        )
    )
    return Message.of(text, (*_choices(newsroom, language, following), *_main(language)))


def help_text(newsroom: Newsroom, language: Language) -> Message:
    _ = language._
    text = Text().bold(_("What you can do here")).add("\n")
    for command, words in (
        ("/" + _("latest"), _("the newest stories")),
        ("/" + _("popular"), _("what others read most")),
        ("/" + _("sections"), _("stories by section")),
        ("/" + _("search"), _("find stories by words; or simply write the words")),
        ("/" + _("following"), _("what you are told about")),
        ("/" + _("settings"), _("language and alerts")),
        ("/" + _("stop"), _("no more alerts")),
    ):
        text.add(f"\n{command} – {words}")
    text.add("\n\n")
    text.add(_("Alerts about breaking news begin with UPDATE and arrive at once."))
    return Message.of(text, _main(language))


def _main(language: Language) -> Rows:
    _ = language._
    return (
        (button("📰 " + _("Latest"), "latest"), button("🔥 " + _("Popular"), "popular")),
        (button("🗂 " + _("Sections"), "sections"), button("🔔 " + _("Following"), "following")),
    )


def sections(newsroom: Newsroom, language: Language) -> Message:
    _ = language._
    if not newsroom.sections:
        return Message.of(_("There are no sections yet. See the newest stories with /latest."), _main(language))
    buttons = [button(newsroom.section_name(slug, language.code), f"section:{slug}") for slug in newsroom.slugs]
    return Message.of(Text().bold(_("Sections")).add("\n\n" + _("Choose one to read.")), _in_rows(buttons))


def _in_rows(buttons: list[InlineKeyboardButton]) -> Rows:
    return tuple(tuple(buttons[at : at + BUTTONS_A_ROW]) for at in range(0, len(buttons), BUTTONS_A_ROW))


def following(newsroom: Newsroom, language: Language, followed: frozenset[str]) -> Message:
    _ = language._
    text = Text().bold(_("What you are told about")).add("\n\n")
    if followed:
        text.add(_("A tick marks what you follow. Press to change."))
    else:
        text.add(_("You follow nothing yet. Press what should reach you by itself."))
    rows = _choices(newsroom, language, followed)
    if followed:
        rows = (*rows, (button("🔕 " + _("Stop everything"), "stop:ask"),))
    return Message.of(text, rows)


def _choices(newsroom: Newsroom, language: Language, followed: frozenset[str]) -> Rows:
    """UPDATE and every section as buttons that name the state they lead to."""
    _ = language._
    first = (_choice(_("UPDATE: breaking news"), UPDATE, UPDATE in followed),)
    others = [
        _choice(newsroom.section_name(slug, language.code), f"section:{slug}", f"section:{slug}" in followed)
        for slug in newsroom.slugs
    ]
    return (first, *_in_rows(others))


def _choice(label: str, target: str, on: bool) -> InlineKeyboardButton:
    return button(f"✓ {label}" if on else label, f"set:{'off' if on else 'on'}:{target}")


def section_button(newsroom: Newsroom, language: Language, slug: str, on: bool) -> InlineKeyboardButton:
    _ = language._
    name = newsroom.section_name(slug, language.code)
    label = "✓ " + _("Following {section}") if on else "🔔 " + _("Follow {section}")
    return button(label.format(section=name), f"{'off' if on else 'on'}:{slug}")


def followed(newsroom: Newsroom, language: Language, target: str, on: bool) -> str:
    """One sentence that says what a choice means from now on."""
    _ = language._
    if target == UPDATE:
        return (
            _("You follow UPDATE: breaking news reaches you at once.") if on else _("You no longer get UPDATE alerts.")
        )
    name = newsroom.section_name(target.removeprefix("section:"), language.code)
    if on:
        return _("You follow {section}: its new stories reach you here.").format(section=name)
    return _("You no longer follow {section}.").format(section=name)


def unknown_section(newsroom: Newsroom, language: Language, asked: str) -> Message:
    _ = language._
    names = ", ".join(newsroom.section_name(slug, language.code) for slug in newsroom.slugs)
    return Message.of(
        _("There is no section “{asked}”. There are: {sections}, and update.").format(asked=asked[:60], sections=names),
        ((button("🔔 " + _("Following"), "following"),),),
    )


def stop_question(language: Language) -> Message:
    _ = language._
    text = _("Stop everything? You will get no more alerts. Reading here stays possible.")
    return Message.of(text, ((button(_("Yes, stop"), "stop:yes"), button(_("No, keep them"), "following")),))


def stopped(language: Language) -> Message:
    _ = language._
    return Message.of(
        _("Done. No more alerts will come. With /following you can choose again."),
        ((button("🔔 " + _("Following"), "following"),),),
    )


def settings(newsroom: Newsroom, language: Language, followed_count: int) -> Message:
    _ = language._
    text = Text().bold(_("Settings")).add("\n\n")
    text.add(_("Language: {language}").format(language=language.name) + "\n")
    text.add(
        language.ngettext("You follow {count} thing.", "You follow {count} things.", followed_count).format(
            count=language.number(followed_count)
        )
    )
    return Message.of(
        text, ((button("🌐 " + _("Language"), "language"),), (button("🔔 " + _("Following"), "following"),))
    )


def languages(language: Language) -> Message:
    _ = language._
    buttons = [
        button(("✓ " if code == language.code else "") + load_language(code).name, f"language:{code}")
        for code in spoken()
    ]
    return Message.of(_("Which language shall I speak?"), _in_rows(buttons))


def language_chosen(language: Language) -> str:
    return language._("From now on I speak English.")


def unknown_command(language: Language) -> Message:
    return Message.of(language._("I don't know this command. See /help for what I can do."), _main(language))


def only_admins(language: Language) -> str:
    return language._("Only this group's admins can change that.")


def ask_words(language: Language) -> Message:
    return Message.of(
        language._("What are you looking for? Write it after the command: /search flood"), _main(language)
    )


def failed(language: Language) -> Message:
    """Something of ours went wrong."""
    return Message.of(language._("Sorry, that did not work just now. Please try again in a moment."))
