"""Keys: the names under which a story is stored. Two items that share a key are the same story, whatever else differs.

Each key holds everything that must be equal, so that a caller only compares texts: a key that joins only where titles
are equal has the title in it, one that joins only within a source has the source. From the strongest to the weakest:

    n:  the newsroom's own number in the address, with the host                      survives a changed slug and title
    g:  a guid that is unique by its form (UUID, tag URI, WordPress's ?p=7)          survives everything else
    g2: any other guid, together with the address, with the title, or with the time  a shared guid alone joins nothing
    u:  the address as written, without utm_* and other click identifiers            survives a changed guid and title
    v:  the page: no scheme, www., /amp, session, fragment    + title                the same page at another address
    h:  the page without its host                             + title + source       one site under two hosts
    p:  the path without its query                            + title + source + time   links with a session number

Guids are compared as they are written. Only for items without a guid "v:" leaves fragments out, and there are "h:" and
"p:". Query words such as ref, source, s and from often hold a story's number, so they count in all but "p:".
In one document two different guids are two stories: `keyed` drops every other key that such items share.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit, urlunsplit

from bot.stories.items import Item
from bot.stories.reading.addresses import is_click, without_tracking

KEY_LIMIT = 300

_SESSION = re.compile(  # PHP-Nuke's "sid" is a story's number, and short
    r"(?:phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken|(?:php)?sess(?:ion)?(?:_?id)?|sesi)(?:=.*)?|sid=.{8,}",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{16,}")  # a session number under a name that we don't know
_PATH_SESSION = re.compile(r";jsessionid=[^/]*", re.IGNORECASE)
_AMP_PAIR = re.compile(r"amp(?:=(?:1|true|yes)?)?|outputtype=amp", re.IGNORECASE)
_AMP_PATH = re.compile(r"^/amp(?=/.)|/amp/?$|\.amp(?=\.html?$|$)", re.IGNORECASE)
_HOST_PREFIX = re.compile(r"^(?:(?:www|m|amp|mobile)\.)+(?=[^.]+\.)")

_WHOLE_NUMBER = re.compile(r"^\d{4,}$")
_NUMBERED_SLUG = re.compile(r"^(?:(\d{5,})-|[\w%-]*-(\d{6,})(?:\.html?)?$)")
_SUM = "000"  # "…-rp-600000", "100000-warga": a slug's round number is of the story, not its own
_YEAR = range(1990, 2100)

_PAGE_WIDE = re.compile(r"(?:|top|content|main|(?:comment|respond|disqus_thread|komentar|more-\d).*)", re.IGNORECASE)
_UNIQUE_GUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|^tag:[^:]+:.*\d"
    r"|^https?://[^?#]+/\?(?:post_type=[\w-]+&(?:amp;|#038;)?)?p=\d+$",
    re.IGNORECASE,
)
_GLOBAL_GUID = ("http://", "https://", "tag:", "urn:")  # these mean the same in every source


class _Keys(NamedTuple):
    """One item's keys by kind; what it lacks is "" or ()."""

    number: str
    guid: tuple[str, ...]
    address: str
    variants: tuple[str, ...]  # v: and h:
    path: str

    def without(self, dropped: set[str]) -> tuple[str, ...]:
        keys = (self.number, *self.guid, self.address, *self.variants, self.path)
        return tuple(dict.fromkeys(key for key in keys if key and key not in dropped))


def keys_of(item: Item, source_id: str) -> tuple[str, ...]:
    """The keys of an item that comes alone, the strongest first; each has at most KEY_LIMIT characters."""
    return _keys(item, source_id).without(set())


def keyed(items: Sequence[Item], source_id: str) -> list[tuple[Item, tuple[str, ...]]]:
    """Every item of one document with its keys, the strongest first; an item has at least one.

    A guid that items with different pages share is nobody's: they are treated as if they had none. Then a key is
    dropped from all its items where it would join what the document tells apart:
    - items with different guids, by any key (entries of a live page);
    - items with different titles, by number or address (the number of a section, not of a story);
    - items with different addresses, by "p:" (a session number is the same throughout a document).
    """
    guids = _guids_of_one_page(items)
    named = [item if item.guid in guids else replace(item, guid="") for item in items]
    keys = [_keys(item, source_id) for item in named]
    dropped = _shared(((key, item.guid) for item, its in zip(named, keys, strict=True) for key in _all(its)), "")
    dropped |= _shared(
        (key, item.title.casefold()) for item, its in zip(named, keys, strict=True) for key in (its.number, its.address)
    )
    dropped |= _shared((its.path, its.address or item.url) for item, its in zip(named, keys, strict=True))
    return [
        (item, its.without(dropped) or (_limited(f"u:{item.url}:{item.guid}:{item.title}"),))
        for item, its in zip(items, keys, strict=True)
    ]


def _all(keys: _Keys) -> tuple[str, ...]:
    """The keys that items with different guids can have in common."""
    return (keys.number, keys.address, *keys.variants, keys.path)


def _shared(values: Iterable[tuple[str, str]], ignored: str | None = None) -> set[str]:
    """The keys that come with several different values."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for key, value in values:
        if value != ignored:
            seen[key].add(value)
    return {key for key, different in seen.items() if len(different) > 1}


def _guids_of_one_page(items: Sequence[Item]) -> set[str]:
    pages: defaultdict[str, set[str]] = defaultdict(set)
    count = Counter(item.guid for item in items)
    for item in items:
        pages[item.guid].add(page_of(item.url, of_entries=True) if count[item.guid] > 1 else "")
    return {guid for guid, different in pages.items() if len(different) == 1}


def _keys(item: Item, source_id: str) -> _Keys:
    parts = urlsplit(item.url)
    guid = "" if _is_front_page(item.guid) else item.guid
    title = _title_hash(item.title)
    front_page = _is_front_page(item.url)
    variants = [f"v:{page_of(item.url, of_entries=bool(guid))}:{title}"] if title else []
    if title and not guid and not front_page:
        page = page_of(item.url)
        variants.append(f"h:{source_id}:{page[page.find('/', 2) :]}:{title}")
    return _Keys(
        number=_number_key(parts),
        guid=_guid_keys(item, guid, source_id, title),
        address="" if front_page and title else _limited(f"u:{without_tracking(item.url)}"),
        variants=tuple(map(_limited, variants)),
        path=_path_key(item, parts, source_id, title) if title and not guid else "",
    )


def _number_key(parts: SplitResult) -> str:
    """A fragment names one of several entries on the numbered page, unless it leads to its comments."""
    number = _number_in_path(parts.path) if _PAGE_WIDE.fullmatch(parts.fragment) else ""
    return _limited(f"n:{_host(parts)}:{number}") if number else ""


def _guid_keys(item: Item, guid: str, source_id: str, title: str) -> tuple[str, ...]:
    if not guid:
        return ()
    scope = "" if guid.startswith(_GLOBAL_GUID) else source_id
    if _UNIQUE_GUID.search(guid):
        return (_limited(f"g:{scope}:{guid}" if scope else f"g:{guid}"),)
    together = [f"u:{without_tracking(item.url)}", f"t:{title}" if title else ""]
    together.append(f"d:{item.published_at.isoformat()}" if item.published_at else "")
    return tuple(_limited(f"g2:{scope}:{guid}:{other}") for other in together if other)


def _path_key(item: Item, parts: SplitResult, source_id: str, title: str) -> str:
    """For links whose query changes at every poll. Without a time only a session number may differ in the query."""
    path = _page_path(parts.path)
    if item.published_at:
        return _limited(f"p:{source_id}:{path}:{item.published_at.isoformat()}:{title}")
    pairs = [pair for pair in _pairs(parts.query) if not _RANDOM.fullmatch(pair.partition("=")[2])]
    return _limited(f"p:{source_id}:{path}?{'&'.join(pairs)}:{title}") if path or pairs else ""


def page_of(url: str, *, of_entries: bool = False) -> str:
    """The page at an address: without scheme, "www.", AMP, tracking, session number and the slash at the end.

    The fragment goes too, save where it is an address inside a one-page site ("#!/berita/1") or, `of_entries`, may name
    one of several entries on the page.
    """
    parts = urlsplit(url)
    kept = parts.fragment if of_entries or parts.fragment.startswith(("!", "/")) else ""
    host = _host(parts) + (f":{parts.port}" if parts.port else "")
    query = "&".join(_pairs(parts.query))
    return urlunsplit(("", host, _page_path(parts.path), query, "" if _PAGE_WIDE.fullmatch(kept) else kept))


def _pairs(query: str) -> list[str]:
    """The parameters that can say which story it is."""
    return [
        pair
        for pair in query.split("&")
        if pair and not is_click(pair) and not _AMP_PAIR.fullmatch(pair) and not _SESSION.fullmatch(pair)
    ]


def _page_path(path: str) -> str:
    return _AMP_PATH.sub("", _PATH_SESSION.sub("", path)).rstrip("/")


def _is_front_page(url: str) -> bool:
    if not url.startswith(("http://", "https://")):
        return False
    try:
        parts = urlsplit(without_tracking(url))
    except ValueError:  # a guid that only looks like an address
        return False
    return not parts.path.strip("/") and not parts.query and _PAGE_WIDE.fullmatch(parts.fragment) is not None


def _host(parts: SplitResult) -> str:
    return _HOST_PREFIX.sub("", parts.hostname or "")


def _title_hash(title: str) -> str:
    """Titles are equal whatever their case; in a key eight bytes of hash are enough beside the rest of it."""
    return blake2b(title.casefold().encode(), digest_size=8).hexdigest() if title else ""


def _limited(key: str) -> str:
    """The key, or its beginning and a hash of all: two long addresses can differ in their last letter."""
    if len(key) <= KEY_LIMIT:
        return key
    digest = blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{key[: KEY_LIMIT - 1 - len(digest)]}#{digest}"


def number_in(url: str) -> str:
    """The newsroom's own number of the story, where the address carries one; else ""."""
    return _number_in_path(urlsplit(url).path)


def _number_in_path(path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
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
