"""The command menu, per language and role."""

from bot.i18n import Language


def reader_commands(language: Language) -> list[tuple[str, str]]:
    """(command, what it does) in the order of the menu; the commands' own names follow the language."""
    _ = language._
    return [
        (_("latest"), _("The newest stories")),
        (_("popular"), _("What others read most")),
        (_("sections"), _("Stories by section")),
        (_("search"), _("Find stories by words")),
        (_("following"), _("What you are told about")),
        (_("settings"), _("Language and alerts")),
        (_("help"), _("What I can do")),
    ]


def owner_commands(language: Language) -> list[tuple[str, str]]:
    _ = language._
    return [
        ("broadcast", _("Announce something to readers")),
        ("pushes", _("What is being sent right now")),
        ("sources", _("How the sources are doing")),
        *reader_commands(language),
    ]
