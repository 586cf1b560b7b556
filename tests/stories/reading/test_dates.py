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
    moment = parse_date(text, JAKARTA, NOW)
    assert moment is not None
    assert moment.replace(microsecond=0) == MORNING


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
    ("text", "wanted"),
    [
        ("3 Mac 2026 19:20", "2026-03-03T12:20"),
        ("3 Ogos 2026 07:20 PM", "2026-08-03T12:20"),
        ("12 Disember 2025 10:05 AM", "2025-12-12T03:05"),
        ("1 Julai 2026 08:00", "2026-07-01T01:00"),
        ("Isnin, 2 Februari 2026 7:20 malam", "2026-02-02T12:20"),
        ("2 Februari 2026 12.30 malam", "2026-02-01T17:30"),
        ("2 Februari 2026 12.30 tengah hari", "2026-02-02T05:30"),
        ("2 Februari 2026 1:15 siang", "2026-02-02T06:15"),
        ("2 Februari 2026 7:20 pagi", "2026-02-02T00:20"),
        ("2 Februari 2026 19:20 malam", "2026-02-02T12:20"),
        ("2 Feb 2026 5:05 PTG", "2026-02-02T10:05"),
        ("21.11.26 | 14:07", "2026-11-21T07:07"),
        ("21.11.2026 14:07", "2026-11-21T07:07"),
        ("Sat,21 Nov 2026 14:07", "2026-11-21T07:07"),
        ("Rabu,18 November 2026 | 20:46 WIB", "2026-11-18T13:46"),
        ("tgl.21 November 2026", "2026-11-20T17:00"),
        ("Sabtu:21 November 2026 14.07", "2026-11-21T07:07"),
        ("2026年11月21日 14:07", "2026-11-21T07:07"),
        ("2026년 11월 21일 14:07", "2026-11-21T07:07"),
        ("1795244820", "2026-11-21T07:07"),
        ("1795244820000", "2026-11-21T07:07"),
        ("21. März 2026, 14:07", "2026-03-21T07:07"),
        ("21 de febrero de 2026 14:07", "2026-02-21T07:07"),
        ("21 Nov 2026 02:07 America/New_York", "2026-11-21T07:07"),
        ("Sat, 21 Nov 2026 02:07:00 EST", "2026-11-21T07:07"),
        ("2026-11-21 16:07 Asia/Jayapura", "2026-11-21T07:07"),
        ("21 November 2026 14:07 | REDAKSI", "2026-11-21T07:07"),
        ("21 November 2026 14:07 ADMIN", "2026-11-21T07:07"),
        ("21 November 2026 14:07:00 PM", "2026-11-21T07:07"),
        ("21 November 2026 14:07 OLEH BAYU", "2026-11-21T07:07"),
    ],
)
def test_more_spellings_and_zones(text: str, wanted: str) -> None:
    assert parse_date(text, JAKARTA, NOW) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 01 Jan 0000 00:00:00 GMT",
        "1 Januari 0000",
        "Sat, 21 Nov 2026 02:07:00 XYZT",
        "Sat, 21 Nov 2026 02:07:00 QQQ",
        "21 Nov 2026 02:07 XYZT",
        "2026-11-21 16:07 Mars/Olympus",
        "9999999999",
        "1234",
    ],
)
def test_unknown_zones_and_impossible_dates_are_none(text: str) -> None:
    assert parse_date(text, JAKARTA, NOW) is None


@pytest.mark.parametrize(
    "text",
    ["", "besok saja", "2099-01-01", "0001-01-01", "1969-12-31", "99/99/2026", "32 Februari 2026", "22 Entah 2026"],
)
def test_absurd_dates_are_no_dates(text: str) -> None:
    assert parse_date(text, JAKARTA, NOW) is None


@given(st.text(max_size=80))
def test_no_text_raises_an_exception(text: str) -> None:
    moment = parse_date(text, JAKARTA, NOW)
    assert moment is None or moment.tzinfo is not None
