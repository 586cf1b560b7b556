"""A story's names. Two items that share one are the same story, whatever else of them has changed.

A newsroom's own number in the address survives a changed slug; a guid survives a changed address; a canonical address
survives a changed guid. The strongest come first.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.stories.items import Item

KEY_LIMIT = 300

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|dclid|igshid|mc_[ce]id|ref|source|cmpid|ocid|s|from|src)$")
_WHOLE_NUMBER = re.compile(r"^\d{4,}$")
_NUMBERED_SLUG = re.compile(r"^(?:(\d{5,})-|[\w%-]*-(\d{6,})(?:\.html?)?$)")
_SUM = "000"  # "…-rp-600000", "100000-warga": a slug's round number is of the story, not its own
_YEAR = range(1990, 2100)


def canonical(url: str) -> str:
    """The address without what only counts clicks: tracking parameters, fragment, "www.", a closing slash."""
    parts = urlsplit(url)
    host = _host(url) + (f":{parts.port}" if parts.port else "")
    kept = [(name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.match(name.lower())]
    return urlunsplit(("", host, parts.path.rstrip("/"), urlencode(kept), ""))


def without_tracking(url: str) -> str:
    """The address as it stands, save parameters that only count where on the site a reader came from."""
    parts = urlsplit(url)
    pairs = parts.query.split("&")
    kept = [pair for pair in pairs if not _TRACKING.match(pair.partition("=")[0].lower())]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query="&".join(kept)))


def number_in(url: str) -> str:
    """The newsroom's own number of the story, where the address carries one; else ""."""
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    for index in range(len(segments) - 1, max(len(segments) - 3, -1), -1):
        segment, before = segments[index], segments[index - 1] if index else ""
        if _WHOLE_NUMBER.match(segment):
            if not _is_time(segment, before):
                return segment
        elif index == len(segments) - 1 and (found := _NUMBERED_SLUG.match(segment)):
            number = found[1] or found[2]
            return "" if number.endswith(_SUM) or _is_time(number, "") else number
    return ""


def _is_time(text: str, before: str) -> bool:
    """Whether a number says when: 2026, 202611, 20261124, 24112026, or 0930 after a day."""
    if len(text) == 4:
        return int(text) in _YEAR or (len(before) <= 2 and before.isdecimal())
    if len(text) == 6:
        return int(text[:4]) in _YEAR and 1 <= int(text[4:]) <= 12
    return len(text) == 8 and (_is_day(text[:4], text[4:6], text[6:]) or _is_day(text[4:], text[2:4], text[:2]))


def _is_day(year: str, month: str, day: str) -> bool:
    return int(year) in _YEAR and 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def keys_of(item: Item, source_id: str) -> tuple[str, ...]:
    """The item's keys, strongest first."""
    return _kept(item, _number_key(item.url), _guid_key(item, source_id), _address_key(item.url))


def keyed(items: Sequence[Item], source_id: str) -> list[tuple[Item, tuple[str, ...]]]:
    """Every item of one document with its keys.

    A number that items with different titles have is a rubric's, an address that several have is a live page's: they
    are nobody's.
    """
    named = [(item, _number_key(item.url), _address_key(item.url)) for item in items]
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for item, number, _ in named:
        titles[number].add(item.title.casefold())
    times = Counter(address for _, _, address in named)
    return [
        (
            item,
            _kept(
                item,
                number if len(titles[number]) == 1 else "",
                _guid_key(item, source_id),
                address if times[address] == 1 else "",
            ),
        )
        for item, number, address in named
    ]


def _kept(item: Item, number: str, guid: str, address: str) -> tuple[str, ...]:
    front_page = not urlsplit(item.url).path.strip("/")
    keys = [key for key in (number, guid, "" if front_page else address) if key]
    return tuple(dict.fromkeys(key[:KEY_LIMIT] for key in keys or [f"{_address_key(item.url)}:{item.title}"]))


def _number_key(url: str) -> str:
    number = number_in(url)
    return f"n:{_host(url)}:{number}" if number else ""


def _guid_key(item: Item, source_id: str) -> str:
    if not item.guid:
        return ""
    everywhere = item.guid.startswith(("http://", "https://", "tag:", "urn:"))
    guid = canonical(item.guid) if item.guid.startswith("http") else item.guid
    return f"g:{guid}" if everywhere else f"g:{source_id}:{guid}"


def _address_key(url: str) -> str:
    return f"u:{canonical(url)}"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
