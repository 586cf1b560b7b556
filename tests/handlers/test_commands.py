"""The table of commands: every command in a menu has a handler in every language, and no name is used twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import write_po

from bot import commands, i18n
from bot.commands import NAME, Role, menu
from bot.i18n import load_language, spoken
from handlers import COMMANDS
from tests.check_code import sentences
from tests.handlers.registered import command_handlers, registered


@pytest.fixture
def third_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language added by a catalogue alone: every sentence is put in brackets, every command's name reversed."""
    names = {command.name for command in COMMANDS}
    catalogue = sentences()
    for message in catalogue:
        if message.id:
            text = message.id if isinstance(message.id, str) else message.id[0]
            translated = text[::-1] if text in names else f"[{text}]"
            message.string = translated if isinstance(message.id, str) else (translated,)
    folder = tmp_path / "fil" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "kabar.po").open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    for cached in (spoken, load_language, registered):
        cached.cache_clear()
    yield "fil"
    monkeypatch.undo()
    for cached in (spoken, load_language, registered):
        cached.cache_clear()


def answered() -> set[str]:
    return {name for handler in command_handlers() for name in handler.commands}


def test_a_third_language_needs_only_a_catalogue(third_language: str) -> None:
    language = load_language(third_language)
    shown = [name for role in Role for name, _ in menu(COMMANDS, role, language)]
    assert "tsetal" in shown
    assert set(shown) <= answered()
    assert all(text.startswith("[") for role in Role for _, text in menu(COMMANDS, role, language))


@pytest.mark.parametrize("code", spoken())
def test_every_command_of_every_menu_is_answered(code: str) -> None:
    assert {name for role in Role for name, _ in menu(COMMANDS, role, load_language(code))} <= answered()


def test_no_name_is_used_by_two_commands() -> None:
    names = Counter(name for command in COMMANDS for name in command.names())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_name_and_description_is_within_telegrams_limits() -> None:
    for code in spoken():
        for command in COMMANDS:
            assert NAME.fullmatch(command.name_in(load_language(code)))
            assert 1 <= len(load_language(code)._(command.help)) <= 256


def test_an_owners_menu_has_the_owners_commands_before_the_readers() -> None:
    english = load_language("en")
    reader, owner = menu(COMMANDS, Role.READER, english), menu(COMMANDS, Role.OWNER, english)
    assert owner[: len(owner) - len(reader)] == [
        (command.name, command.help) for command in COMMANDS if command.role == Role.OWNER
    ]
    assert owner[-len(reader) :] == reader
    assert "broadcast" not in [name for name, _ in reader]


def test_a_command_without_a_translated_name_keeps_its_english_one() -> None:
    assert commands.Command("start", print, "Greeting").names() == ["start"]  # type: ignore[arg-type]  # never called
