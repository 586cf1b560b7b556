"""What a reader has saved, and the button under a card that saves it."""

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons
from bot.messages.stories import Page, listing
from bot.messages.text import Message, Rows, link


def listed(newsroom: Newsroom, language: Language, page: Page, count: int, *, tidying: bool = False) -> Message:
    """A page of the `count` saved stories. A number opens its story; while `tidying`, it takes the story out."""
    _ = language._
    offset = page.first - 1
    heading = _("Saved") + (f" ({language.number(count)})" if count else "")
    rows: Rows = ()
    if page.stories:
        switch = buttons.SavedPage(offset).labelled("✓ " + _("Done"))
        rows = ((switch if tidying else buttons.TidySaved(offset).labelled("✕ " + _("Take out…")),),)
    return listing(
        newsroom,
        language,
        heading,
        page,
        _("You have saved nothing yet. ☆ under a story keeps it here."),
        extra=rows,
        number=(lambda story: buttons.DropSaved(story.id, offset)) if tidying else None,
        sign="✕ " if tidying else "",
    )


def answer(language: Language, *, on: bool) -> str:
    _ = language._
    return _("Saved. You find it with /saved.") if on else _("No longer saved.")


def full(language: Language, at_most: int) -> str:
    words = language.ngettext(
        "You have saved {count} story, and more do not fit. Take some out with /saved, then this one fits.",
        "You have saved {count} stories, and more do not fit. Take some out with /saved, then this one fits.",
        at_most,
    )
    return words.format(count=language.number(at_most))


def elsewhere(language: Language, address: str) -> Message:
    """In a group: what a reader saves is their own."""
    _ = language._
    return Message.of(_("What you save is yours alone: it is in our private chat."), ((link(_("Open it"), address),),))
