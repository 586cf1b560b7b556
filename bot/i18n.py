"""Languages: sentences from the catalogues, dates and numbers from Babel.

A language is supported if `bot/locales/<code>/LC_MESSAGES/kabar.po` exists. English needs no catalogue: the sentences
in the code are English. The .po files are read at start, without a compile step (docs/decisions/0001).
"""

import gettext
from datetime import datetime, time
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = Path(__file__).parent / "locales"
SOURCE_LANGUAGE = "en"
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}  # codes that clients still send for languages renamed in 1989


class Language:
    """One language: translates sentences with `_` and `ngettext`, and formats dates and numbers."""

    def __init__(self, code: str, translations: gettext.NullTranslations) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._ = translations.gettext
        self.ngettext = translations.ngettext

    @property
    def name(self) -> str:
        """The language's name in itself: "Indonesia", "English"."""
        return (self.locale.get_display_name(self.locale) or self.code).capitalize()

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def time(self, moment: datetime, zone: ZoneInfo) -> str:
        """A story's time: "Minggu, 22 Februari 2026 | 09:40 WIB".

        Midnight in `zone` is shown as the day alone, because it stands for a date without a time.
        """
        local = moment.astimezone(zone)
        if local.time() == time(0):
            return format_datetime(local, "EEEE, d MMMM y", locale=self.locale)
        return f"{format_datetime(local, 'EEEE, d MMMM y | HH:mm', locale=self.locale)} {local.tzname()}"

    def day(self, moment: datetime, zone: ZoneInfo) -> str:
        """The date without the time of day: "Minggu, 22 Februari 2026"."""
        return format_datetime(moment.astimezone(zone), "EEEE, d MMMM y", locale=self.locale)

    def hour(self, moment: datetime, zone: ZoneInfo) -> str:
        """The time of day without the date: "09:40 WIB"."""
        local = moment.astimezone(zone)
        return f"{format_datetime(local, 'HH:mm', locale=self.locale)} {local.tzname()}"

    def span(self, seconds: float) -> str:
        """A duration rounded to its largest unit, at least one second: "3 menit"."""
        return format_timedelta(max(1, round(seconds)), threshold=1.5, locale=self.locale)


@cache
def load_language(code: str) -> Language:
    """The language with this code. Raises LookupError if it has no catalogue."""
    if code == SOURCE_LANGUAGE:
        return Language(code, gettext.NullTranslations())
    path = LOCALES / code / "LC_MESSAGES" / "kabar.po"
    if not path.is_file():
        raise LookupError(code)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(code, gettext.GNUTranslations(compiled))


@cache
def spoken() -> tuple[str, ...]:
    """The codes of all supported languages, in alphabetical order."""
    return tuple(
        sorted({SOURCE_LANGUAGE} | {path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/kabar.po")})
    )


def choose(wanted: str | None, otherwise: str) -> str:
    """The first supported language of: `wanted`, a client's tag such as "en-GB"; `otherwise`; English."""
    for tag in (wanted or "", otherwise):
        code = tag.lower().replace("_", "-").partition("-")[0]
        code = _OLD_CODES.get(code, code)
        if code in spoken():
            return code
    return SOURCE_LANGUAGE
