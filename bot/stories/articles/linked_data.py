"""Reads a page's JSON-LD about its article (https://schema.org/NewsArticle). Pure and CPU-bound.

Many sites write invalid JSON: raw line breaks, trailing commas, escaped quotation marks. Common faults are repaired.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from bot.stories.reading.cleaning import plain_text

SECTION_LIMIT = 60
_MAX_DEPTH = 4  # of nested @graph and mainEntity
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
    """The page's first article object; {} without one. The key "crumbs" holds the names in its breadcrumb list."""
    article: dict[str, Any] = {}
    page: dict[str, Any] = {}
    crumbs: list[str] = []
    nodes_by_id: dict[str, Any] = {}  # objects by their @id
    for script in tree.css("script[type*='ld+json']"):
        for node in _objects(_loaded(script.text())):
            if as_text(node.get("@id")) and "name" in node:
                nodes_by_id.setdefault(node["@id"], node)
            types = {str(name).lower() for name in as_list(node.get("@type"))}
            if types & _ARTICLES and not article:
                article = node
            if "webpage" in types and not page and "datePublished" in node:
                page = {"datePublished": node["datePublished"]}
            if "breadcrumblist" in types:
                crumbs = [_crumb(entry) for entry in as_list(node.get("itemListElement"))]
    if "author" in article:
        article = article | {"author": [_resolved(author, nodes_by_id) for author in as_list(article["author"])]}
    return page | article | ({"crumbs": [crumb for crumb in crumbs if crumb]} if crumbs else {})


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _resolved(value: Any, nodes_by_id: dict[str, Any]) -> Any:
    """The object that a bare {"@id": …} refers to, if the page describes it elsewhere."""
    if isinstance(value, dict) and "name" not in value:
        return nodes_by_id.get(as_text(value.get("@id")), value)
    return value


def _loaded(text: str) -> Any:
    """The parsed JSON, after repairing common faults; None where that fails."""
    text = _WRAPPED.sub("", text).strip().rstrip(";")
    for candidate in (text, _TRAILING_COMMA.sub("", text), html.unescape(text)):
        try:
            return json.loads(candidate, strict=False)  # not strict: allows raw line breaks inside strings
        except (ValueError, RecursionError):
            continue
    if "article" in text.lower():
        author = {"author": match[1]} if (match := _AUTHOR.search(text)) else {}
        return (
            {"@type": "Article"} | author | {name: value.replace("\\/", "/") for name, value in _STRING.findall(text)}
        )
    return None


def _objects(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    for node in as_list(data):
        if isinstance(node, dict):
            yield node
            yield from _objects(node.get("@graph"), depth + 1)
            yield from _objects(node.get("mainEntity"), depth + 1)


def _crumb(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    item = entry.get("item")
    name = as_text(entry.get("name")) or (as_text(item.get("name")) if isinstance(item, dict) else "")
    return plain_text(name, SECTION_LIMIT)
