"""Every kind of button: its data can be parsed again, is within Telegram's limit, and has a handler."""

from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import buttons
from bot.messages.buttons import Button
from tests.handlers.registered import press_handlers

LARGEST: dict[Any, Any] = {
    int: 10**9,  # a story's or a push's number after decades
    bool: False,
    buttons.Slug: "s" * 32,
    buttons.Target: "section:" + "s" * 32,
    buttons.Words: "ä" * 16,
    buttons.LanguageCode: "fil",
    buttons.Zone: "America/Argentina/ComodRivadavia",
}


def example(kind: type[Button]) -> Button:
    """A button of this kind with the longest values that occur."""
    hints = get_type_hints(kind)
    values = {name: LARGEST.get(hint) or next(iter(get_args(hint)), False) for name, hint in hints.items()}
    return kind(**{field.name: values[field.name] for field in fields(kind)})


@pytest.mark.parametrize("kind", buttons.KINDS, ids=lambda kind: kind.__name__)
def test_a_buttons_data_is_parsed_as_the_same_button(kind: type[Button]) -> None:
    assert buttons.parse(example(kind).data) == example(kind)


@pytest.mark.parametrize("kind", buttons.KINDS, ids=lambda kind: kind.__name__)
def test_a_buttons_data_is_within_telegrams_limit(kind: type[Button]) -> None:
    assert len(example(kind).data.encode()) <= buttons.DATA_LIMIT == 64
    assert example(kind).fits


def test_a_page_of_a_search_for_many_words_does_not_fit() -> None:
    assert not buttons.SearchPage(10**9, 10, buttons.Words("banjir " * 8)).fits


@pytest.mark.parametrize("kind", buttons.KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_one_handler(kind: type[Button]) -> None:
    assert len([handler for handler in press_handlers() if handler._kind is kind]) == 1


def test_every_kind_is_listed() -> None:
    kinds = {value for value in vars(buttons).values() if isinstance(value, type) and issubclass(value, Button)}
    assert kinds - {Button} == set(buttons.KINDS)


def test_the_data_of_a_choice_names_the_state_that_it_sets() -> None:
    choices = [buttons.Choose, buttons.ChooseInGreeting, buttons.FollowSection, buttons.ChooseAudience]
    for kind in choices:
        assert "{on}" in kind.template


@pytest.mark.parametrize(
    ("data", "button"),
    [
        ("latest", buttons.OpenLatest()),
        ("latest:7:10", buttons.LatestPage(7, 10)),
        ("section:dunia", buttons.OpenSection(buttons.Slug("dunia"))),
        ("on:dunia", buttons.FollowSection(True, buttons.Slug("dunia"))),
        ("set:off:update", buttons.Choose(False, buttons.Target("update"))),
        ("set:on:section:dunia", buttons.Choose(True, buttons.Target("section:dunia"))),
        ("search:7:10:banjir: surut", buttons.SearchPage(7, 10, buttons.Words("banjir: surut"))),
        ("audience:3:section:dunia:on", buttons.ChooseAudience(3, buttons.Target("section:dunia"), True)),
        ("audience:3:everyone:on", buttons.ChooseAudience(3, buttons.EVERYONE, True)),
        ("withdraw:3:yes", buttons.AnswerWithdrawal(3, "yes")),
    ],
)
def test_buttons_of_messages_in_chats_keep_their_meaning(data: str, button: Button) -> None:
    assert buttons.parse(data) == button


NO_DATA = (
    "", "unknown", "latest:", "latest:1", "latest:-1:0", "latest:1:0:2", "story:x", "story:" + "9" * 19, "story:٣",
    "push:delete:1", "set:toggle:update", "withdraw:1:maybe", "on:Dunia", "language:../x", " latest", "latest\n",
)  # fmt: skip


@pytest.mark.parametrize("data", NO_DATA)
def test_data_that_no_button_writes_is_not_parsed(data: str) -> None:
    assert buttons.parse(data) is None


@given(st.text(max_size=80))
def test_parsed_data_is_written_the_same_again(data: str) -> None:
    button = buttons.parse(data)
    assert button is None or button.data == data
