"""Buttons: the only module that formats and parses callback data.

Each kind of button is a class with a template, such as `section:{slug}`. A field's type determines which texts are
accepted at its place in the template; `data` formats the template, `read` parses it. The data names the state that a
press sets, never "toggle", so a repeated press changes nothing. Messages keep their buttons for years, so a template
never changes its meaning; a new template is added beside it.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Literal, NewType, Self, cast, get_args, get_type_hints

from telegram import InlineKeyboardButton

from bot.messages.text import Rows

DATA_LIMIT = 64  # bytes; https://core.telegram.org/bots/api#inlinekeyboardbutton
BUTTONS_A_ROW = 2

Slug = NewType("Slug", str)
Target = NewType("Target", str)  # see bot.targets; or EVERYONE
Words = NewType("Words", str)
LanguageCode = NewType("LanguageCode", str)
Zone = NewType("Zone", str)  # a name of the IANA time zone database
Volume = Literal["loud", "silent"]

EVERYONE = Target("everyone")  # an audience that is not chosen by what chats follow

_PATTERNS: dict[Any, str] = {
    int: "[0-9]{1,18}",
    bool: "on|off",
    Slug: "[a-z0-9_-]{1,32}",
    Target: "[a-z0-9_-]{1,32}(?::[a-z0-9_-]{1,32})?",
    Words: ".{1,60}",
    LanguageCode: "[a-z]{2,3}",
    Zone: "[A-Za-z0-9_+/-]{1,40}",
}


@dataclass(frozen=True, slots=True)
class Button:
    """One button. Subclasses declare the fields of its data, and their format in `template`.

    `start` formats the parameter of the deep link that shows the same in a private chat, for kinds that have one.
    """

    template: ClassVar[str] = ""
    start: ClassVar[str] = ""

    @property
    def data(self) -> str:
        """The button's `callback_data`; Telegram accepts at most DATA_LIMIT bytes."""
        return self.template.format(**{field.name: _written(getattr(self, field.name)) for field in fields(self)})

    @property
    def private(self) -> str:
        """The `start` parameter that shows the same in the private chat; "" if there is none."""
        return self.start.format(**{field.name: getattr(self, field.name) for field in fields(self)})

    @property
    def fits(self) -> bool:
        """Whether the data is within Telegram's limit. Only search words can make it too long."""
        return len(self.data.encode()) <= DATA_LIMIT

    def labelled(self, label: str) -> InlineKeyboardButton:
        return InlineKeyboardButton(label, callback_data=self.data)

    @classmethod
    def read(cls, data: str) -> Self | None:
        """Parse `data`; None if it is not of this kind."""
        pattern, hints = _grammar(cast(Hashable, cls))
        match = pattern.fullmatch(data)
        return cls(**{name: _value(text, hints[name]) for name, text in match.groupdict().items()}) if match else None


@cache
def _grammar(kind: Any) -> tuple[re.Pattern[str], dict[str, Any]]:
    """The regular expression for a kind's data, and the types of its fields."""
    hints = get_type_hints(kind)
    pattern = re.escape(kind.template)
    for field in fields(kind):
        hint = hints[field.name]
        accepted = _PATTERNS.get(hint) or "|".join(get_args(hint))  # of a Literal its values
        pattern = pattern.replace(rf"\{{{field.name}\}}", f"(?P<{field.name}>{accepted})")
    return re.compile(pattern, re.DOTALL), hints


def _written(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _value(text: str, hint: Any) -> Any:
    return text == "on" if hint is bool else int(text) if hint is int else text


def in_rows(buttons: Sequence[InlineKeyboardButton], a_row: int = BUTTONS_A_ROW) -> Rows:
    return tuple(tuple(buttons[at : at + a_row]) for at in range(0, len(buttons), a_row))


# Buttons for readers. A page of a list is identified by `anchor`, the highest story id when the list was opened, and
# `offset`, the number of stories before the page.


@dataclass(frozen=True, slots=True)
class OpenLatest(Button):
    template = "latest"
    start = "latest"


@dataclass(frozen=True, slots=True)
class LatestPage(Button):
    anchor: int
    offset: int
    template = "latest:{anchor}:{offset}"
    start = "latest"


@dataclass(frozen=True, slots=True)
class OpenPopular(Button):
    template = "popular"
    start = "popular"


@dataclass(frozen=True, slots=True)
class OpenUpdates(Button):
    template = "update"
    start = "update"


@dataclass(frozen=True, slots=True)
class UpdatesPage(Button):
    anchor: int
    offset: int
    template = "update:{anchor}:{offset}"
    start = "update"


@dataclass(frozen=True, slots=True)
class OpenSections(Button):
    template = "sections"
    start = "sections"


@dataclass(frozen=True, slots=True)
class SectionsPage(Button):
    """A page of the list of sections."""

    page: int
    template = "sections:{page}"
    start = "sections"


@dataclass(frozen=True, slots=True)
class OpenSection(Button):
    slug: Slug
    template = "section:{slug}"
    start = "section_{slug}"


@dataclass(frozen=True, slots=True)
class SectionPage(Button):
    slug: Slug
    anchor: int
    offset: int
    template = "section:{slug}:{anchor}:{offset}"
    start = "section_{slug}"


@dataclass(frozen=True, slots=True)
class FollowSection(Button):
    """Under a section's list: follow (`on`) or unfollow the section."""

    on: bool
    slug: Slug
    template = "{on}:{slug}"


@dataclass(frozen=True, slots=True)
class OpenStory(Button):
    story_id: int
    template = "story:{story_id}"
    start = "story_{story_id}"


@dataclass(frozen=True, slots=True)
class SaveStory(Button):
    """Under a card: save the story (`on`), or take it out of what is saved."""

    on: bool
    story_id: int
    template = "save:{on}:{story_id}"
    start = "story_{story_id}"


@dataclass(frozen=True, slots=True)
class SavedPage(Button):
    offset: int
    template = "saved:{offset}"
    start = "saved"


@dataclass(frozen=True, slots=True)
class TidySaved(Button):
    """A page of what is saved, with a button to take out each story."""

    offset: int
    template = "saved:tidy:{offset}"
    start = "saved"


@dataclass(frozen=True, slots=True)
class DropSaved(Button):
    """Take a story out; `offset` is the page on which the button stands."""

    story_id: int
    offset: int
    template = "saved:drop:{story_id}:{offset}"
    start = "saved"


@dataclass(frozen=True, slots=True)
class SearchPage(Button):
    anchor: int
    offset: int
    words: Words
    template = "search:{anchor}:{offset}:{words}"


@dataclass(frozen=True, slots=True)
class OpenFollowing(Button):
    template = "following"
    start = "following"


@dataclass(frozen=True, slots=True)
class FollowingPage(Button):
    """A page of the list of what a chat follows. A choice in it is drawn on the page that its section is on."""

    page: int
    template = "following:{page}"
    start = "following"


@dataclass(frozen=True, slots=True)
class GreetingPage(Button):
    """Like FollowingPage, but in the greeting."""

    page: int
    template = "greet:page:{page}"
    start = "following"


@dataclass(frozen=True, slots=True)
class Choose(Button):
    """In the list of what a chat follows: follow (`on`) or unfollow the target."""

    on: bool
    target: Target
    template = "set:{on}:{target}"


@dataclass(frozen=True, slots=True)
class ChooseInGreeting(Button):
    """Like Choose, but in the greeting: the message is redrawn as a greeting."""

    on: bool
    target: Target
    template = "greet:{on}:{target}"


@dataclass(frozen=True, slots=True)
class AskStop(Button):
    template = "stop:ask"


@dataclass(frozen=True, slots=True)
class ConfirmStop(Button):
    template = "stop:yes"


@dataclass(frozen=True, slots=True)
class KeepFollowing(Button):
    """The answer no to AskStop's question."""

    template = "stop:no"


@dataclass(frozen=True, slots=True)
class StartAgain(Button):
    """Begin alerts again after a stop, with the choices as they were."""

    template = "stop:end"


@dataclass(frozen=True, slots=True)
class SoundsPage(Button):
    """A page of what a chat follows, with the sound of each."""

    page: int
    template = "sounds:{page}"


@dataclass(frozen=True, slots=True)
class ChooseSound(Button):
    """In the list of sounds: make what a chat follows loud or silent."""

    volume: Volume
    target: Target
    template = "sound:{volume}:{target}"


@dataclass(frozen=True, slots=True)
class OpenQuiet(Button):
    template = "quiet"


@dataclass(frozen=True, slots=True)
class ChooseHours(Button):
    """Quiet hours of every day, in minutes after midnight."""

    begin: int
    until: int
    template = "quiet:{begin}:{until}"


@dataclass(frozen=True, slots=True)
class EndHours(Button):
    """No quiet hours any more."""

    template = "quiet:off"


@dataclass(frozen=True, slots=True)
class QuietUpdate(Button):
    """Whether an UPDATE comes in quiet hours all the same."""

    on: bool
    template = "quiet:update:{on}"


@dataclass(frozen=True, slots=True)
class EndSnooze(Button):
    template = "quiet:wake"


@dataclass(frozen=True, slots=True)
class OpenRegions(Button):
    """The regions of the world, to choose a time zone by."""

    template = "zones"


@dataclass(frozen=True, slots=True)
class ZonesPage(Button):
    region: Zone
    page: int
    template = "zones:{region}:{page}"


@dataclass(frozen=True, slots=True)
class ChooseZone(Button):
    zone: Zone
    template = "zone:{zone}"


@dataclass(frozen=True, slots=True)
class OpenAlert(Button):
    """Under an alert: what can be done about such alerts."""

    story_id: int
    template = "alert:{story_id}"


@dataclass(frozen=True, slots=True)
class CloseAlert(Button):
    story_id: int
    template = "alert:{story_id}:close"


@dataclass(frozen=True, slots=True)
class AlertSound(Button):
    story_id: int
    volume: Volume
    target: Target
    template = "alert:{story_id}:{volume}:{target}"


@dataclass(frozen=True, slots=True)
class AlertFollow(Button):
    """Under an alert: stop following what brought it, or follow it again."""

    story_id: int
    on: bool
    target: Target
    template = "alert:{story_id}:{on}:{target}"


@dataclass(frozen=True, slots=True)
class Snooze(Button):
    story_id: int
    until: Literal["hour", "morning"]
    template = "alert:{story_id}:snooze:{until}"


@dataclass(frozen=True, slots=True)
class ExplainAlert(Button):
    story_id: int
    template = "alert:{story_id}:why"


@dataclass(frozen=True, slots=True)
class OpenLanguages(Button):
    template = "language"


@dataclass(frozen=True, slots=True)
class ChooseLanguage(Button):
    code: LanguageCode
    template = "language:{code}"


@dataclass(frozen=True, slots=True)
class OpenPrivacy(Button):
    template = "privacy"
    start = "privacy"


@dataclass(frozen=True, slots=True)
class ExportChat(Button):
    template = "privacy:export"


@dataclass(frozen=True, slots=True)
class AskErasure(Button):
    template = "privacy:erase"


@dataclass(frozen=True, slots=True)
class ConfirmErasure(Button):
    template = "privacy:erase:yes"


# Buttons for owners.


@dataclass(frozen=True, slots=True)
class AskWithdrawal(Button):
    story_id: int
    template = "withdraw:{story_id}"


@dataclass(frozen=True, slots=True)
class AnswerWithdrawal(Button):
    story_id: int
    answer: Literal["yes", "no"]
    template = "withdraw:{story_id}:{answer}"


@dataclass(frozen=True, slots=True)
class DropDraft(Button):
    template = "broadcast:drop"


@dataclass(frozen=True, slots=True)
class DraftAudience(Button):
    """Go back from a draft's preview to its audience."""

    push_id: int
    template = "broadcast:audience:{push_id}"


@dataclass(frozen=True, slots=True)
class AudiencePage(Button):
    push_id: int
    page: int
    template = "broadcast:audience:{push_id}:{page}"


@dataclass(frozen=True, slots=True)
class ChooseAudience(Button):
    push_id: int
    target: Target
    on: bool
    template = "audience:{push_id}:{target}:{on}"


@dataclass(frozen=True, slots=True)
class PreviewDraft(Button):
    push_id: int
    template = "broadcast:preview:{push_id}"


@dataclass(frozen=True, slots=True)
class SendDraft(Button):
    push_id: int
    template = "broadcast:send:{push_id}"


@dataclass(frozen=True, slots=True)
class OpenPushes(Button):
    template = "pushes"


@dataclass(frozen=True, slots=True)
class ChangePush(Button):
    change: Literal["pause", "resume", "cancel", "release"]
    push_id: int
    template = "push:{change}:{push_id}"


@dataclass(frozen=True, slots=True)
class SettleHeld(Button):
    """Release or cancel all held pushes."""

    change: Literal["release", "cancel"]
    template = "held:{change}"


@dataclass(frozen=True, slots=True)
class OpenCopies(Button):
    template = "copies"


@dataclass(frozen=True, slots=True)
class CopiesPage(Button):
    anchor: int
    offset: int
    template = "copies:{anchor}:{offset}"


@dataclass(frozen=True, slots=True)
class SeparateCopy(Button):
    """Make a story that was taken for a copy news; `anchor` and `offset` are the page on which the button stands."""

    story_id: int
    anchor: int
    offset: int
    template = "copy:{story_id}:news:{anchor}:{offset}"


KINDS: tuple[type[Button], ...] = (
    OpenLatest, LatestPage, OpenPopular, OpenUpdates, UpdatesPage, OpenSections, SectionsPage, OpenSection, SectionPage,
    FollowSection, OpenStory, SearchPage, SaveStory, SavedPage, TidySaved, DropSaved, OpenPrivacy, ExportChat,
    AskErasure, ConfirmErasure, OpenFollowing, FollowingPage, GreetingPage, Choose, ChooseInGreeting, AskStop,
    ConfirmStop, KeepFollowing, StartAgain, SoundsPage, ChooseSound, OpenQuiet, ChooseHours, EndHours, QuietUpdate,
    EndSnooze,
    OpenRegions, ZonesPage, ChooseZone, OpenAlert, CloseAlert, AlertSound, AlertFollow, Snooze, ExplainAlert,
    OpenLanguages, ChooseLanguage, AskWithdrawal, AnswerWithdrawal, DropDraft,
    DraftAudience, AudiencePage, ChooseAudience, PreviewDraft, SendDraft, OpenPushes, ChangePush, SettleHeld,
    OpenCopies, CopiesPage, SeparateCopy,
)  # fmt: skip
ALERT_OPTIONS = (OpenAlert, CloseAlert, AlertSound, AlertFollow, Snooze, ExplainAlert)  # below an alert
PAGES = (SectionsPage, FollowingPage, GreetingPage, AudiencePage)  # of keyboards that grow with the newsroom


def parse(data: str) -> Button | None:
    """Parse `data` as any kind of button; None if no kind matches."""
    return next((button for kind in KINDS if (button := kind.read(data)) is not None), None)
