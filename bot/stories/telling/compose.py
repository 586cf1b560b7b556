"""Compose: what is shown of a story, from what its sources say of it. Pure.

For each field the best that anybody said; docs/sources.md has the table. Sources of one kind come in the order in which
they first brought the story, so a second feed that words it otherwise changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.config import Newsroom
from bot.stories.reading.summaries import is_cut
from bot.stories.telling.appearances import Appearance, Kind

_WORDS = (Kind.CMS, Kind.FEED, Kind.LIST, Kind.POPULAR, Kind.PAGE)
_DETAILS = (Kind.CMS, Kind.PAGE, Kind.FEED, Kind.LIST, Kind.POPULAR)
_BRINGS = (Kind.FEED, Kind.LIST)  # a popular list ranks stories, and a page is read since somebody brought its story


@dataclass(frozen=True, slots=True)
class Shown:
    """What readers see of a story. `source_id` brought it; `only_ranked`: no source has but a popular list."""

    source_id: str
    title: str
    url: str
    published_at: datetime
    summary: str = ""
    author: str = ""
    image_url: str = ""
    image_caption: str = ""
    section: str = ""
    is_update: bool = False
    only_ranked: bool = False


def compose(appearances: Iterable[Appearance], newsroom: Newsroom) -> Shown:
    """What is shown of a story, of which there is at least one appearance."""
    said = sorted(appearances, key=lambda each: (each.first_seen, each.source_id))
    words, details = _ordered(said, _WORDS), _ordered(said, _DETAILS)
    brought = [each for each in said if each.fields.kind in _BRINGS]
    by_cms = [each for each in said if each.fields.kind is Kind.CMS]
    photo = _photo(details)
    return Shown(
        source_id=(by_cms or brought or words)[0].source_id,
        title=_whole(each.fields.title for each in words),
        url=_first(each.fields.url for each in words),
        published_at=_published_at(said, newsroom.zone),
        summary=_summary(words),
        author="" if _is_taken_away(by_cms, "author") else _first(each.fields.author for each in details),
        image_url=photo.fields.image_url if photo else "",
        image_caption=_caption(photo, details) if photo else "",
        section=_section(words, newsroom),
        is_update=any(each.fields.update for each in said),
        only_ranked=not by_cms and not brought,
    )


def _ordered(said: Sequence[Appearance], kinds: Sequence[Kind]) -> list[Appearance]:
    return sorted(said, key=lambda each: kinds.index(each.fields.kind))  # stable: the first to bring it stays first


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _whole(values: Iterable[str]) -> str:
    """The first text that is not cut off; where all are, the first."""
    texts = [value for value in values if value]
    return _first(text for text in texts if not is_cut(text)) or _first(texts)


def _is_taken_away(by_cms: Iterable[Appearance], name: str) -> bool:
    """Whether the CMS gave the field as nothing."""
    return any(name in each.fields.given and not getattr(each.fields, name) for each in by_cms)


def _summary(words: Sequence[Appearance]) -> str:
    """A source's own summary, save where it is cut off and the article's page has the beginning of the story."""
    if _is_taken_away(words, "summary"):
        return ""
    return _whole(each.fields.summary for each in words)


def _photo(details: Sequence[Appearance]) -> Appearance | None:
    """Who has the photo: the CMS, a list whose photo the newsroom file names, the page, any other."""
    if _is_taken_away(details, "image_url"):
        return None
    shown = [each for each in details if each.fields.image_url]
    by_cms = [each for each in shown if each.fields.kind is Kind.CMS]
    named = [each for each in shown if each.fields.named_photo]
    return next(iter(by_cms + named + shown), None)


def _caption(photo: Appearance, details: Sequence[Appearance]) -> str:
    """The photo's own caption; else that of another source, which has the same photo in another size."""
    if photo.fields.kind is Kind.CMS:
        return photo.fields.image_caption
    return photo.fields.image_caption or _first(each.fields.image_caption for each in details)


def _section(words: Sequence[Appearance], newsroom: Newsroom) -> str:
    """The slug: as the CMS or the newsroom file gives it, else by a section's name, else by a word of the address."""
    ranked = [each for each in words if each.fields.kind is Kind.POPULAR]
    rest = [each for each in words if each.fields.kind is not Kind.POPULAR]
    page_first = sorted(rest, key=lambda each: each.fields.kind is not Kind.PAGE)
    return (
        _first(each.fields.section for each in rest)
        or _first(_slug(each.fields.names, newsroom) for each in page_first)
        or _first(each.fields.section or _slug(each.fields.names, newsroom) for each in ranked)
        or _first(_slug(urlsplit(each.fields.url).path.split("/"), newsroom) for each in words)
    )


def _slug(names: Iterable[str], newsroom: Newsroom) -> str:
    return _first(newsroom.find_section(name) or "" for name in names if name)


def _published_at(said: Sequence[Appearance], zone: ZoneInfo) -> datetime:
    """When the newsroom published it: as the CMS or the page says, else the first source that tells; else when a source
    first brought it. A popular list's time counts where nobody else has it, a moment before a day without an hour."""
    own = [each for each in said if each.fields.kind is not Kind.POPULAR] or said
    trusted = sorted(own, key=lambda each: (each.fields.kind is not Kind.CMS, each.fields.kind is not Kind.PAGE))
    moments = [moment for each in trusted if (moment := _moment_of(each, zone)) is not None]
    exact = [moment for moment in moments if moment.astimezone(zone).time() != time(0)]
    brought = [each for each in own if each.fields.kind is not Kind.PAGE] or said
    return next(iter(exact + moments), brought[0].first_seen)


def _moment_of(appearance: Appearance, zone: ZoneInfo) -> datetime | None:
    """The time that a source gives: not in the future, and of the day on which it said so not without an hour."""
    moment, fields = appearance.fields.published_at, appearance.fields
    said_at = appearance.last_seen if fields.kind is Kind.CMS else appearance.first_seen
    if moment is None or moment > said_at:
        return None if moment is None else said_at
    local = moment.astimezone(zone)
    return said_at if local.time() == time(0) and local.date() == said_at.astimezone(zone).date() else moment
