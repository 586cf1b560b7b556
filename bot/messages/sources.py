"""How sources are doing, in an editor's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages.text import Message, Text, shorten
from bot.storage.models import Source

SHOWN_AT_MOST = 25  # the failing ones first; a message holds 4,096 characters


@dataclass(frozen=True, slots=True)
class Health:
    """A source, the number of its stories, and in how many seconds it is polled next."""

    source: Source
    stories: int
    again_in: float


def health(newsroom: Newsroom, language: Language, found: Sequence[Health], now: datetime) -> Message:
    _ = language._
    text = Text().bold(_("Sources"))
    if not found:
        text.add("\n\n" + _("The newsroom file lists no sources."))
    ordered = sorted(found, key=lambda each: (each.source.failing_since is None, each.source.id))
    for each in ordered[:SHOWN_AT_MOST]:
        source = each.source
        text.add("\n\n" + ("⚠️ " if source.failing_since else "✅ ")).bold(source.id)
        stories = language.ngettext("{count} story", "{count} stories", each.stories)
        text.add(" · " + stories.format(count=language.number(each.stories)))
        for line in _lines(newsroom, language, each, now):
            text.add("\n" + line)
    if len(ordered) > SHOWN_AT_MOST:
        more = len(ordered) - SHOWN_AT_MOST
        text.add("\n\n" + _("… and {count} more.").format(count=language.number(more)))
    return Message.of(text)


def _lines(newsroom: Newsroom, language: Language, each: Health, now: datetime) -> list[str]:
    _ = language._
    source = each.source

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
    lines.append(_("Next read: in {span}").format(span=language.span(each.again_in)))
    if source.moved_to:
        lines.append(_("It has moved to {url}; please update the newsroom file.").format(url=source.moved_to))
    return lines
