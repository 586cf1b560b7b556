"""Addresses in a feed: which of an entry's links is the story, and what relative ones are relative to. Pure."""

import re
from typing import Any
from urllib.parse import urlsplit

from bot.stories.reading.cleaning import MAX_LINK, decode_references, safe_url

_ABSOLUTE = ("http://", "https://")
_HTML = ("text/html", "application/xhtml+xml")
_HOST = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,10}([^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?::\d{1,5})?(?=[/?#]|$)", re.I
)
_FILE_NAMES = "php html htm shtml xhtml asp aspx jsp cgi pl cfm do xml json rss txt pdf jpg jpeg png gif webp"
_FILES = frozenset(_FILE_NAMES.split())

_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}  # ISO 639 before 1989, which Java still writes
_NO_ADDRESS = frozenset(("n/a", "na", "#", "-", "null", "none", "nil", "undefined", "tba", "tbd", "false", "true"))


def text_of(parsed: Any, name: str) -> str:
    """A value of feedparser's as text. dict.get, because feedparser's own gives one name's value for another."""
    value = dict.get(parsed, name)
    return value if isinstance(value, str) else ""


def with_scheme(address: str, base: str) -> str:
    """The address with the scheme that was forgotten: "desa.example/banjir" is no path of the feed's host."""
    host = _HOST.match(address.strip())
    if host is None or host[1].lower() in _FILES:
        return address
    same = urlsplit(base)
    scheme = same.scheme if same.netloc.lower() == host[0].lower() else "https"
    return f"{scheme}://{address.strip()}"


def link_url(address: str, base: str) -> str:
    """A link to a story as an address that a reader can open; "" where it is none."""
    if address.strip().lower() in _NO_ADDRESS:
        return ""
    return safe_url(with_scheme(decode_references(address), base), base, MAX_LINK)


def base_of(feed: Any, version: str, url: str) -> str:
    """What the links of a feed are relative to: its site, which often is on another host than the feed.

    Atom says it is the feed's own address (xml:base is feedparser's part), but means the site where the hosts differ.
    """
    links = [link for link in dict.get(feed, "links", []) if text_of(link, "rel") == "alternate"]
    given = next(filter(None, (text_of(link, "href") for link in links)), "") or text_of(feed, "link")
    site = safe_url(with_scheme(given.strip(), url)) if given else ""
    if not site or (version.startswith("atom") and urlsplit(site).netloc == urlsplit(url).netloc):
        return url
    return site


def story_url(entry: Any, base: str, language: str) -> str:
    """The story's own address: FeedBurner's original, the link to its page, or a guid that is a permanent link."""
    original = text_of(entry, "feedburner_origlink")
    if original and (url := link_url(original, base)):
        return url
    guid = text_of(entry, "id")
    for address in [*_alternates(entry, language), _own_link(entry)]:
        is_only_a_guid = address == guid and not _is_address(address, base)
        if address and not is_only_a_guid and (url := link_url(address, base)):
            return url
    return link_url(guid, base) if _is_address(guid, base) and not guid.startswith("/") else ""


def _is_address(guid: str, base: str) -> bool:
    return guid.lower().startswith((*_ABSOLUTE, "/")) or with_scheme(guid, base) != guid


def _alternates(entry: Any, language: str) -> list[str]:
    """The links to the story's page: those in the newsroom's language first; other formats of it last."""
    links = [link for link in dict.get(entry, "links", []) if text_of(link, "rel") == "alternate"]
    links.sort(key=lambda link: (not _is_page(link), not _is_in(link, language)))
    others = [text_of(link, "href") for link in links if not _is_page(link)]
    pages = [text_of(link, "href") for link in links if _is_page(link)]
    return [*pages, *(each for each in others if each.lower().startswith(_ABSOLUTE))]


def _is_page(link: Any) -> bool:
    return text_of(link, "type").partition(";")[0].strip().lower() in ("", *_HTML)


def _is_in(link: Any, language: str) -> bool:
    code = re.split("[-_]", text_of(link, "hreflang").lower(), maxsplit=1)[0]
    return bool(language) and _OLD_CODES.get(code, code) == language.lower()


def _own_link(entry: Any) -> str:
    """feedparser's idea of the link, unless it is an attachment's."""
    link = text_of(entry, "link")
    others = [each for each in dict.get(entry, "links", []) if text_of(each, "rel") not in ("alternate", "")]
    return "" if any(text_of(each, "href") == link for each in others) else link
