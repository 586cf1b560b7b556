"""The message about the health of sources, for editors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons
from bot.messages.text import TEXT_LIMIT, Message, Text, shorten, utf16_length
from bot.storage.models import Source

ROOM = TEXT_LIMIT - 100  # the rest is for how many sources are not shown
ERROR_SHOWN, COMPLAINT_SHOWN, URL_SHOWN = 200, 300, 150  # characters
OVERRUN_SHOWN = timedelta(days=1)


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
    ordered = sorted(reports, key=lambda report: _urgency(report, now))
    shown = 0
    for report in ordered:
        source = report.source
        stories = language.ngettext("{count} story", "{count} stories", report.stories)
        count = " · " + stories.format(count=language.number(report.stories))
        rest = "\n".join((count, *_lines(newsroom, language, report, now)))
        if utf16_length(f"{text}{source.id}{rest}") > ROOM:
            break
        text.add("\n\n" + ("⚠️ " if source.failing_since else "✅ ")).bold(source.id).add(rest)
        shown += 1
    if shown < len(ordered):
        text.add("\n\n" + _("… and {count} more.").format(count=language.number(len(ordered) - shown)))
    label = _("Taken for copies ({count})").format(count=language.number(copies))
    return Message.of(text, ((buttons.OpenCopies().labelled(label),),) if copies else ())


def _urgency(report: Health, now: datetime) -> tuple[bool, bool, str]:
    """Failing sources first, then those of which an editor should know something."""
    source = report.source
    return source.failing_since is None, not (source.complaints or _has_overrun(source, now)), source.id


def _has_overrun(source: Source, now: datetime) -> bool:
    """Whether one of its articles' pages exceeded the limits of parsing lately."""
    at = source.page_overrun.get("at")
    return at is not None and now - datetime.fromisoformat(at) < OVERRUN_SHOWN


def complaints(language: Language, said: dict[str, Any]) -> list[str]:
    """What an editor should know of a source's document, a sentence each: Document.complaints in words."""
    _ = language._
    numbers = {name: language.number(value) for name, value in said.items() if isinstance(value, int)}
    lines = []
    if said.get("failed"):
        lines.append(_("It was read only in part: {error}").format(error=said["failed"]))
    if count := said.get("unusable", 0):
        words = language.ngettext(
            "{unusable} of {entries} entries has no usable link",
            "{unusable} of {entries} entries have no usable link",
            count,
        )
        lines.append(words.format_map(numbers))
    if count := said.get("elsewhere", 0):
        words = language.ngettext(
            "{elsewhere} of {entries} entries leads to another site and is left out: {sites}",
            "{elsewhere} of {entries} entries lead to another site and are left out: {sites}",
            count,
        )
        lines.append(words.format(sites=said["sites"], **numbers))
    if said.get("long_links"):
        lines.append(_("Links too long for a button, which go without: {long_links}").format_map(numbers))
    return lines


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
    known = complaints(language, source.complaints)
    if _has_overrun(source, now):
        overrun = source.page_overrun
        words = _("An article's page could not be read: {error} ({url})")
        known.append(words.format(error=overrun["error"], url=shorten(overrun["url"], URL_SHOWN)))
    lines += [f"❗ {shorten(each, COMPLAINT_SHOWN)}" for each in known]
    if source.moved_to:
        lines.append(_("It has moved to {url}; please update the newsroom file.").format(url=source.moved_to))
    return lines
