"""Which name was meant by a mistyped one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.spelling import difference, nearest

NAMES = ("terbaru", "latest", "rubrik", "sections", "cari", "stop", "Olahraga", "langganan")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("terbaru", "terbaru"),
        ("tebraru", "terbaru"),
        ("latst", "latest"),
        ("RUBIRK", "rubrik"),
        ("olah raga", "Olahraga"),
        ("carii", "cari"),
        ("stpo", "stop"),
        ("st", None),
        ("ca", None),
        ("kabur", None),
        ("banjir", None),
        ("", None),
        ("terbaru" * 1000, None),
    ],
)
def test_a_name_is_recognised_with_a_wrong_letter_or_two_and_a_short_one_with_one(word: str, meant: str | None) -> None:
    assert nearest(word, NAMES) == meant


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 8))
def test_a_difference_is_the_same_from_both_sides_and_nothing_for_equal_words(one: str, other: str, most: int) -> None:
    assert difference(one, other, most) == difference(other, one, most) <= most + 1
    assert (difference(one, other, most) == 0) is (one == other)
