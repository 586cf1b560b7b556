"""The plainer forms of a refused message are within every limit of the Bot API, whatever the message was."""

from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardButton, MessageEntity

from bot.messages import plain
from bot.messages.text import TEXT_LIMIT, Message, Text, utf16_length
from bot.sandbox.text import check_keyboard, check_text


def check(message: Message) -> None:
    _, params = message.call()
    check_text(message.text, params.get("entities"), limit=TEXT_LIMIT, what="text")
    assert utf16_length(message.text) <= TEXT_LIMIT
    keyboard = check_keyboard(params.get("reply_markup"))
    rows = keyboard["inline_keyboard"] if keyboard else []
    assert sum(map(len, rows)) <= 100
    assert all(len(row) <= 8 for row in rows)


def button(label: str = "Buka", data: str = "latest") -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=data)


TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(["", " ", "😀" * 5000, "a" * 4097, "\ud800x"])
URLS = st.builds("https://news.example/{}".format, st.text("abc/", max_size=9)) | st.just(
    "https://a.example/" + "a" * 2100
)
BUTTONS = st.builds(InlineKeyboardButton, TEXTS, url=URLS) | st.builds(button, TEXTS, st.text(max_size=70))
ROWS = st.lists(st.lists(BUTTONS, max_size=12).map(tuple), max_size=20).map(tuple)


@given(TEXTS, ROWS)
def test_every_form_is_within_the_limits(text: str, rows: tuple[tuple[InlineKeyboardButton, ...], ...]) -> None:
    for form in plain.forms(Message(text, (MessageEntity("bold", 0, 9999),), rows)):
        check(form)
        assert form.entities == ()


def test_a_keyboard_that_is_too_large_keeps_its_first_buttons() -> None:
    rows = tuple((button(str(at)), button("😀" * 60)) for at in range(113))
    first, last = plain.forms(Message("Rubrik", (), rows))
    check(first)
    assert [row[0].text for row in first.rows][:5] == ["0", "1", "2", "3", "4"]
    assert last == Message("Rubrik")


def test_a_wide_row_is_broken_and_a_blank_label_is_replaced() -> None:
    rows = ((button(" "), *(button(str(at)) for at in range(9)), button("x", ""), button("x", "y" * 65)),)
    (first, _) = plain.forms(Message("Rubrik", (), rows))
    assert [[each.text for each in row] for row in first.rows] == [["…", *"0123456"], ["7", "8"]]


def test_without_a_keyboard_the_addresses_stand_in_the_text() -> None:
    rows = ((InlineKeyboardButton("Baca", url="https://news.example/1"), button()),)
    text = Text().bold("Judul").add(" " * 3)
    first, last = plain.forms(Message.of(text, rows))
    assert (first.text, first.rows, first.entities) == (str(text), rows, ())
    assert (last.text, last.rows) == ("Judul   \n\nhttps://news.example/1", ())


def test_a_form_that_says_no_less_is_not_tried_again() -> None:
    assert list(plain.forms(Message("Halo"))) == []
    assert list(plain.forms(Message("Halo", (), ((button(),),)))) == [Message("Halo")]


@given(st.text(st.characters(), max_size=60), st.integers(1, 30))
def test_a_text_is_cut_between_characters(text: str, limit: int) -> None:
    short = plain.cut(text, limit)
    assert 1 <= utf16_length(short) <= limit
    assert short.removesuffix("…") in text.encode("utf-8", "replace").decode()
