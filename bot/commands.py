"""Commands: what the table of them is made of. The table itself, with every handler, is handlers.commands.COMMANDS.

A command's English name is what the code says; other languages name it in their catalogue, like any other word. All
languages' names work for everybody, whichever language a reader chose.
"""

import re
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.i18n import Language, load_language, spoken

NAME = re.compile(r"[a-z0-9_]{1,32}")  # https://core.telegram.org/bots/api#botcommand


class Role(StrEnum):
    READER = "reader"
    OWNER = "owner"  # one of ADMIN_IDS, in a private chat; for anybody else the command does not exist


@dataclass(frozen=True, slots=True)
class Command:
    """`name` and `help` are English, and looked up in the catalogues; `help` says what it does in a few words."""

    name: str
    handler: Callable[..., Coroutine[Any, Any, Any]]
    help: str
    role: Role = Role.READER
    in_menu: bool = True

    def name_in(self, language: Language) -> str:
        return language._(self.name)

    def names(self) -> list[str]:
        """Its names in all languages, the English one first."""
        return list(dict.fromkeys([self.name, *(self.name_in(load_language(code)) for code in spoken())]))


def N_(text: str) -> str:
    """Mark a text for the catalogues without translating it here."""
    return text


def menu(commands: Iterable[Command], role: Role, language: Language) -> list[tuple[str, str]]:
    """(name, what it does) of a role's command menu: the role's own commands first, then those of every reader."""
    shown = [command for command in commands if command.in_menu]
    chosen = [command for command in shown if command.role != Role.READER and command.role == role]
    chosen += [command for command in shown if command.role == Role.READER]
    return [(command.name_in(language), language._(command.help)) for command in chosen]
