"""The type of a command, and command menus. The commands themselves are in handlers.commands.COMMANDS.

A command's English name is in the code; its names in other languages are in their catalogues. Every reader can use the
names of all languages.
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
    """A command. `name` and `help`, a short description, are in English and are translated by the catalogues."""

    name: str
    handler: Callable[..., Coroutine[Any, Any, Any]]
    help: str
    role: Role = Role.READER
    in_menu: bool = True

    def name_in(self, language: Language) -> str:
        return language._(self.name)

    def names(self) -> list[str]:
        """Its names in all languages without repetitions, the English one first."""
        return list(dict.fromkeys([self.name, *(self.name_in(load_language(code)) for code in spoken())]))


def N_(text: str) -> str:
    """Mark a text for the catalogues without translating it here."""
    return text


def menu(commands: Iterable[Command], role: Role, language: Language) -> list[tuple[str, str]]:
    """The (name, description) pairs of a role's command menu: first the role's own commands, then those for readers."""
    shown = [command for command in commands if command.in_menu]
    chosen = [command for command in shown if command.role != Role.READER and command.role == role]
    chosen += [command for command in shown if command.role == Role.READER]
    return [(command.name_in(language), language._(command.help)) for command in chosen]
