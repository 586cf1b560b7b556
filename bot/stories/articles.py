"""An article's own page: what it says of its story that a list or a feed did not. Pure; for a thread."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.cleaning import one_line, plain_text, safe_url
from bot.stories.dates import parse_date
from bot.stories.feed_items import NAME_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT
from bot.stories.items import Item
from bot.stories.pages import base_of, moment_of, tree_of
from bot.stories.summaries import paragraphs_of, summary_of

_ARTICLE_TYPES = frozenset(("article", "newsarticle", "reportagenewsarticle", "blogposting", "analysisnewsarticle"))
_BODIES = (
    "[itemprop=articleBody]", ".detail__body-text", ".read__content", ".article-content", ".article__content",
    ".post-content", ".entry-content", ".detail-text", ".content-detail", "article", "main",
)  # fmt: skip
_DATES = (
    "meta[property='article:published_time']", "meta[name='article:published_time']", "meta[itemprop=datePublished]",
    "meta[name=pubdate]", "meta[name=publishdate]", "meta[name=date]", "meta[name='content_PublishedDate']",
    "meta[name='dtk:publishdate']", "meta[property='og:published_time']", "[itemprop=datePublished]",
    "time[datetime]", "time", ".read__time", ".detail__date", ".date", ".time", ".post-date", "[class*=publish]",
    "[class*=date]", "[class*=time]",
)  # fmt: skip
_AUTHORS = ("meta[name=author]", "meta[property='article:author']", "[rel=author]", "[itemprop=author]", ".author")
_SITE_AFTER_TITLE = re.compile(r"\s+[|–—-]\s+[^|–—]{2,40}$")


@dataclass(frozen=True, slots=True)
class Article:
    """What an article's page says of its story; empty where it says nothing. `canonical` is the story's own address."""

    title: str
    canonical: str
    summary: str
    body: str
    author: str
    image_url: str
    image_caption: str
    section: str
    published_at: datetime | None


def parse_article(body: bytes, *, url: str, content_type: str = "", default_zone: ZoneInfo, now: datetime) -> Article:
    """What an article's page says: JSON-LD first, then Open Graph, then the page itself. Raises NotAFeed."""
    tree = tree_of(body, content_type)
    base = base_of(tree, url)
    data = _linked_data(tree)
    title = (
        plain_text(_text(data.get("headline")), TITLE_LIMIT)
        or _heading(tree)
        or _SITE_AFTER_TITLE.sub("", _meta(tree, "og:title") or _meta(tree, "twitter:title"))
    )
    markup = _body_markup(tree)
    image = _picture(data.get("image")) or _meta(tree, "og:image") or _meta(tree, "twitter:image")
    lede = summary_of(markup, title) or summary_of(_text(data.get("articleBody")), title)
    canonical = next((node.attributes.get("href") or "" for node in tree.css("link[rel=canonical]")), "")
    return Article(
        title=title,
        canonical=safe_url(canonical, base),
        summary=lede or plain_text(_text(data.get("description")) or _meta(tree, "og:description"), SUMMARY_LIMIT),
        body="\n".join(paragraphs_of(markup)),
        author=_author(data, tree),
        image_url=safe_url(image, base),
        image_caption=_caption(tree),
        section=_section(data, tree),
        published_at=_published(data, tree, default_zone, now),
    )


def completed(item: Item, article: Article) -> Item:
    """The list's item with what only the article's page says."""
    section = (article.section,) if article.section else ()
    return replace(
        item,
        title=item.title or article.title,
        summary=item.summary or ("" if article.summary == (item.title or article.title) else article.summary),
        author=item.author or article.author,
        image_url=item.image_url or article.image_url,
        categories=item.categories or section,
        published_at=article.published_at or item.published_at,
    )


def _linked_data(tree: LexborHTMLParser) -> dict[str, Any]:
    """The page's JSON-LD object of an article, with the names of its breadcrumb list; {} without one."""
    article: dict[str, Any] = {}
    crumbs: list[str] = []
    for script in tree.css("script[type='application/ld+json']"):
        try:
            data = orjson.loads(script.text().strip().strip(";") or "null")
        except orjson.JSONDecodeError:
            try:  # raw line breaks inside strings are the commonest fault
                data = orjson.loads(" ".join(script.text().split()))
            except orjson.JSONDecodeError:
                continue
        for thing in _things(data):
            types = thing.get("@type")
            names = {str(each).lower() for each in (types if isinstance(types, list) else [types])}
            if names & _ARTICLE_TYPES and not article:
                article = thing
            if "breadcrumblist" in names:
                crumbs = [_crumb(each) for each in _list(thing.get("itemListElement"))]
    return article | ({"crumbs": [crumb for crumb in crumbs if crumb]} if crumbs else {})


def _things(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 3:
        return
    for each in _list(data):
        if isinstance(each, dict):
            yield each
            yield from _things(each.get("@graph"), depth + 1)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _crumb(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    item = entry.get("item")
    return plain_text(_text(entry.get("name")) or (_text(item.get("name")) if isinstance(item, dict) else ""), 60)


def _heading(tree: LexborHTMLParser) -> str:
    heads = [one_line(node.text(separator=" "), TITLE_LIMIT) for node in tree.css("h1")]
    heads = [head for head in heads if len(head) > 10]
    wanted = (_meta(tree, "og:title") or "").casefold()
    return next(
        (head for head in heads if head.casefold() in wanted or wanted in head.casefold()), heads[0] if heads else ""
    )


def _meta(tree: LexborHTMLParser, name: str) -> str:
    for node in tree.css(f"meta[property='{name}'], meta[name='{name}']"):
        if content := node.attributes.get("content"):
            return plain_text(content, SUMMARY_LIMIT) if "image" not in name else content.strip()
    return ""


def _picture(value: Any) -> str:
    for each in _list(value):
        if isinstance(each, str):
            return each
        if isinstance(each, dict) and (url := _text(each.get("url")) or _text(each.get("contentUrl"))):
            return url
    return ""


def _caption(tree: LexborHTMLParser) -> str:
    for node in tree.css("figcaption, .photo__caption, .detail__media-caption, .caption"):
        if text := one_line(node.text(separator=" "), NAME_LIMIT):
            return text
    return ""


def _author(data: dict[str, Any], tree: LexborHTMLParser) -> str:
    names = [
        plain_text(each if isinstance(each, str) else _text(each.get("name")), NAME_LIMIT)
        for each in _list(data.get("author"))
        if isinstance(each, str | dict)
    ]
    if any(names):
        return ", ".join(dict.fromkeys(name for name in names if name))
    for selector in _AUTHORS:
        for node in tree.css(selector):
            text = one_line(node.attributes.get("content") or node.text(separator=" "), NAME_LIMIT)
            if text and not text.startswith("http"):
                return re.sub(r"^(?:oleh|penulis|by|reporter|editor)\s*:?\s+", "", text, flags=re.IGNORECASE)
    return ""


def _section(data: dict[str, Any], tree: LexborHTMLParser) -> str:
    for each in _list(data.get("articleSection")):
        if isinstance(each, str) and each.strip():
            return plain_text(each, 60)
    if meta := _meta(tree, "article:section"):
        return meta
    crumbs = data.get("crumbs") or [
        one_line(node.text(separator=" "), 60)
        for node in tree.css("[class*=breadcrumb] a, nav[aria-label*=readcrumb] a")
    ]
    named = [crumb for crumb in crumbs if crumb and crumb.casefold() not in ("home", "beranda", "berita", "news")]
    return named[0] if named else ""


def _published(data: dict[str, Any], tree: LexborHTMLParser, zone: ZoneInfo, now: datetime) -> datetime | None:
    if found := parse_date(_text(data.get("datePublished")), zone, now):
        return found
    for selector in _DATES:
        for node in tree.css(selector)[:3]:
            if found := moment_of(node, zone, now):
                return found
    return None


def _body_markup(tree: LexborHTMLParser) -> str:
    """The HTML of the article's own text: the first known place that holds two paragraphs, else all paragraphs."""
    for selector in _BODIES:
        for node in tree.css(selector)[:2]:
            paragraphs = [p.html or "" for p in node.css("p") if not _aside(p)]
            if len(paragraphs) >= 2:
                return "".join(paragraphs)
            if selector.startswith((".", "[")) and len(node.text()) > 300:
                return node.html or ""
    return "".join(p.html or "" for p in tree.css("p") if not _aside(p))


def _aside(node: LexborNode) -> bool:
    parent = node.parent
    for _ in range(12):
        if parent is None or parent.tag in ("article", "main", "body"):
            return False
        if parent.tag in ("footer", "aside", "nav", "header", "form", "figure", "figcaption"):
            return True
        parent = parent.parent
    return False
