"""The list of stories that were taken for copies, for editors."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons, stories
from bot.messages.text import Message, Text, shorten
from bot.storage.models import Story

BUTTONS_A_ROW = 2


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list: the copies, the original of each, where the page is, and the buttons to those around it."""

    copies: Sequence[Story]
    originals: Sequence[Story]
    anchor: int
    offset: int
    newer: buttons.Button | None
    older: buttons.Button | None


def copies(newsroom: Newsroom, language: Language, page: Page, said: str = "") -> Message:
    """Each copy with its source, site and time, and that of which it is one. `said`: what has just been done."""
    _ = language._
    text = Text()
    if said:
        text.add(f"✅ {said}\n\n")
    text.bold(_("Taken for copies")).add("\n\n")
    if not page.copies:
        text.add(_("No story of the last seven days was taken for a copy."))
    else:
        text.add(_("The same text was here before from another site, so these are neither listed nor pushed."))
    choices = []
    for number, (copy, original) in enumerate(zip(page.copies, page.originals, strict=True), page.offset + 1):
        text.add(f"\n\n{number}. ").add(_title(copy), "bold", url=stories.linkable(copy.url))
        text.add(f"\n{_place(copy)} · {stories.story_time(newsroom, copy)}\n")
        text.add(_("Copy of: {title} ({place})").format(title=_title(original), place=_place(original)))
        button = buttons.SeparateCopy(copy.id, page.anchor, page.offset)
        choices.append(button.labelled(_("Make {number} news").format(number=number)))
    rows = buttons.in_rows(choices, BUTTONS_A_ROW)
    return Message.of(text, (*rows, *stories.pager(page.newer, page.older, language)))


def _title(story: Story) -> str:
    return shorten(story.title, stories.TITLE_IN_WORDS)


def _place(story: Story) -> str:
    host = (urlsplit(story.url).hostname or "").removeprefix("www.")
    return " · ".join(filter(None, (story.source_id, shorten(host, 80))))


def separated(language: Language, story: Story) -> str:
    """What became of a story that an editor made news."""
    _ = language._
    return {
        "pushed": _("It is listed now, and its alert is on its way."),
        "too_old": _("It is listed now. It is too old to be pushed."),
    }.get(story.verdict, _("It is listed now. It has no section, so nobody gets an alert."))


def separated_story(language: Language, story: Story) -> str:
    return f"“{_title(story)}”: {separated(language, story)}"


def is_no_copy(language: Language) -> str:
    return language._("This story is not a copy any more. Nothing was changed.")
