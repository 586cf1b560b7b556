"""Buttons: every kind that Kabar's messages have, and the parsing of what a press brings back.

The data names the state that a press sets, never "toggle", so a repeated press changes nothing. Messages keep their
buttons for years, so a template never changes its meaning; a new template is added beside it.
"""

from dataclasses import dataclass
from typing import Literal

from bot.messages.callback_data import (
    DATA_LIMIT as DATA_LIMIT,
)
from bot.messages.callback_data import (
    EVERYONE as EVERYONE,
)
from bot.messages.callback_data import (
    Button as Button,
)
from bot.messages.callback_data import (
    LanguageCode as LanguageCode,
)
from bot.messages.callback_data import (
    Slug as Slug,
)
from bot.messages.callback_data import (
    Target as Target,
)
from bot.messages.callback_data import (
    Volume as Volume,
)
from bot.messages.callback_data import (
    Words as Words,
)
from bot.messages.callback_data import (
    Zone as Zone,
)
from bot.messages.callback_data import (
    in_rows as in_rows,
)

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
