"""Messages for readers other than stories: greeting, help, sections, following, settings, languages."""

from collections.abc import Sequence

from telegram import InlineKeyboardButton

from bot import spelling, targets
from bot.config import Newsroom
from bot.i18n import Language, load_language, spoken
from bot.messages import buttons, paging
from bot.messages.text import Message, Rows, Text

SIMILAR_SHOWN = 6
FEWEST_LETTERS = 3  # of a search that also finds sections


def welcome(
    newsroom: Newsroom,
    language: Language,
    following: frozenset[str],
    page: int = 1,
    *,
    paused: bool = False,
    again: bool = False,
) -> Message:
    """The greeting; `again`: alerts were stopped, and begin with it."""
    _ = language._
    text = Text().add("👋 ").bold(_("Welcome to {newsroom}").format(newsroom=newsroom.name)).add("\n\n")
    text.add(
        _(
            "Read the latest and the most popular stories here, and get breaking news as it happens. "
            "Choose your alerts; you can change them at any time."
        )
    )
    return _greeting(text, newsroom, language, following, page, paused=paused, again=again)


def introduction(
    newsroom: Newsroom,
    language: Language,
    following: frozenset[str],
    page: int = 1,
    *,
    paused: bool = False,
    again: bool = False,
) -> Message:
    """The greeting in a group."""
    _ = language._
    text = Text().add("👋 ").bold(newsroom.name).add("\n\n")
    text.add(
        _(
            "I bring this group the news of {newsroom}, as it happens or when you ask. "
            "The group's admins choose what arrives here; everybody can read and search."
        ).format(newsroom=newsroom.name)
    )
    return _greeting(text, newsroom, language, following, page, paused=paused, again=again)


def _greeting(
    text: Text,
    newsroom: Newsroom,
    language: Language,
    following: frozenset[str],
    page: int,
    *,
    paused: bool,
    again: bool,
) -> Message:
    """Add the choices to the words of a greeting."""
    if again:
        text.add("\n\n▶️ " + started_again(language))
    _add_overview(text, newsroom, language, following, page)
    rows = _choices(newsroom, language, following, page, buttons.ChooseInGreeting)
    if paused:
        text.add("\n\n⏸ " + are_paused(language))
        rows = (*rows, _start_again(language))
    return Message.of(text, (*rows, *_main(language)))


def channel_introduction(newsroom: Newsroom, language: Language, channel: str) -> Message:
    """To the admin who added the bot to a channel, in private: it posts nothing there that nobody asked for."""
    _ = language._
    text = Text().bold(channel).add("\n\n")
    text.add(
        _(
            "I can now bring the news of {newsroom} to your channel. To choose what arrives there, write /following in "
            "the channel and tap; afterwards you can delete those messages."
        ).format(newsroom=newsroom.name)
    )
    return Message.of(text)


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
        (
            buttons.OpenLatest().labelled("📰 " + _("Latest")),
            buttons.OpenPopular().labelled("🔥 " + _("Popular")),
            buttons.OpenUpdates().labelled("🔴 UPDATE"),
        ),
        (
            buttons.OpenSections().labelled("🗂 " + _("Sections")),
            buttons.OpenFollowing().labelled("🔔 " + _("Following")),
        ),
    )


def sections(newsroom: Newsroom, language: Language, page: int = 1) -> Message:
    _ = language._
    if not newsroom.sections:
        return Message.of(_("There are no sections yet. See the newest stories with /latest."), _main(language))
    names = [
        buttons.OpenSection(buttons.Slug(slug)).labelled(newsroom.section_name(slug, language.code))
        for slug in paging.on_page(newsroom.slugs, page)
    ]
    text = Text().bold(_("Sections")).add("\n\n" + _("Choose one to read."))
    count = len(newsroom.slugs)
    if position := paging.position(language, count, page):
        text.add("\n\n" + _("You can also write /search and the name of a section.") + "\n" + position)
    return Message.of(text, (*buttons.in_rows(names), *paging.turners(language, count, page, buttons.SectionsPage)))


def page_with(newsroom: Newsroom, target: str) -> int:
    """The page of a keyboard of sections that has the target's button."""
    slug, slugs = targets.section_of(target), newsroom.slugs
    return paging.page_of(slugs.index(slug), len(slugs)) if slug in slugs else 1


def following(
    newsroom: Newsroom, language: Language, followed: frozenset[str], page: int = 1, *, paused: bool = False
) -> Message:
    _ = language._
    text = Text().bold(_("What you follow")).add("\n\n")
    if followed:
        text.add(_("✓ marks what you follow. Tap to change it."))
    else:
        text.add(_("You follow nothing yet. Tap what you want to receive."))
    _add_overview(text, newsroom, language, followed, page)
    rows = _choices(newsroom, language, followed, page, buttons.Choose)
    if followed:
        rows = (*rows, (sounds_button(language), quiet_button(language)))
    if paused:
        text.add("\n\n⏸ " + are_paused(language))
        rows = (*rows, _start_again(language))
    elif followed:
        rows = (*rows, (buttons.AskStop().labelled("⏸ " + _("Stop all alerts")),))
    return Message.of(text, rows)


def sounds_button(language: Language) -> InlineKeyboardButton:
    return buttons.SoundsPage(1).labelled("🔔 " + language._("Loud or silent"))


def quiet_button(language: Language) -> InlineKeyboardButton:
    return buttons.OpenQuiet().labelled("🌙 " + language._("Quiet hours"))


def are_paused(language: Language) -> str:
    return language._("All alerts are stopped. Your choices are kept.")


def _start_again(language: Language) -> tuple[InlineKeyboardButton, ...]:
    return (buttons.StartAgain().labelled("▶️ " + language._("Start alerts again")),)


def _choices(
    newsroom: Newsroom,
    language: Language,
    followed: frozenset[str],
    page: int,
    kind: type[buttons.Choose] | type[buttons.ChooseInGreeting],
) -> Rows:
    """One button for UPDATE, on the first page, and one per section; a press inverts the state that its label shows."""
    slugs = newsroom.slugs

    def choice(label: str, target: str) -> InlineKeyboardButton:
        on = target in followed
        return kind(not on, buttons.Target(target)).labelled(f"✓ {label}" if on else label)

    others = [
        choice(newsroom.section_name(slug, language.code), targets.of_section(slug))
        for slug in paging.on_page(slugs, page)
    ]
    to_page = buttons.FollowingPage if kind is buttons.Choose else buttons.GreetingPage
    rows = (*buttons.in_rows(others), *paging.turners(language, len(slugs), page, to_page))
    if paging.nearest(page, len(slugs)) > 1:
        return rows
    return ((choice(language._("UPDATE: breaking news"), targets.UPDATE),), *rows)


def _add_overview(text: Text, newsroom: Newsroom, language: Language, followed: frozenset[str], page: int) -> None:
    """Where the choices take several pages: what is followed on all of them, and which page this is."""
    _ = language._
    slugs = newsroom.slugs
    position = paging.position(language, len(slugs), page)
    if not position:
        return
    names = ["UPDATE"] if targets.UPDATE in followed else []
    names += [newsroom.section_name(slug, language.code) for slug in slugs if targets.of_section(slug) in followed]
    if names:
        words = _("You follow {count} of {all}: {names}").format(
            count=language.number(len(names)),
            all=language.number(len(slugs) + 1),
            names=paging.some_of(language, names),
        )
        text.add("\n\n" + words)
    text.add("\n\n" + _("You can also write /follow and the name of a section.") + "\n" + position)


def section_button(newsroom: Newsroom, language: Language, slug: str, on: bool) -> InlineKeyboardButton:
    _ = language._
    name = newsroom.section_name(slug, language.code)
    label = "✓ " + _("Following {section}") if on else "🔔 " + _("Follow {section}")
    return buttons.FollowSection(not on, buttons.Slug(slug)).labelled(label.format(section=name))


def followed(newsroom: Newsroom, language: Language, target: str, on: bool, *, paused: bool = False) -> str:
    """The confirmation of following (`on`) or unfollowing a target; `paused`: that nothing comes all the same."""
    _ = language._
    if paused and on:
        return _("Noted. But all alerts are stopped: /start begins them again.")
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
    similar = newsroom.sections_like(asked)[:SIMILAR_SHOWN] or _mistyped(newsroom, asked)
    likely = [
        buttons.Choose(True, buttons.Target(targets.of_section(slug))).labelled(
            newsroom.section_name(slug, language.code)
        )
        for slug in similar
    ]
    names = [newsroom.section_name(slug, language.code) for slug in newsroom.slugs]
    if similar:
        words = _("There is no section “{asked}”. Did you mean one of these?")
    elif len(names) <= paging.PAGE:
        words = _("There is no section “{asked}”. The sections are: {sections}, and update.")
    else:
        words = _("There is no section “{asked}”. Some of them are: {sections}.")
    text = words.format(asked=asked[:60], sections=paging.some_of(language, names, paging.PAGE))
    return Message.of(text, (*buttons.in_rows(likely), (buttons.OpenFollowing().labelled("🔔 " + _("Following")),)))


def _mistyped(newsroom: Newsroom, asked: str) -> list[str]:
    """The slug of the section whose name in any language was probably meant."""
    slugs = {name: section.slug for section in newsroom.sections for name in (section.slug, *section.names.values())}
    meant = spelling.nearest(" ".join(asked.split()), slugs)
    return [slugs[meant]] if meant else []


def no_longer_a_section(language: Language) -> str:
    return language._("This section no longer exists.")


def sections_found(newsroom: Newsroom, language: Language, words: str) -> Rows:
    """Buttons for the sections that a search's words are the beginning of; below the stories that it found."""
    slugs = newsroom.sections_like(words)[:SIMILAR_SHOWN] if len(words) >= FEWEST_LETTERS else []
    return buttons.in_rows(
        [
            buttons.OpenSection(buttons.Slug(slug)).labelled("🗂 " + newsroom.section_name(slug, language.code))
            for slug in slugs
        ]
    )


def elsewhere(language: Language) -> Rows:
    """Where to look for what a search did not find."""
    _ = language._
    return (
        (
            buttons.OpenLatest().labelled("📰 " + _("Latest")),
            buttons.OpenSections().labelled("🗂 " + _("Sections")),
        ),
    )


def stop_question(language: Language) -> Message:
    _ = language._
    text = _("Stop all alerts? Your choices are kept, and you can still read the news here.")
    return Message.of(
        text, ((buttons.ConfirmStop().labelled(_("Yes, stop")), buttons.KeepFollowing().labelled(_("No, keep them"))),)
    )


def stopped(language: Language) -> Message:
    _ = language._
    return Message.of(
        _("Done. You will get no more alerts. Your choices are kept: /start or the button begins them again."),
        (_start_again(language), (buttons.OpenFollowing().labelled("🔔 " + _("Following")),)),
    )


def started_again(language: Language) -> str:
    return language._("Alerts are on again, as you had chosen them.")


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
            (sounds_button(language), quiet_button(language)),
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


def unknown_command(language: Language, meant: str | None = None) -> Message:
    """`meant`: the name of the command that was probably meant."""
    _ = language._
    words = _("I don't know this command. See /help for what I can do.")
    if meant:
        words = _("I don't know this command. Did you mean /{command}?").format(command=meant)
    return Message.of(words, _main(language))


def vanished(language: Language) -> Message:
    """For a button whose purpose is gone."""
    return Message.of(language._("This button no longer works. Here is the latest instead:"), _main(language))


def only_words(language: Language) -> Message:
    """For a photo, a sticker, a voice message."""
    return Message.of(
        language._("I understand written words only. Write what you are looking for, or choose here:"), _main(language)
    )


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


def too_fast(language: Language) -> Message:
    return Message.of(language._("That was faster than I can answer, so I left some of it out. Please ask again."))


def failed(language: Language) -> Message:
    """The apology for an error in the bot."""
    return Message.of(language._("Sorry, something went wrong. Please try again in a moment."))
