"""Reads the page of one article, to complete what a list or a feed says about the story. Pure and CPU-bound."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.bylines import author_of
from bot.stories.articles.headlines import Headline, headline_of, meta, nearby
from bot.stories.articles.linked_data import SECTION_LIMIT, as_list, as_text, linked_data
from bot.stories.articles.photos import photo_of
from bot.stories.articles.published import published_at
from bot.stories.articles.text import paragraphs
from bot.stories.items import Item, captioned
from bot.stories.reading.cleaning import one_line, plain_lines, plain_text, safe_url
from bot.stories.reading.dates import parse_date
from bot.stories.reading.pages import base_of, tree_of
from bot.stories.reading.summaries import condensed, is_cut, summary_of

_HOMES = frozenset(("home", "beranda", "depan", "halaman depan", "index", "startseite"))  # breadcrumbs, no sections
# Limits of a page without its scripts: the largest of 250 real pages has 440,000 characters and 9,200 tags.
_MAX_CHARACTERS = 1_000_000
_MAX_TAGS = 20_000
_MAX_CRUMBS = 20
_DATE_LINE = 100  # characters; a longer line is part of the story
_BARE_DATE = 40  # characters of a line that holds little but a date
_DIGIT = re.compile(r"\d")
_FEW_LINKS = 4  # a list with more links is a menu


@dataclass(frozen=True, slots=True)
class Article:
    """What an article's page says about its story; fields are empty where the page says nothing.

    `canonical` is the story's permanent address. `sections` are names, the most reliable first. `body` has one
    paragraph per line.
    """

    title: str
    canonical: str
    summary: str
    body: str
    author: str
    image_url: str
    image_caption: str
    image_credit: str
    sections: tuple[str, ...]
    published_at: datetime | None


def parse_article(body: bytes, *, url: str, content_type: str = "", default_zone: ZoneInfo, now: datetime) -> Article:
    """Read JSON-LD, Open Graph and the visible page. Raises Unreadable."""
    tree = tree_of(body, content_type, characters=_MAX_CHARACTERS, tags=_MAX_TAGS)
    base = base_of(tree, url)
    data = linked_data(tree)
    headline = headline_of(tree, as_text(data.get("headline")))
    photo = photo_of(tree, data, headline.node, base)
    description = as_text(data.get("description")) or meta(tree, "og:description") or meta(tree, "description")
    published = published_at(tree, headline.node, as_text(data.get("datePublished")), url, default_zone, now)
    author, sections = author_of(data, tree, headline, url), _sections(data, tree, headline)
    lines = paragraphs(tree, data, url, headline, {headline.text, photo.caption, photo.credit})
    lines = _without_date_lines(lines, default_zone, now)
    return Article(
        title=headline.text,
        canonical=_canonical(tree, data, base, url),
        summary=summary_of("\n".join(lines), headline.text) or condensed(plain_lines(description), headline.text),
        body="\n".join(lines),
        author=author,
        image_url=photo.url,
        image_caption=photo.caption,
        image_credit=photo.credit,
        sections=sections,
        published_at=published,
    )


def completed(item: Item, article: Article, *, is_thumbnail: bool = False) -> Item:
    """The list's item, with its gaps filled from the article's page. `is_thumbnail`: the item's picture is small."""
    title = item.title or article.title
    image_url = (article.image_url if is_thumbnail else "") or item.image_url or article.image_url
    summary = "" if is_cut(item.summary) and article.summary else item.summary
    return replace(
        item,
        title=title,
        summary=summary or ("" if article.summary == title else article.summary),
        author=item.author or article.author,
        image_url=image_url,
        image_caption=item.image_caption or captioned(article.image_caption, article.image_credit),
        categories=item.categories or article.sections,
        published_at=article.published_at or item.published_at,
    )


def _canonical(tree: LexborHTMLParser, data: dict[str, Any], base: str, url: str) -> str:
    """The permanent address that the page names; the address that was read where it names none."""
    links = [node.attributes.get("href") or "" for node in tree.css("link[rel~=canonical i]")[:3]]
    entity = data.get("mainEntityOfPage")
    entity = entity.get("@id") if isinstance(entity, dict) else entity
    candidates = [*links, meta(tree, "og:url"), as_text(data.get("url")), as_text(entity)]
    safe_addresses = (safe_url(address, base) for address in candidates if address)
    return next((address for address in safe_addresses if address), "") or safe_url(url)


def _without_date_lines(lines: list[str], zone: ZoneInfo, now: datetime) -> list[str]:
    """Drop date lines: those above the story that hold a date, and those anywhere that hold little else."""
    story_start = next((number for number, line in enumerate(lines) if len(line) > _DATE_LINE), len(lines))
    return [
        line
        for number, line in enumerate(lines)
        if not (
            len(line) <= (_DATE_LINE if number < story_start else _BARE_DATE)
            and line[-1] not in '.!?:”"'
            and _DIGIT.search(line)
            and parse_date(line, zone, now) is not None
        )
    ]


def _sections(data: dict[str, Any], tree: LexborHTMLParser, headline: Headline) -> tuple[str, ...]:
    names = [plain_text(name, SECTION_LIMIT) for name in as_list(data.get("articleSection")) if isinstance(name, str)]
    names.append(meta(tree, "article:section")[:SECTION_LIMIT])
    crumbs = data.get("crumbs") or [
        one_line(node.text(separator=" "), SECTION_LIMIT)
        for node in tree.css("[class*=breadcrumb] a, [class*=Breadcrumb] a, nav[aria-label*=readcrumb] a")[:_MAX_CRUMBS]
    ]
    if not any(names) and not crumbs:  # then the section may be a link above the headline
        nodes_above, _ = nearby(tree, headline.node)
        labels = [node for node in nodes_above if node.tag == "a" and not _is_menu(node)]
        crumbs = [one_line(node.text(separator=" "), SECTION_LIMIT) for node in labels]
    title = headline.text.casefold()
    names += [crumb for crumb in crumbs if crumb.rstrip("… .").casefold() not in title]
    site = meta(tree, "og:site_name").casefold()
    sections = [name for name in names if name and name.casefold() not in _HOMES and name.casefold() != site]
    return tuple(dict.fromkeys(sections))[:5]


def _is_menu(link: LexborNode) -> bool:
    """Whether a link belongs to the site's menu, which is on every page, and not to the story."""
    group = link.parent
    for _ in range(3):  # a link may be wrapped in an <li> or a <span>
        if group is None or group.parent is None or len(group.css("a")) > 1 or group.parent.css_first("h1"):
            break
        group = group.parent
    if group is None or len(links := group.css("a")) > _FEW_LINKS:
        return True
    if one_line(links[0].text(separator=" ")).casefold() in _HOMES:
        return False  # a breadcrumb
    above: LexborNode | None = group
    while above is not None and above.tag not in ("article", "main", "body"):
        if above.tag == "nav" or (above.tag == "header" and above.css_first("h1") is None):
            return True
        above = above.parent
    return False
