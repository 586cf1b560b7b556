"""Messages that show stories: one story's card, and lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from telegram import InlineKeyboardButton

from bot.config import Newsroom
from bot.i18n import Language, load_language
from bot.messages import buttons
from bot.messages.links import counted_link
from bot.messages.text import Message, Rows, Text, link, shorten
from bot.storage.models import Story, StoryState
from bot.telegram_limits import BUTTON_URL_LIMIT

TITLE_ON_CARD = 256
TITLE_IN_WORDS = 120  # in a question about the story
TITLE_IN_LIST = 72  # two lines on a phone
SUMMARY_ON_CARD = 300
AUTHOR_ON_CARD = 80
CAPTION_ON_CARD = 160
NUMBERS_A_ROW = 5


def story_time(newsroom: Newsroom, story: Story) -> str:
    """A story's time in the newsroom's language, whatever the reader's language is (docs/decisions/0003)."""
    return newsroom_language(newsroom).time(story.published_at, newsroom.zone)


def corrected_time(newsroom: Newsroom, story: Story) -> str:
    """The time of the last correction; without the date if that is the day of publication."""
    corrected = story.corrected_at or story.updated_at
    same_day = corrected.astimezone(newsroom.zone).date() == story.published_at.astimezone(newsroom.zone).date()
    language = newsroom_language(newsroom)
    return (language.hour if same_day else language.time)(corrected, newsroom.zone)


def newsroom_language(newsroom: Newsroom) -> Language:
    try:
        return load_language(newsroom.language)
    except LookupError:
        return load_language("en")


def card(newsroom: Newsroom, story: Story, language: Language, public_url: str = "", *, saved: bool = False) -> Message:
    """One story: photo, section, title, summary, time and byline, and the buttons with its link and to save it.

    It begins with UPDATE or its section, so that whoever gets it unasked sees in the notification why.

    With a `public_url`, the title is a counted link through our server; the button always leads straight to the story.
    The text fits a caption (1,024 code points): 256 + 300 + 80 + 160 from the story, and at most 200 of our own.
    """
    _ = language._
    text = Text()
    section = newsroom.section_name(story.section, language.code) if story.section else ""
    if story.is_update:
        text.add("🔴 ").bold("UPDATE")
        if section:
            text.add(f" · {section}")
        text.add("\n")
    elif section:
        text.add(section).add("\n")
    title = shorten(story.title, TITLE_ON_CARD) or newsroom.name
    counted = counted_link(public_url, story.id) if public_url else None
    text.add(title, "bold", url=counted).add("\n")
    summary = shorten(story.summary, SUMMARY_ON_CARD)
    if summary and summary != title:
        text.add(summary + "\n")
    text.add("\n" + story_time(newsroom, story))
    if story.author:
        text.add(" · " + _("By {author}").format(author=shorten(story.author, AUTHOR_ON_CARD)))
    if story.corrected_at is not None:
        text.add("\n" + _("Corrected {time}").format(time=corrected_time(newsroom, story)))
    photo = story.image_file_id or story.image_url
    if photo and story.image_caption:
        text.add("\n📷 ").add(shorten(story.image_caption, CAPTION_ON_CARD), "italic")
    keep = save_button(language, story.id, saved)
    read = (link(_("Read the story"), story.url),) if len(story.url) <= BUTTON_URL_LIMIT else ()
    return Message.of(text, ((*read, keep),), photo)


def save_button(language: Language, story_id: int, saved: bool) -> InlineKeyboardButton:
    """Saves the story, or takes it out where it is `saved`. A pushed card is the same for all, so it offers to save."""
    label = "★ " + language._("Saved") if saved else "☆ " + language._("Save")
    return buttons.SaveStory(not saved, story_id).labelled(label)


def retracted(newsroom: Newsroom, language: Language, withdrawn_at: datetime) -> Message:
    """What stands in the place of a withdrawn story: who withdrew it, and when."""
    words = language._("{newsroom} has withdrawn this story.").format(newsroom=newsroom.name)
    return Message.of(f"{words}\n{newsroom_language(newsroom).time(withdrawn_at, newsroom.zone)}")


def withdrawal_offer(language: Language, story: Story) -> tuple[InlineKeyboardButton, ...]:
    """The row of buttons under a story that only owners see."""
    return (buttons.AskWithdrawal(story.id).labelled(language._("Withdraw the story…")),)


def withdrawal_question(newsroom: Newsroom, language: Language, story: Story) -> Message:
    """The last question before a story is withdrawn: what its copies become is said in it."""
    _ = language._
    noticed = _("Withdraw “{title}”? It disappears from all lists, and every chat that got it sees a notice instead.")
    words = (
        noticed
        if newsroom.newsroom.retract == "notice"
        else _("Withdraw “{title}”? It disappears from all lists and is deleted from every chat that got it.")
    )
    yes = buttons.AnswerWithdrawal(story.id, "yes").labelled(_("Withdraw it"))
    no = buttons.AnswerWithdrawal(story.id, "no").labelled(_("Keep it"))
    return Message.of(words.format(title=shorten(story.title, TITLE_IN_WORDS)), ((yes, no),))


def withdrawal_settled(language: Language, story: Story) -> Message:
    _ = language._
    withdrawn = story.state == StoryState.RETRACTED
    words = _("“{title}” is withdrawn from every chat.") if withdrawn else _("“{title}” was kept.")
    return Message.of(("🗑 " if withdrawn else "") + words.format(title=shorten(story.title, TITLE_IN_WORDS)))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its stories, the first one's number (from 1), and the buttons to the pages around it."""

    stories: Sequence[Story]
    first: int = 1
    newer: buttons.Button | None = None
    older: buttons.Button | None = None


def listing(
    newsroom: Newsroom,
    language: Language,
    heading: str,
    page: Page,
    empty: str,
    *,
    note: str = "",
    sections: bool = True,
    extra: Rows = (),
    number: Callable[[Story], buttons.Button] | None = None,
    sign: str = "",
) -> Message:
    """A numbered list of stories. A title links to the story's page, a number button opens its card in the chat.

    `note` stands below the heading of a list that is not empty.

    It is close, since Telegram shows the end of a message that is longer than the screen: the day stands once above its
    stories, and a title takes two lines at most. Where the stories are not in the order of days, each has its own.

    With `number` the number buttons are those that it makes, with `sign` before the number.
    """
    _ = language._
    text = Text().bold(heading)
    if not page.stories:
        text.add("\n\n" + empty)
        return Message.of(text, (*pager(page.newer, page.older, language), *extra))
    if note:
        text.add("\n" + note)
    numbers: list[InlineKeyboardButton] = []
    days = [newsroom_language(newsroom).day(story.published_at, newsroom.zone) for story in page.stories]
    by_day = len(list(groupby(days))) == len(set(days))
    above = ""
    for place, (story, day) in enumerate(zip(page.stories, days, strict=True), page.first):
        if by_day and day != above:
            text.add("\n").add(day, "italic")
            above = day
        text.add(f"\n{place}. ")
        if story.is_update:
            text.bold("UPDATE").add(" · ")
        text.add(shorten(story.title, TITLE_IN_LIST) or newsroom.name, "bold", url=linkable(story.url))
        time = _hour(newsroom, story) if by_day else story_time(newsroom, story)
        section = newsroom.section_name(story.section, language.code) if sections and story.section else ""
        for fact in filter(None, (time, section)):
            text.add(f" · {fact}")
        button = number(story) if number else buttons.OpenStory(story.id)
        numbers.append(button.labelled(f"{sign}{place}"))
    rows = buttons.in_rows(numbers, NUMBERS_A_ROW)
    return Message.of(text, (*rows, *pager(page.newer, page.older, language), *extra))


def _hour(newsroom: Newsroom, story: Story) -> str:
    """The time of day; "" for a story that has a date alone."""
    language, zone = newsroom_language(newsroom), newsroom.zone
    has_hour = language.time(story.published_at, zone) != language.day(story.published_at, zone)
    return language.hour(story.published_at, zone) if has_hour else ""


def linkable(url: str) -> str | None:
    return url if len(url) <= BUTTON_URL_LIMIT else None


def pager(newer: buttons.Button | None, older: buttons.Button | None, language: Language) -> Rows:
    """The row of buttons to the pages around one."""
    _ = language._
    row = []
    if newer is not None:
        row.append(newer.labelled(_("‹ Newer")))
    if older is not None:
        row.append(older.labelled(_("More ›")))
    return (tuple(row),) if row else ()
