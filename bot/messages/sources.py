"""The message about the health of sources, for editors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons
from bot.messages.text import Message, Text, shorten
from bot.storage.models import Source

SHOWN_AT_MOST = 25  # sources, failing ones first, so that the text stays below Telegram's 4,096 characters


@dataclass(frozen=True, slots=True)
class Health:
    """A source's row, the number of its stories, and the seconds until its next poll."""

    source: Source
    stories: int
    again_in: float


def health(
    newsroom: Newsroom, language: Language, reports: Sequence[Health], now: datetime, copies: int = 0
) -> Message:
    """How each source is doing, with a button to the `copies`, if there are any."""
    _ = language._
    text = Text().bold(_("Sources"))
    if not reports:
        text.add("\n\n" + _("The newsroom file lists no sources."))
    ordered = sorted(reports, key=lambda report: (report.source.failing_since is None, report.source.id))
    for report in ordered[:SHOWN_AT_MOST]:
        source = report.source
        text.add("\n\n" + ("⚠️ " if source.failing_since else "✅ ")).bold(source.id)
        stories = language.ngettext("{count} story", "{count} stories", report.stories)
        text.add(" · " + stories.format(count=language.number(report.stories)))
        for line in _lines(newsroom, language, report, now):
            text.add("\n" + line)
    if len(ordered) > SHOWN_AT_MOST:
        more = len(ordered) - SHOWN_AT_MOST
        text.add("\n\n" + _("… and {count} more.").format(count=language.number(more)))
    label = _("Taken for copies ({count})").format(count=language.number(copies))
    return Message.of(text, ((buttons.OpenCopies().labelled(label),),) if copies else ())


def _lines(newsroom: Newsroom, language: Language, report: Health, now: datetime) -> list[str]:
    _ = language._
    source = report.source

    def moment(when: datetime) -> str:
        same_day = when.astimezone(newsroom.zone).date() == now.astimezone(newsroom.zone).date()
        return (language.hour if same_day else language.time)(when, newsroom.zone)

    lines = []
    if source.failing_since:
        failing = _("Failing since {time}: {error}")
        lines.append(failing.format(time=moment(source.failing_since), error=shorten(source.last_error, 200)))
    if source.last_success_at:
        lines.append(_("Last read: {time}").format(time=moment(source.last_success_at)))
    if source.last_change_at:
        lines.append(_("Last news: {time}").format(time=moment(source.last_change_at)))
    lines.append(_("Next read: in {span}").format(span=language.span(report.again_in)))
    if source.moved_to:
        lines.append(_("It has moved to {url}; please update the newsroom file.").format(url=source.moved_to))
    return lines
