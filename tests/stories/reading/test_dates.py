from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stories.reading.dates import parse_date

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)  # 09:40 WIB


@pytest.mark.parametrize(
    "text",
    [
        "Minggu, 22 Februari 2026 | 09:40 WIB",
        "MINGGU, 22 FEBRUARI 2026 | 09:40 WIB | LAPORAN: TEGAR MAHARDHIKA",
        "Minggu, 22 Februari 2026 | 09:40",
        "22/02/2026 09.40 WIB",
        "22-02-2026 09:40",
        "Sun, 22 Feb 2026 09:40:00 WIB",
        "Sun, 22 Feb 2026 10:40:00 WITA",
        "Sun, 22 Feb 2026 11:40:00 WIT",
        "Sun, 22 Feb 2026 02:40:00 GMT",
        "Sun, 22 Feb 2026 02:40:00 +0000",
        "Sun, 22 Feb 2026 09:40:00 +07:00",
        "22 Peb 2026 pukul 09.40",
        "2026-02-22T02:40:00Z",
        "2026-02-22T09:40:00+07:00",
        "2026-02-22T09:40:00.123456+0700",
        "2026-02-22 09:40:00",
        "February 22, 2026 9:40 AM",
    ],
)
def test_the_same_morning_is_read_in_every_form(text: str) -> None:
    found = parse_date(text, JAKARTA, NOW)
    assert found is not None
    assert found.replace(microsecond=0) == MORNING


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 jam lalu", datetime(2026, 11, 23, 3, 0, tzinfo=UTC)),
        ("5 menit yang lalu", datetime(2026, 11, 23, 4, 55, tzinfo=UTC)),
        ("sejam lalu", datetime(2026, 11, 23, 4, 0, tzinfo=UTC)),
        ("satu jam lalu", datetime(2026, 11, 23, 4, 0, tzinfo=UTC)),
        ("setengah jam lalu", datetime(2026, 11, 23, 4, 30, tzinfo=UTC)),
        ("dua hari yang lalu", datetime(2026, 11, 21, 5, 0, tzinfo=UTC)),
        ("kemarin lusa pukul 10.00", datetime(2026, 11, 21, 3, 0, tzinfo=UTC)),
        ("Minggu (22/11) pukul 11.30 WIB", datetime(2026, 11, 22, 4, 30, tzinfo=UTC)),
        ("kemarin 14:20", datetime(2026, 11, 22, 7, 20, tzinfo=UTC)),
        ("Hari ini, 09:40", datetime(2026, 11, 23, 2, 40, tzinfo=UTC)),
        ("Jum'at, 20 November 2026 10.15 WITA", datetime(2026, 11, 20, 2, 15, tzinfo=UTC)),
        ("1 Agt 2026 07:05 WIB", datetime(2026, 8, 1, 0, 5, tzinfo=UTC)),
    ],
)
def test_relative_times_and_local_spellings(text: str, wanted: datetime) -> None:
    assert parse_date(text, JAKARTA, NOW) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "besok saja", "2099-01-01", "0001-01-01", "1969-12-31", "99/99/2026", "32 Februari 2026", "22 Entah 2026"],
)
def test_absurd_dates_are_no_dates(text: str) -> None:
    assert parse_date(text, JAKARTA, NOW) is None


@given(st.text(max_size=80))
def test_nothing_makes_it_fail(text: str) -> None:
    found = parse_date(text, JAKARTA, NOW)
    assert found is None or found.tzinfo is not None
