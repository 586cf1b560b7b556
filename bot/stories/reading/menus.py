"""Proposes a newsroom's sections from the menu of its site. Pure."""

import re
import unicodedata
from urllib.parse import urlsplit

from bot.stories.reading.cleaning import one_line, safe_url
from bot.stories.reading.pages import base_of, tree_of

SECTIONS_AT_MOST = 12
_MENUS = ("nav", "[role=navigation]", "header", "[class*=menu]", "[id*=menu]", "[class*=nav]")
_NAME_AT_MOST = 25  # characters
_WORDS_AT_MOST = 3
_NO_SECTION = re.compile(
    r"(?:home|beranda|depan|halaman depan|index|indeks|terbaru|latest|terpopuler|populer|popular|trending|news|berita"
    r"|login|masuk|log in|daftar|sign ?(?:in|up)|register|subscribe|langganan|berlangganan|search|cari|menu|lainnya"
    r"|more|tentang(?: kami)?|about(?: us)?|kontak|contact(?: us)?|redaksi|iklan|karir|career|privacy.*|kebijakan.*"
    r"|pedoman.*|video|foto|photo|podcast|live|tag|topik|epaper|e-paper|rss|help|bantuan|network|english|indonesia)",
    re.IGNORECASE,
)


def sections_of(body: bytes, url: str, content_type: str = "") -> tuple[tuple[str, str], ...]:
    """(slug, name) of the sections in the site's menu, in its order. Raises Unreadable where the body is not a page.

    A link to the site or a subdomain, with few words and a path of at most two segments, counts as a section.
    """
    tree = tree_of(body, content_type)
    base = base_of(tree, url)
    host = _site(base)
    for selector in _MENUS:
        sections: dict[str, str] = {}
        for link in tree.css(f"{selector} a[href]"):
            name = one_line(link.text(separator=" "), 100)
            address = safe_url(link.attributes.get("href") or "", base)
            if slug := _slug(name, address, host):
                sections.setdefault(slug, name)
        if len(sections) >= 2:  # one link is no menu
            return tuple(sections.items())[:SECTIONS_AT_MOST]
    return ()


def _slug(name: str, address: str, host: str) -> str:
    """The section's slug; "" for a link that is not a section's."""
    path = [part for part in urlsplit(address).path.split("/") if part]
    fits = 0 < len(name) <= _NAME_AT_MOST and len(name.split()) <= _WORDS_AT_MOST and not _NO_SECTION.fullmatch(name)
    site = _site(address)
    if not fits or not (site == host or site.endswith(f".{host}")) or len(path) > 2 or not (path or site != host):
        return ""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32].strip("-")
    return slug if slug != "update" else ""  # reserved for UPDATE alerts


def _site(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")
