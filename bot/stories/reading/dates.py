"""Parses dates as newsrooms write them, in English, Indonesian and some other languages, into aware UTC.

Our own parser, because feedparser does not know Indonesia's zones WIB, WITA and WIT: it reads "WIB" as UTC, seven
hours wrong.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LOOKED_AT = 200  # characters; longer than any date line and the words before its date
_CLOCK_WITHIN = 40  # characters between a date and its time, as in "22 Februari 2026 pada pukul 09.40"

_MONTH_NAMES = (
    "jan januari january januar janvier enero",
    "feb peb februari pebruari february februar février febrero",
    "mar mrt maret march mac märz mars marzo",
    "apr april avril abril",
    "mei may mai mayo",
    "jun juni june juin junio",
    "jul juli july julai juillet julio",
    "agu agt ags ogo aug agustus august ogos août agosto",
    "sep sept september septembre septiembre",
    "okt oct oktober october octobre octubre",
    "nov nop november nopember novembre noviembre",
    "des dec dis desember december disember dezember décembre diciembre",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
# Hours east of UTC. Ambiguous names mean the zone of RFC 822, or else the one near Indonesia.
_ZONES = {"wib": 7, "wita": 8, "wit": 9, "z": 0, "ut": 0, "utc": 0, "gmt": 0, "sgt": 8, "myt": 8, "hkt": 8, "ict": 7}
_ZONES |= {"jst": 9, "kst": 9, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ZONES |= {"wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "aest": 10, "aedt": 11}
_SECONDS = {
    "detik second sec": 1,
    "menit minute min mnt m": 60,
    "jam hour hr h": 3_600,
    "hari day d": 86_400,
    "minggu pekan week": 604_800,
    "bulan month": 30 * 86_400,
    "tahun year": 365 * 86_400,
}
_UNITS = {name: seconds for names, seconds in _SECONDS.items() for name in names.split()}
_DAY_WORDS = {"hari ini": 0, "today": 0, "kemarin lusa": 2, "kemarin dulu": 2, "kemarin": 1, "yesterday": 1}
_COUNTS = {"setengah": 0.5, "half an": 0.5, "se": 1, "a": 1, "an": 1, "one": 1, "satu": 1, "dua": 2, "tiga": 3}
_COUNTS |= {"empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8, "sembilan": 9, "sepuluh": 10, "sebelas": 11}
_COUNTS |= {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MONTH = rf"(?P<month>{_any_of(_MONTHS)})\b\.?"
_DAY = r"(?<!\d)(?<!\d[:.,])(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|['’]?\d{2})(?![\d:])"
_GAP = r"(?:[\s\-/.,]{1,4}|\s{1,2}de\s{1,2})"
_FLAGS = re.ASCII | re.IGNORECASE
_ISO = re.compile(r"(?<!\d)(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)", _FLAGS)
_ISO_MONTH = re.compile(r"\A(?P<year>\d{4})(?:-(?P<month>\d{2}))?\Z", _FLAGS)
_COMPACT = re.compile(r"(?<!\d)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?=T?\d{4}|T|\s|\Z)", _FLAGS)
_DAY_MONTH_YEAR = re.compile(rf"{_DAY}{_GAP}{_MONTH}{_GAP}{_YEAR}", _FLAGS)
_MONTH_DAY_YEAR = re.compile(rf"\b{_MONTH}\s{{1,3}}{_DAY}(?:,\s{{0,3}}|\s{{1,3}}){_YEAR}", _FLAGS)
_ASCTIME = re.compile(
    rf"\b{_MONTH}\s{{1,3}}(?P<day>\d{{1,2}})\s{{1,3}}(?P<clock>\d\d:\d\d:\d\d(?:\s[A-Z]{{3,5}})?)\s(?P<year>\d{{4}})\b",
    _FLAGS,
)
_NUMBERS = re.compile(
    r"(?<![\d:.])(?P<day>\d{1,2})(?:(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)"
    r"|\.(?P<dotted>\d{1,2})\.(?=\d{4}|\d\d(?:\s?[|,–-]\s?|\s)\d{1,2}[:.]\d\d))"
    r"(?P<year>\d{4}|\d{2})(?![\d:])",
    _FLAGS,
)
_CJK = re.compile(r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]")
_DAY_MONTH = re.compile(rf"{_DAY}{_GAP}{_MONTH}(?!{_GAP}\d{{4}}(?!\d))", _FLAGS)  # without a year
_BRACKETED = re.compile(r"\((?P<day>\d{1,2})/(?P<month>\d{1,2})\)", _FLAGS)  # "Selasa (24/11)", as in running text
_CLOCK = re.compile(
    r"(?<![\d.:,])(?:T)?(?P<hour>\d{1,2})(?P<mark>[:.])(?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?(?![\d:])"
    r"(?:[.,]\d{1,9})?(?P<half>\s?(?:[ap]\.?m|pagi|siang|tengah\s?hari|sore|petang|malam|pg|ptg|mlm)\b)?",
    _FLAGS,
)
_COMPACT_CLOCK = re.compile(r"\AT?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?!\d)", _FLAGS)
_OFFSET = re.compile(
    r"\A[\s,(]{0,3}(?:gmt|utc)?\s{0,2}(?P<sign>[+\-−])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)", _FLAGS
)
_ZONE = re.compile(rf"\A[\s,(|\-]{{0,5}}(?P<name>{_any_of(_ZONES)})\b", _FLAGS)
_ZONE_NAME = re.compile(r"\A[\s,(|\-]{0,5}(?P<name>[A-Z][A-Za-z]{2,20}/[A-Z][A-Za-z_]{2,20}(?:/[A-Z][A-Za-z_]{2,20})?)")
_UNKNOWN_ZONE = re.compile(r"\A\s?\(?[A-Z]{2,4}T\)?\Z")  # an unknown zone's name, at the end
_LETTERS_AT_END = re.compile(r"\A\s?\(?[A-Z]{1,5}\)?\Z")  # after seconds, which only machines write, a zone's name
_UNIX = re.compile(r"\A(?P<seconds>\d{10})(?:\d{3}|\.\d{1,6})?\Z", re.ASCII)
_COUNT = rf"\d{{1,3}}|\b(?:{_any_of(_COUNTS)})"
_AGO = re.compile(
    rf"(?P<parts>(?:(?:{_COUNT})\s{{0,2}}(?:{_any_of(_UNITS)})s?\b[\s,]{{0,3}}(?:dan\s|and\s)?){{1,3}})"
    r"\s{0,3}(?:(?:yang|yg)\s{1,3})?(?:lalu|ago)\b",
    _FLAGS,
)
_AGO_PART = re.compile(rf"(?P<count>{_COUNT})\s{{0,2}}(?P<unit>{_any_of(_UNITS)})s?\b", _FLAGS)
_JUST_NOW = re.compile(r"\b(?:baru saja|just now|moments ago)\b", _FLAGS)


def parse_date(text: str, default_zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment in `text`, in UTC; None without one, and for one before 1990 or more than a day after `now`.

    Where both are numbers, the day comes before the month. A time without a zone is in `default_zone`; a day without a
    time means its midnight in that zone.
    """
    line = " ".join(text[:LOOKED_AT].split())
    try:
        moment = _since_1970(line, now) or _relative(line, default_zone, now) or _absolute(line, default_zone, now)
        in_utc = moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None
    return in_utc if in_utc and EARLIEST <= in_utc <= now + timedelta(days=1) else None


def _since_1970(line: str, now: datetime) -> datetime | None:
    """A number of seconds or milliseconds since 1970; None if it is out of range, since ten digits may be a date."""
    if (unix := _UNIX.match(line)) is None:
        return None
    moment = datetime.fromtimestamp(int(unix["seconds"]), UTC)
    return moment if EARLIEST <= moment <= now + timedelta(days=1) else None


def _relative(line: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    if _JUST_NOW.search(line):
        return now
    if ago := _AGO.search(line):
        seconds = 0.0
        for part in _AGO_PART.finditer(ago["parts"]):
            count = float(part["count"]) if part["count"].isdigit() else _COUNTS[part["count"].lower()]
            seconds += count * _UNITS[part["unit"].lower()]
        return now - timedelta(seconds=seconds)
    lowered = line.lower()
    for words, days in _DAY_WORDS.items():
        if (position := lowered.find(words)) >= 0 and not _has_date(line):
            clock, local_zone = _clock(line[position + len(words) :], zone)
            today = now.astimezone(local_zone).date()
            return datetime.combine(today - timedelta(days=days), clock or time(0), local_zone)
    return None


def _absolute(line: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    if asctime := _ASCTIME.search(line):
        clock, local_zone = _clock(asctime["clock"], zone)
        day = date(int(asctime["year"]), _MONTHS[asctime["month"].lower()], int(asctime["day"]))
        return datetime.combine(day, clock or time(0), local_zone)
    for day, match in _days(line):
        after = line[match.end() :]
        if match.re is _COMPACT and (compact := _COMPACT_CLOCK.match(after)):
            clock, local_zone = _time_of(compact), _zone_at_start(after[compact.end() :], zone)
            return datetime.combine(day, clock, local_zone)
        clock, local_zone = _clock(after[:_CLOCK_WITHIN], zone)
        if clock is None:
            before = line[max(0, match.start() - _CLOCK_WITHIN) : match.start()]
            clock, local_zone = _clock(before, local_zone)
        if clock == time.max:  # 24:00, the end of the day
            day, clock = day + timedelta(days=1), time(0)
        return datetime.combine(day, clock or time(0), local_zone)
    if day_and_month := _DAY_MONTH.search(line) or _BRACKETED.search(line):
        clock, local_zone = _clock(line[day_and_month.end() :][:_CLOCK_WITHIN], zone)
        month_text = day_and_month["month"].lower()
        month = int(month_text) if month_text.isdigit() else _MONTHS[month_text]
        return _most_recent(int(day_and_month["day"]), month, clock or time(0), local_zone, now)
    return None


def _has_date(line: str) -> bool:
    return next(_days(line), None) is not None


def _days(line: str) -> Iterator[tuple[date, re.Match[str]]]:
    """The calendar days in a line with their matches, the least ambiguous notation first."""
    for pattern in (_ISO, _CJK, _COMPACT, _DAY_MONTH_YEAR, _MONTH_DAY_YEAR, _NUMBERS, _ISO_MONTH):
        for match in pattern.finditer(line):
            day = _day_of(match)
            if day is not None:
                yield day, match


def _day_of(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    month_text = parts["month"] or parts.get("dotted") or "1"
    month = int(month_text) if month_text.isdigit() else _MONTHS[month_text.lower()]
    day = int(parts.get("day") or 1)
    if match.re is _NUMBERS and month > 12 >= day:
        day, month = month, day  # 02/22/2026: a month can't be 22
    year_text = parts["year"].lstrip("'’")
    year = int(year_text)
    if len(year_text) == 2:
        year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _most_recent(day: int, month: int, clock: time, zone: tzinfo, now: datetime) -> datetime | None:
    """The most recent such day and month, up to a day after `now`; None for a day that does not exist."""
    year = now.astimezone(zone).year
    for candidate in (year + 1, year, year - 1):
        if not 1 <= day <= monthrange(candidate, month)[1]:
            continue
        moment = datetime.combine(date(candidate, month, day), clock, zone)
        if moment <= now + timedelta(days=1):
            return moment
    return None


def _clock(text: str, zone: tzinfo) -> tuple[time | None, tzinfo]:
    """The first time of day in a text and its zone; (None, the zone at the text's start) without a time.

    Raises ValueError for an impossible time and for an unknown zone.
    """
    for match in _CLOCK.finditer(text):
        try:
            clock = _time_of(match)
        except ValueError:
            if match["mark"] == ".":
                continue  # a number with a fraction
            raise
        after = text[match.end() :]
        if match["second"] and not match["half"] and _LETTERS_AT_END.match(after) and not _ZONE.match(after):
            raise ValueError("unknown time zone")
        return clock, _zone_at_start(after, zone)
    return None, _zone_at_start(text, zone)


def _time_of(match: re.Match[str]) -> time:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    half = (match.groupdict().get("half") or "").strip().lower()
    if half and hour <= 12:
        hour = _hour_of(hour, half)
    if (hour, minute, second) == (24, 0, 0):
        return time.max
    return time(hour, minute, min(second, 59) if second <= 60 else second)  # 60 is a leap second


def _hour_of(hour: int, half: str) -> int:
    """The 24-hour value of a 12-hour time such as "7 PM" or "7:20 malam" (night); "siang" is 9 to 4 around noon."""
    if half.startswith(("siang", "tengah")):
        return hour if hour >= 9 else hour + 12
    is_second = half.startswith(("p.m", "pm", "sore", "petang", "ptg", "malam", "mlm"))
    if half.startswith(("malam", "mlm")) and (hour == 12 or hour < 4):
        return hour % 12  # half past twelve at night
    return hour % 12 + (12 if is_second else 0)


def _zone_at_start(text: str, default: tzinfo) -> tzinfo:
    """The zone at the start of a text, or `default`. Raises ValueError for an unknown zone."""
    if offset := _OFFSET.match(text):
        minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
        return timezone(timedelta(minutes=minutes if offset["sign"] == "+" else -minutes))
    if abbreviation := _ZONE.match(text):
        return timezone(timedelta(hours=_ZONES[abbreviation["name"].lower()]))
    if (zone_name := _ZONE_NAME.match(text)) and zone_name["name"] in _zone_names():
        return ZoneInfo(zone_name["name"])
    if zone_name or _UNKNOWN_ZONE.match(text):
        raise ValueError("unknown time zone")  # guessing would be hours wrong
    return default


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())
