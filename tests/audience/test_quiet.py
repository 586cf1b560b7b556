"""Quiet hours and snoozes as holds: midnight, zones, the days on which clocks change, and what changes do to a hold."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audience import quiet
from bot.audience.quiet import Hold, Hours

JAKARTA, JAYAPURA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura"), ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    """A moment as UTC, "2026-02-22 02:40"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(hold: Hold) -> tuple[str, str]:
    start, end = (datetime.fromtimestamp(each, UTC) for each in (hold.start, hold.end))
    return f"{start:%d %H:%M}", f"{end:%d %H:%M}"


@pytest.mark.parametrize(
    ("begin", "until", "zone", "now", "expected"),
    [
        pytest.param(22, 6, JAKARTA, "2026-02-22 14:00", ("22 15:00", "22 23:00"), id="this evening, over midnight"),
        pytest.param(22, 6, JAKARTA, "2026-02-22 15:00", ("22 15:00", "22 23:00"), id="from their first moment on"),
        pytest.param(22, 6, JAKARTA, "2026-02-22 18:00", ("22 15:00", "22 23:00"), id="after midnight too"),
        pytest.param(22, 6, JAKARTA, "2026-02-22 22:59", ("22 15:00", "22 23:00"), id="to their last minute"),
        pytest.param(22, 6, JAKARTA, "2026-02-22 23:00", ("23 15:00", "23 23:00"), id="at their end the next"),
        pytest.param(22, 6, JAYAPURA, "2026-02-22 14:00", ("22 13:00", "22 21:00"), id="two hours earlier in the east"),
        pytest.param(0, 6, JAKARTA, "2026-02-22 18:00", ("22 17:00", "22 23:00"), id="from midnight"),
        pytest.param(18, 0, JAKARTA, "2026-02-22 12:00", ("22 11:00", "22 17:00"), id="to midnight"),
        pytest.param(12, 14, JAKARTA, "2026-02-22 05:30", ("22 05:00", "22 07:00"), id="within a day"),
        pytest.param(23, 6, BERLIN, "2026-03-28 23:00", ("28 22:00", "29 04:00"), id="a night that is an hour shorter"),
        pytest.param(23, 6, BERLIN, "2026-10-24 23:00", ("24 21:00", "25 05:00"), id="a night that is an hour longer"),
        pytest.param(22, 2, BERLIN, "2026-03-28 23:00", ("28 21:00", "29 01:00"), id="an end that the clocks skip"),
        pytest.param(
            22, 2, BERLIN, "2026-10-24 23:30", ("24 20:00", "25 01:00"), id="an end that comes twice: the second"
        ),
    ],
)
def test_quiet_hours_are_those_around_now_or_the_next(
    begin: int, until: int, zone: ZoneInfo, now: str, expected: tuple[str, str]
) -> None:
    assert shown(Hours(begin * 60, until * 60, zone).around(at(now))) == expected


@given(
    begin=st.integers(0, quiet.DAY - 1),
    length=st.integers(1, quiet.LONGEST_MINUTES),
    zone=st.sampled_from([JAKARTA, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    now=st.floats(at("2026-01-01"), at("2027-12-31")),
)
def test_quiet_hours_always_end_later_and_begin_again_an_hour_after(
    begin: int, length: int, zone: ZoneInfo, now: float
) -> None:
    hours = Hours(begin, (begin + length) % quiet.DAY, zone)
    hold = hours.around(now)
    assert now < hold.end <= now + 49 * 3600
    assert hold.start < hold.end
    assert hours.around(hold.end).start >= hold.end + quiet.STALE_SECONDS - 2  # the last minute is not a whole one


NIGHT = Hours(22 * 60, 6 * 60, JAKARTA)  # 15:00 to 23:00 in UTC
EVENING, LATE, MORNING = (at(f"2026-02-22 {hour}") for hour in ("14:00", "16:00", "23:30"))
BEGIN, END = at("2026-02-22 15:00"), at("2026-02-22 23:00")


@pytest.mark.parametrize(
    ("hold", "hours", "now", "expected"),
    [
        pytest.param(None, NIGHT, EVENING, Hold(BEGIN, END), id="the first quiet hours wait for their time"),
        pytest.param(None, NIGHT, LATE, Hold(LATE, END), id="in their time they begin now"),
        pytest.param(Hold(BEGIN, END), None, EVENING, None, id="none before they begin"),
        pytest.param(
            Hold(BEGIN, END), None, LATE, Hold(BEGIN, LATE), id="ended in their time: what was held comes now"
        ),
        pytest.param(Hold(BEGIN, LATE + 9), NIGHT, LATE, Hold(BEGIN, END), id="prolonged in their time"),
        pytest.param(Hold(0.0, EVENING + 60), NIGHT, EVENING, Hold(0.0, EVENING), id="a snooze ends outside of them"),
        pytest.param(Hold(0.0, LATE + 60), NIGHT, LATE, Hold(0.0, END), id="but goes over into them"),
        pytest.param(Hold(BEGIN, END), NIGHT, MORNING, Hold(BEGIN, END), id="a recap on its way stays as it is"),
    ],
)
def test_a_change_of_quiet_hours_loses_nothing_that_is_held(
    hold: Hold | None, hours: Hours | None, now: float, expected: Hold | None
) -> None:
    assert quiet.rearranged(hold, hours, now) == expected


@pytest.mark.parametrize(
    ("hold", "hours", "until", "expected"),
    [
        pytest.param(None, None, EVENING + 3600, Hold(EVENING, EVENING + 3600), id="an hour from now"),
        pytest.param(Hold(BEGIN, END), NIGHT, EVENING + 600, Hold(EVENING, EVENING + 600), id="before quiet hours"),
        pytest.param(Hold(BEGIN, END), NIGHT, BEGIN + 600, Hold(EVENING, END), id="into quiet hours, to their end"),
        pytest.param(Hold(0.0, EVENING + 900), None, EVENING + 60, Hold(0.0, EVENING + 900), id="never shorter"),
    ],
)
def test_a_snooze_goes_on_into_quiet_hours(
    hold: Hold | None, hours: Hours | None, until: float, expected: Hold
) -> None:
    assert quiet.snoozed(hold, hours, until, EVENING) == expected


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        pytest.param(NIGHT, END + 60, None, id="in time"),
        pytest.param(NIGHT, END + 3600, None, id="an hour late"),
        pytest.param(NIGHT, END + 3601, Hold(BEGIN, END + 3601), id="later: it holds until now first"),
        pytest.param(NIGHT, LATE + 86_400, Hold(BEGIN, END + 86_400), id="in the next quiet hours: until their end"),
        pytest.param(None, END + 86_400, Hold(BEGIN, END + 86_400), id="of a snooze, late"),
    ],
)
def test_a_late_recap_prolongs_its_hold(hours: Hours | None, now: float, expected: Hold | None) -> None:
    assert quiet.late(Hold(BEGIN, END), hours, now) == expected


def test_the_morning_is_the_end_of_quiet_hours_or_six_oclock() -> None:
    assert quiet.morning(Hours(23 * 60, 7 * 60, JAKARTA), JAKARTA, EVENING) == at("2026-02-23 00:00")
    assert quiet.morning(None, JAKARTA, EVENING) == at("2026-02-22 23:00")


def test_one_slept_when_it_was_three_in_the_night() -> None:
    assert quiet.slept(Hold(BEGIN, END), JAKARTA)
    assert not quiet.slept(Hold(EVENING, EVENING + 3600), JAKARTA)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22-6", (1320, 360)),
        ("22:30 – 05.15", (1350, 315)),
        ("0-6", (0, 360)),
        ("22-24", (1320, 0)),
        ("22-22", None),
        ("6-5", None),
        ("25-6", None),
        ("22:75-6", None),
        ("malam", None),
        ("٢٢-6", None),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, hours: tuple[int, int] | None) -> None:
    assert quiet.parse_hours(text) == hours
