import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.i18n import LOCALES, choose, load_language, spoken
from tests.check_code import CATALOGUES, catalogues_are_complete

PLACEHOLDER = re.compile(r"\{[a-z_]*\}")


def messages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [message for message in read_po(file, locale=path.parent.parent.name) if message.id]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_translation_keeps_its_placeholders_and_has_no_blanks_around_it(path: Path) -> None:
    for message in messages(path):
        originals = message.id if isinstance(message.id, list | tuple) else [message.id]
        translations = message.string if isinstance(message.string, list | tuple) else [message.string]
        for translation in translations:
            assert sorted(PLACEHOLDER.findall(translation)) == sorted(PLACEHOLDER.findall(originals[-1])), translation
            assert translation.strip() == translation, translation


def test_no_sentence_of_the_code_lacks_its_translation() -> None:
    assert catalogues_are_complete() == ""


def test_every_catalogue_is_a_spoken_language() -> None:
    assert {path.parent.parent.name for path in CATALOGUES} | {"en"} == set(spoken())
    assert LOCALES.is_dir()


@pytest.mark.parametrize(
    ("asked", "newsroom", "chosen"),
    [
        ("id", "en", "id"),
        ("in", "en", "id"),
        ("id-ID", "en", "id"),
        ("en_GB", "id", "en"),
        ("fr", "id", "id"),
        (None, "id", "id"),
        (None, "fr", "en"),
    ],
)
def test_a_reader_gets_their_language_or_the_newsrooms_or_english(
    asked: str | None, newsroom: str, chosen: str
) -> None:
    assert choose(asked, newsroom) == chosen


def test_plurals_follow_the_language() -> None:
    assert load_language("en").ngettext("{count} chat", "{count} chats", 1) == "{count} chat"
    assert load_language("en").ngettext("{count} chat", "{count} chats", 2) == "{count} chats"
    assert load_language("id").ngettext("{count} chat", "{count} chats", 2) == "{count} obrolan"
