"""The grammar of callback data: what a kind of button declares is how its data is formatted and parsed.

Each kind is a class with a template, such as `section:{slug}`. A field's type determines which texts are accepted at
its place in the template; `data` formats the template, `read` parses it. The kinds are in buttons.py.
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
