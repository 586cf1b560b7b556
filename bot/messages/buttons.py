"""Buttons: the one place that writes and reads the data behind a button.

Each kind of button is a class with a template, such as `section:{slug}`. A field's type says which texts its place in
the template takes; `data` fills the template, `read` reads it back. The data names the state that a press leads to,
never "toggle", so a repeated press changes nothing. Messages keep their buttons for years, so a template never changes
its meaning; a new one is added beside it.
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

EVERYONE = Target("everyone")  # an audience that is not chosen by what chats follow

_PATTERNS: dict[Any, str] = {
    int: "[0-9]{1,18}",
    bool: "on|off",
    Slug: "[a-z0-9_-]{1,32}",
    Target: "[a-z0-9_-]{1,32}(?::[a-z0-9_-]{1,32})?",
    Words: ".{1,60}",
    LanguageCode: "[a-z]{2,3}",
}


@dataclass(frozen=True, slots=True)
class Button:
    """One button: what it asks for. Subclasses say how that is written, in `template`."""

    template: ClassVar[str] = ""

    @property
    def data(self) -> str:
        """What Telegram keeps for us behind the button, at most DATA_LIMIT bytes."""
        return self.template.format(**{field.name: _written(getattr(self, field.name)) for field in fields(self)})

    @property
    def fits(self) -> bool:
        """Whether Telegram keeps the data: only a reader's own words can be too long."""
        return len(self.data.encode()) <= DATA_LIMIT

    def labelled(self, label: str) -> InlineKeyboardButton:
        return InlineKeyboardButton(label, callback_data=self.data)

    @classmethod
    def read(cls, data: str) -> Self | None:
        """The button behind `data`, if it is one of this kind."""
        pattern, hints = _grammar(cast(Hashable, cls))
        match = pattern.fullmatch(data)
        return cls(**{name: _value(text, hints[name]) for name, text in match.groupdict().items()}) if match else None


@cache
def _grammar(kind: Any) -> tuple[re.Pattern[str], dict[str, Any]]:
    """What the data of a kind of button looks like, and the types of its fields."""
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


# What readers press. A page of a list is named by `anchor`, the highest story id when the list was opened, and by
# `offset`, the number of stories before it.


@dataclass(frozen=True, slots=True)
class OpenLatest(Button):
    template = "latest"


@dataclass(frozen=True, slots=True)
class LatestPage(Button):
    anchor: int
    offset: int
    template = "latest:{anchor}:{offset}"


@dataclass(frozen=True, slots=True)
class OpenPopular(Button):
    template = "popular"


@dataclass(frozen=True, slots=True)
class OpenSections(Button):
    template = "sections"


@dataclass(frozen=True, slots=True)
class OpenSection(Button):
    slug: Slug
    template = "section:{slug}"


@dataclass(frozen=True, slots=True)
class SectionPage(Button):
    slug: Slug
    anchor: int
    offset: int
    template = "section:{slug}:{anchor}:{offset}"


@dataclass(frozen=True, slots=True)
class FollowSection(Button):
    """Under a section's list: follow it from now on, or not."""

    on: bool
    slug: Slug
    template = "{on}:{slug}"


@dataclass(frozen=True, slots=True)
class OpenStory(Button):
    story_id: int
    template = "story:{story_id}"


@dataclass(frozen=True, slots=True)
class SearchPage(Button):
    anchor: int
    offset: int
    words: Words
    template = "search:{anchor}:{offset}:{words}"


@dataclass(frozen=True, slots=True)
class OpenFollowing(Button):
    template = "following"


@dataclass(frozen=True, slots=True)
class Choose(Button):
    """In the list of what a chat follows: follow the target from now on, or not."""

    on: bool
    target: Target
    template = "set:{on}:{target}"


@dataclass(frozen=True, slots=True)
class ChooseInGreeting(Button):
    """As Choose, in the greeting, which stays a greeting."""

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
    """The answer no to the question whether to stop."""

    template = "stop:no"


@dataclass(frozen=True, slots=True)
class OpenLanguages(Button):
    template = "language"


@dataclass(frozen=True, slots=True)
class ChooseLanguage(Button):
    code: LanguageCode
    template = "language:{code}"


# What owners press.


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
    """Show the audience of a draft again."""

    push_id: int
    template = "broadcast:audience:{push_id}"


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
    """What becomes of all alerts that are held back."""

    change: Literal["release", "cancel"]
    template = "held:{change}"


KINDS: tuple[type[Button], ...] = (
    OpenLatest, LatestPage, OpenPopular, OpenSections, OpenSection, SectionPage, FollowSection, OpenStory, SearchPage,
    OpenFollowing, Choose, ChooseInGreeting, AskStop, ConfirmStop, KeepFollowing, OpenLanguages, ChooseLanguage,
    AskWithdrawal, AnswerWithdrawal, DropDraft, DraftAudience, ChooseAudience, PreviewDraft, SendDraft, OpenPushes,
    ChangePush, SettleHeld,
)  # fmt: skip


def parse(data: str) -> Button | None:
    """The button behind `data`; None for data that no button of this version writes."""
    return next((button for kind in KINDS if (button := kind.read(data)) is not None), None)
