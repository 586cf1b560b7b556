"""A story's names. Two items that share one are the same story, whatever else of them has changed.

A newsroom's own number in the address survives a changed slug; a guid survives a changed address; a canonical address
survives a changed guid. The strongest come first.
"""

import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.stories.items import Item

KEY_LIMIT = 300

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|dclid|igshid|mc_[ce]id|ref|source|cmpid|ocid|s|from|src)$")
_WHOLE_NUMBER = re.compile(r"^\d{4,}$")
_NUMBERED_SLUG = re.compile(r"^(?:(\d{5,})-|[\w%-]*-(\d{5,})(?:\.html?)?$)")
_YEAR = range(1990, 2100)


def canonical(url: str) -> str:
    """The address without what only counts clicks: tracking parameters, fragment, "www.", a closing slash."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    host += f":{parts.port}" if parts.port else ""
    kept = [(name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.match(name.lower())]
    return urlunsplit(("", host, parts.path.rstrip("/"), urlencode(kept), ""))


def number_in(url: str) -> str:
    """The newsroom's own number of the story, where the address carries one; else ""."""
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    for segment in reversed(segments[-2:]):
        if _WHOLE_NUMBER.match(segment):
            if not _is_year(segment) and not _is_day(segment):
                return segment
        elif (found := _NUMBERED_SLUG.match(segment)) and segment is segments[-1]:
            return found[1] or found[2]
    return ""


def _is_year(text: str) -> bool:
    return len(text) == 4 and int(text) in _YEAR


def _is_day(text: str) -> bool:
    return len(text) == 8 and int(text[:4]) in _YEAR and 1 <= int(text[4:6]) <= 12 and 1 <= int(text[6:]) <= 31


def keys_of(item: Item, source_id: str, *, shared_link: bool = False) -> tuple[str, ...]:
    """The item's keys, strongest first. `shared_link`: other items of the document have its address too."""
    keys = []
    host = (urlsplit(item.url).hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    if not shared_link and (number := number_in(item.url)):
        keys.append(f"n:{host}:{number}")
    if item.guid:
        everywhere = item.guid.startswith(("http://", "https://", "tag:", "urn:"))
        guid = canonical(item.guid) if item.guid.startswith("http") else item.guid
        keys.append(f"g:{guid}" if everywhere else f"g:{source_id}:{guid}")
    address = canonical(item.url)
    if not shared_link and urlsplit(item.url).path.strip("/"):
        keys.append(f"u:{address}")
    if not keys:
        keys.append(f"u:{address}:{item.title}")
    return tuple(dict.fromkeys(key[:KEY_LIMIT] for key in keys))


def keyed(items: Sequence[Item], source_id: str) -> list[tuple[Item, tuple[str, ...]]]:
    """Every item of one document with its keys."""
    links = Counter(canonical(item.url) for item in items)
    return [(item, keys_of(item, source_id, shared_link=links[canonical(item.url)] > 1)) for item in items]
