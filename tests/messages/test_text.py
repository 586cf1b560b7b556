"""Texts with entities: lengths, shortening, and the Bot API call that a message becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardButton

from bot.messages.text import CAPTION_LIMIT, TEXT_LIMIT, Message, Text, shorten, utf16_length

KEY = InlineKeyboardButton("Buka", callback_data="x")


def test_the_limits_are_telegrams() -> None:
    assert (TEXT_LIMIT, CAPTION_LIMIT) == (4096, 1024)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_lengths_are_counted_in_utf_16_code_units(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("tepat", 5, "tepat"),
        ("", 1, ""),
        ("gempa kecil terasa", 16, "gempa kecil…"),
        ("gempa kecil, terasa", 16, "gempa kecil…"),  # no comma before the ellipsis
        ("a bcdefghijklmnop", 10, "a bcdefgh…"),  # the only space is too far back: cut within the word
        ("abcdefghij", 4, "abc…"),
        ("abc", 1, "…"),
    ],
)
def test_a_long_text_is_cut_between_words_where_one_is_near(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(st.text(), st.integers(1, 50))
def test_a_shortened_text_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


def test_offsets_of_entities_are_counted_in_utf_16_code_units() -> None:
    text = Text().add("😀 ").bold("Gempa").add(" di ").add("sini", "italic", url="https://news.example/1")
    assert str(text) == "😀 Gempa di sini"
    assert [(entity.type, entity.offset, entity.length, entity.url) for entity in text.entities] == [
        ("bold", 3, 5, None),
        ("italic", 12, 4, None),
        ("text_link", 12, 4, "https://news.example/1"),
    ]


def test_blank_text_gets_no_entity_since_telegram_refuses_those() -> None:
    text = Text().bold("").bold(" \n").add(" ", url="https://news.example/1").bold("a")
    assert [(entity.offset, entity.length) for entity in text.entities] == [(3, 1)]


def test_a_text_is_sent_without_a_preview_of_its_links() -> None:
    method, params = Message.of(Text().bold("Gempa"), rows=((KEY,),)).call()
    assert method == "sendMessage"
    assert params["link_preview_options"] == {"is_disabled": True}
    assert (params["text"], params["entities"]) == ("Gempa", [{"type": "bold", "offset": 0, "length": 5}])
    assert params["reply_markup"] == {"inline_keyboard": [[{"text": "Buka", "callback_data": "x"}]]}


def test_a_photo_has_the_text_as_its_caption_and_no_parameters_of_a_text_message() -> None:
    method, params = Message.of(Text().bold("Gempa"), photo="https://news.example/1.jpg").call()
    assert method == "sendPhoto"
    assert params == {
        "photo": "https://news.example/1.jpg",
        "caption": "Gempa",
        "caption_entities": [{"type": "bold", "offset": 0, "length": 5}],
    }


def test_plain_words_have_no_entities_and_no_keyboard() -> None:
    message = Message.of("Halo")
    assert set(message.call()[1]) == {"text", "link_preview_options"}
    assert message.markup is None


def test_a_photo_message_as_text_loses_only_its_photo() -> None:
    message = Message.of(Text().bold("Gempa"), rows=((KEY,),), photo="file")
    assert message.as_text() == Message(message.text, message.entities, message.rows, photo="")
    assert message.markup is not None
