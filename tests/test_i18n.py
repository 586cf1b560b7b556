"""Languages: which are supported, and how numbers, times and durations are formatted."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.i18n import load_language, spoken

JAKARTA, JAYAPURA = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura")
MORNING = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)
INDONESIAN, ENGLISH = load_language("id"), load_language("en")


def test_a_time_is_formatted_in_the_given_zone_and_language() -> None:
    assert INDONESIAN.time(MORNING, JAKARTA) == "Minggu, 22 Februari 2026 | 09:40 WIB"
    assert ENGLISH.time(MORNING, JAYAPURA) == "Sunday, 22 February 2026 | 11:40 WIT"
    assert INDONESIAN.hour(MORNING, JAKARTA) == "09:40 WIB"


def test_midnight_in_the_zone_is_formatted_as_a_date_without_a_time() -> None:
    midnight = datetime(2026, 2, 21, 17, 0, tzinfo=UTC)
    assert INDONESIAN.time(midnight, JAKARTA) == "Minggu, 22 Februari 2026"
    assert INDONESIAN.time(midnight, JAYAPURA) == "Minggu, 22 Februari 2026 | 02:00 WIT"
    assert INDONESIAN.hour(midnight, JAKARTA) == "00:00 WIB"


def test_numbers_follow_the_language() -> None:
    assert (INDONESIAN.number(1_234_567), ENGLISH.number(1_234_567)) == ("1.234.567", "1,234,567")


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english"),
    [
        (0, "1 detik", "1 second"),
        (0.4, "1 detik", "1 second"),
        (59, "59 detik", "59 seconds"),
        (180, "3 menit", "3 minutes"),
        (7200, "2 jam", "2 hours"),
    ],
)
def test_a_duration_is_rounded_to_its_largest_unit(seconds: float, indonesian: str, english: str) -> None:
    assert (INDONESIAN.span(seconds), ENGLISH.span(seconds)) == (indonesian, english)


def test_languages_are_named_in_themselves() -> None:
    assert (INDONESIAN.name, ENGLISH.name) == ("Indonesia", "English")


def test_a_sentence_without_a_translation_stays_english() -> None:
    assert INDONESIAN._("no such sentence") == "no such sentence"


@pytest.mark.parametrize("code", ["fr", "", "../id", "ID"])
def test_a_language_without_a_catalogue_is_not_loaded(code: str) -> None:
    with pytest.raises(LookupError):
        load_language(code)


def test_spoken_languages_come_in_order_and_with_english() -> None:
    assert spoken() == tuple(sorted(spoken()))
    assert {"en", "id"} <= set(spoken())
