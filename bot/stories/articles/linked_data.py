"""JSON-LD: what a page says of its article for machines (https://schema.org/NewsArticle). Pure; for a thread.

Many sites' JSON is not quite JSON: raw line breaks, trailing commas, escaped quotation marks. What can be read is.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from bot.stories.reading.cleaning import plain_text

SECTION_LIMIT = 60
_MAX_DEPTH = 4  # of @graph in @graph
_ARTICLES = frozenset(
    (
        "article", "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle",
        "backgroundnewsarticle", "reviewnewsarticle", "blogposting", "liveblogposting", "report",
    )
)  # fmt: skip
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_WRAPPED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$")
_AUTHOR = re.compile(r'"author"\s*+:\s*+(?:\[\s*+)?\{[^{}\[\]]{0,300}?"name"\s*+:\s*+"((?:[^"\\]|\\.){1,200})"')
_STRING = re.compile(r'"(headline|datePublished|articleSection|articleBody)"\s*:\s*"((?:[^"\\]|\\.)*)"')


def linked_data(tree: LexborHTMLParser) -> dict[str, Any]:
    """The page's first object of an article; {} without one. "crumbs" are the names in its breadcrumb list."""
    article: dict[str, Any] = {}
    page: dict[str, Any] = {}
    crumbs: list[str] = []
    named: dict[str, Any] = {}  # things by their @id
    for script in tree.css("script[type*='ld+json']"):
        for thing in _things(_loaded(script.text())):
            if as_text(thing.get("@id")) and "name" in thing:
                named.setdefault(thing["@id"], thing)
            types = {str(each).lower() for each in as_list(thing.get("@type"))}
            if types & _ARTICLES and not article:
                article = thing
            if "webpage" in types and not page and "datePublished" in thing:
                page = {"datePublished": thing["datePublished"]}
            if "breadcrumblist" in types:
                crumbs = [_crumb(each) for each in as_list(thing.get("itemListElement"))]
    if "author" in article:
        article = article | {"author": [_resolved(each, named) for each in as_list(article["author"])]}
    return page | article | ({"crumbs": [crumb for crumb in crumbs if crumb]} if crumbs else {})


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _resolved(value: Any, named: dict[str, Any]) -> Any:
    """A thing that is only referred to, as it is described elsewhere on the page."""
    if isinstance(value, dict) and "name" not in value:
        return named.get(as_text(value.get("@id")), value)
    return value


def _loaded(text: str) -> Any:
    """The JSON, mended where its fault is a common one; None where it cannot be."""
    text = _WRAPPED.sub("", text).strip().rstrip(";")
    for mended in (text, _TRAILING_COMMA.sub("", text), html.unescape(text)):
        try:
            return json.loads(mended, strict=False)  # not strict: raw line breaks inside strings
        except (ValueError, RecursionError):
            continue
    if "article" in text.lower():
        author = {"author": match[1]} if (match := _AUTHOR.search(text)) else {}
        return (
            {"@type": "Article"} | author | {name: value.replace("\\/", "/") for name, value in _STRING.findall(text)}
        )
    return None


def _things(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    for each in as_list(data):
        if isinstance(each, dict):
            yield each
            yield from _things(each.get("@graph"), depth + 1)
            yield from _things(each.get("mainEntity"), depth + 1)


def _crumb(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    item = entry.get("item")
    name = as_text(entry.get("name")) or (as_text(item.get("name")) if isinstance(item, dict) else "")
    return plain_text(name, SECTION_LIMIT)
