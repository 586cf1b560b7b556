"""What words written plainly are taken for."""

import pytest

from handlers import COMMANDS
from handlers.words import understood
from tests.wire import newsroom

NEWSROOM = newsroom("https://news.example")


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("stop", "stop", ""),
        ("Stop!", "stop", ""),
        (" LANGGANAN ", "following", ""),
        ("bantuan?", "help", ""),
        ("Terbaru", "latest", ""),
        ("ikuti Dunia", "follow", "dunia"),
        ("follow world", "follow", "world"),
        ("berhenti update", "unfollow", "update"),
        ("berhenti", "unfollow", ""),
        ("cari harga kopi", "search", "harga kopi"),
    ],
)
def test_a_command_written_plainly_is_that_command(text: str, name: str, argument: str) -> None:
    meant = understood(text, COMMANDS, NEWSROOM)
    assert isinstance(meant, tuple)
    assert (meant[0].name, meant[1]) == (name, argument)


@pytest.mark.parametrize(("text", "slug"), [("politik", "politik"), ("Politics", "politik"), ("DUNIA.", "dunia")])
def test_the_name_of_a_section_is_that_section(text: str, slug: str) -> None:
    assert understood(text, COMMANDS, NEWSROOM) == slug


@pytest.mark.parametrize(
    "text",
    ["banjir", "ikuti jejak harimau", "berhenti merokok", "stop kontak", "siaran", "sumber", "", "?!", "dunia " * 30],
)
def test_all_else_is_searched_for_and_owners_commands_are_only_words(text: str) -> None:
    assert understood(text, COMMANDS, NEWSROOM) is None
