"""JSON Feed 1.0 and 1.1, https://www.jsonfeed.org/version/1.1/"""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.stories.items import Item
from bot.stories.reading.cleaning import literal_lines, one_line, plain_lines, safe_url
from bot.stories.reading.dates import parse_date
from bot.stories.reading.feed_items import (
    CATEGORY_LIMIT,
    NAME_LIMIT,
    TITLE_LIMIT,
    Feed,
    Unreadable,
    distinct,
    first_picture,
    item_from,
)
from bot.stories.reading.summaries import condensed


def parse_json_feed(text: str, *, url: str, default_zone: ZoneInfo, now: datetime, limit: int) -> Feed:
    """The feed in a JSON text. Raises Unreadable."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):  # also numbers of more digits than Python converts
        raise Unreadable("broken JSON") from None
    if not isinstance(parsed, dict) or "jsonfeed.org/version/" not in _text(parsed, "version"):
        raise Unreadable("JSON, but not a JSON Feed")
    entries = _objects(parsed, "items")
    hubs = [hub for hub in _objects(parsed, "hubs") if _text(hub, "type").lower() == "websub"]
    return Feed(
        title=one_line(_text(parsed, "title"), NAME_LIMIT),
        items=distinct((_item(entry, url, default_zone, now) for entry in entries), limit),
        hub=safe_url(_text(hubs[0], "url"), url) if hubs else "",
        self_url=safe_url(_text(parsed, "feed_url"), url),
    )


def _item(entry: dict[str, Any], base: str, zone: ZoneInfo, now: datetime) -> Item | None:
    given = entry.get("id")
    guid = str(given) if isinstance(given, int) and not isinstance(given, bool) else _text(entry, "id")
    address = next((_text(entry, name) for name in ("url", "external_url") if _text(entry, name)), "")
    url = safe_url(address, base) or safe_url(guid)
    markup = _text(entry, "content_html")
    title = one_line(_text(entry, "title"), TITLE_LIMIT)
    texts = (literal_lines(_text(entry, "summary")), plain_lines(markup), literal_lines(_text(entry, "content_text")))
    alone = entry.get("author")  # version 1.0's
    authors = _objects(entry, "authors") or ([alone] if isinstance(alone, dict) else [])
    names = [one_line(_text(author, "name"), NAME_LIMIT) for author in authors]
    pictures = [safe_url(_text(entry, name), base) for name in ("image", "banner_image")]
    pictures += [
        safe_url(_text(each, "url"), base)
        for each in _objects(entry, "attachments")
        if _text(each, "mime_type").startswith("image/")
    ]
    dates = (parse_date(_text(entry, name), zone, now) for name in ("date_published", "date_modified"))
    tags = entry.get("tags")
    return item_from(
        url=url,
        title=title,
        guid=guid,
        summary=next(filter(None, (condensed(lines, title) for lines in texts)), ""),
        author=one_line(", ".join(filter(None, names)), NAME_LIMIT),
        image_url=next(filter(None, pictures), "") or first_picture(markup, url or base),
        categories=[one_line(tag, CATEGORY_LIMIT) for tag in tags if isinstance(tag, str)]
        if isinstance(tags, list)
        else [],
        published_at=next(filter(None, dates), None),
    )


def _text(parsed: dict[str, Any], name: str) -> str:
    value = parsed.get(name)
    return value if isinstance(value, str) else ""


def _objects(parsed: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = parsed.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
