"""The message about the health of sources, for editors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages.text import TEXT_LIMIT, Message, Text, shorten, utf16_length
from bot.storage.models import Source

SHOWN_UNITS = TEXT_LIMIT - 100  # of UTF-16; failing sources come first, and a last line says how many are left out
ERROR_SHOWN = 200
ADDRESS_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Health:
    """A source's row, the number of its stories, and the seconds until its next poll."""

    source: Source
    stories: int
    again_in: float


def health(newsroom: Newsroom, language: Language, reports: Sequence[Health], now: datetime) -> Message:
    _ = language._
    text = Text().bold(_("Sources"))
    if not reports:
        text.add("\n\n" + _("The newsroom file lists no sources."))
    ordered = sorted(reports, key=lambda report: (report.source.failing_since is None, report.source.id))
    for place, report in enumerate(ordered):
        source = report.source
        mark = "\n\n" + ("⚠️ " if source.failing_since else "✅ ")
        stories = language.ngettext("{count} story", "{count} stories", report.stories)
        lines = [" · " + stories.format(count=language.number(report.stories))]
        rest = "\n".join(lines + _lines(newsroom, language, report, now))
        if utf16_length(f"{text}{mark}{source.id}{rest}") > SHOWN_UNITS:
            left = language.number(len(ordered) - place)
            text.add("\n\n" + _("… and {count} more.").format(count=left))
            break
        text.add(mark).bold(source.id).add(rest)
    return Message.of(text)


def _lines(newsroom: Newsroom, language: Language, report: Health, now: datetime) -> list[str]:
    _ = language._
    source = report.source

    def moment(when: datetime) -> str:
        same_day = when.astimezone(newsroom.zone).date() == now.astimezone(newsroom.zone).date()
        return (language.hour if same_day else language.time)(when, newsroom.zone)

    lines = []
    if source.failing_since:
        failing = _("Failing since {time}: {error}")
        lines.append(failing.format(time=moment(source.failing_since), error=shorten(source.last_error, ERROR_SHOWN)))
    if source.last_success_at:
        lines.append(_("Last read: {time}").format(time=moment(source.last_success_at)))
    if source.last_change_at:
        lines.append(_("Last news: {time}").format(time=moment(source.last_change_at)))
    lines.append(_("Next read: in {span}").format(span=language.span(report.again_in)))
    if source.moved_to:
        lines.append(
            _("It has moved to {url}; please update the newsroom file.").format(
                url=shorten(source.moved_to, ADDRESS_SHOWN)
            )
        )
    return lines
