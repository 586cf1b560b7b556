"""JSON Feed 1.0 and 1.1, https://www.jsonfeed.org/version/1.1/"""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.stories.items import Item
from bot.stories.reading.cleaning import literal_lines, one_line, plain_lines, plain_text, safe_url
from bot.stories.reading.dates import parse_date
from bot.stories.reading.feed_items import (
    CATEGORY_LIMIT,
    NAME_LIMIT,
    TITLE_LIMIT,
    Feed,
    Unreadable,
    item_from,
    newest,
    of_entries,
    person_name,
)
from bot.stories.reading.feed_links import link_url, with_scheme
from bot.stories.reading.feed_pictures import usable_picture
from bot.stories.reading.figures import without_captions
from bot.stories.reading.images import first_image
from bot.stories.reading.summaries import condensed


def parse_json_feed(text: str, *, url: str, default_zone: ZoneInfo, now: datetime, limit: int) -> Feed:
    """The feed in a JSON text. Raises Unreadable."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):  # also numbers of more digits than Python converts
        raise Unreadable("broken JSON") from None
    if not isinstance(parsed, dict) or "jsonfeed.org/version/" not in _text(parsed, "version"):
        raise Unreadable("JSON, but not a JSON Feed")
    site = safe_url(with_scheme(_text(parsed, "home_page_url"), url)) or url
    hubs = [hub for hub in _objects(parsed, "hubs") if _text(hub, "type").lower() == "websub"]
    entries: list[tuple[str, Item | None]] = []
    for entry in newest(_objects(parsed, "items"), limit, lambda each: _when(each, default_zone, now)):
        address = _address(entry, site)
        entries.append((address, _item(entry, address, address or site, default_zone, now)))
    return of_entries(
        plain_text(_text(parsed, "title"), NAME_LIMIT, is_title=True),
        entries,
        limit,
        hub=safe_url(_text(hubs[0], "url"), url) if hubs else "",
        self_url=safe_url(_text(parsed, "feed_url"), url),
    )


def _address(entry: dict[str, Any], base: str) -> str:
    given = next((_text(entry, name) for name in ("url", "external_url") if _text(entry, name)), "")
    guid = _text(entry, "id")
    return link_url(given, base) or (link_url(guid, base) if guid.startswith(("http://", "https://")) else "")


def _when(entry: dict[str, Any], zone: ZoneInfo, now: datetime) -> datetime | None:
    dates = (parse_date(_text(entry, name), zone, now) for name in ("date_published", "date_modified"))
    return next(filter(None, dates), None)


def _item(entry: dict[str, Any], url: str, base: str, zone: ZoneInfo, now: datetime) -> Item | None:
    given = entry.get("id")
    guid = str(given) if isinstance(given, int | float) and not isinstance(given, bool) else _text(entry, "id")
    markup, caption = without_captions(_text(entry, "content_html"))
    title = plain_text(_text(entry, "title"), TITLE_LIMIT, is_title=True)
    texts = (literal_lines(_text(entry, "summary")), plain_lines(markup), literal_lines(_text(entry, "content_text")))
    # version 1.0 has one author; some write one where a list should be, or a name where an object should be
    names = [
        person_name(one_line(name, NAME_LIMIT)) for name in _names(entry.get("authors")) or _names(entry.get("author"))
    ]
    pictures = [usable_picture(_text(entry, name), base) for name in ("image", "banner_image")]
    pictures += [
        usable_picture(_text(each, "url"), base)
        for each in _objects(entry, "attachments")
        if _text(each, "mime_type").startswith("image/")
    ]
    picture, shown = next(filter(None, pictures), ""), first_image(markup, base)
    return item_from(
        url=url,
        title=title,
        guid=guid,
        summary=next(filter(None, (condensed(lines, title) for lines in texts)), ""),
        author=one_line(", ".join(filter(None, names)), NAME_LIMIT),
        image_url=picture or shown,
        image_caption=caption if shown and picture in ("", shown) else "",
        categories=[one_line(tag, CATEGORY_LIMIT) for tag in _names(entry.get("tags"))],
        published_at=_when(entry, zone, now),
    )


def _names(value: Any) -> list[str]:
    """The names in a list of texts or objects, or in one that stands alone."""
    listed = value if isinstance(value, list) else [value]
    return [each if isinstance(each, str) else _text(each, "name") for each in listed if isinstance(each, str | dict)]


def _text(parsed: dict[str, Any], name: str) -> str:
    value = parsed.get(name)
    return value if isinstance(value, str) else ""


def _objects(parsed: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = parsed.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
