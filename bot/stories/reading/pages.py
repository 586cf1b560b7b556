"""Reads HTML pages that list stories, by the CSS selectors of the newsroom file. Pure and CPU-bound."""

import re
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.config import SelectTable
from bot.stories.items import Item
from bot.stories.reading.cleaning import MAX_LINK, one_line, safe_url, tag_end
from bot.stories.reading.decoding import decode
from bot.stories.reading.feed_items import TITLE_LIMIT, Feed, Unreadable, distinct, item_from
from bot.stories.reading.images import best_image
from bot.stories.reading.moments import moment_of
from bot.stories.reading.summaries import condensed

MAX_BYTES = 5_000_000
_NOWHERE = "https://page.invalid"  # a base that is removed again, to show an editor relative addresses unchanged
MAX_DEPTH = 600  # nested elements; lexbor takes 2.7 s for 40,000
ITEMS_AT_MOST = 200
ATTRIBUTES_AT_MOST = 2_000  # of one element, overestimated; lexbor takes 0.4 s for 16,000, over a minute for 100,000
_LONG_TAG = 4_000  # characters; a shorter tag can't have too many attributes
_TAG_START = re.compile(r"<[A-Za-z][^\s/<>]*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
SLASHED_AT_MOST = 10_000  # elements that end in "/>", which closes them in SVG but not in HTML
_TAG = re.compile(r"<(/?)([a-z][a-z0-9:-]*)(?:[^<>]*+(?<=(/))>)?", re.IGNORECASE)
# Elements whose content is not markup.
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea")}
_RAW_START = re.compile(r"<(script|style|textarea)(?=[\s/>])", re.IGNORECASE)
_LINKED_DATA = re.compile(r"ld\+json", re.IGNORECASE)
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_CLOSED_NAMES = "p li tr td th dt dd option optgroup thead tbody tfoot colgroup caption"  # HTML closes these implicitly
_VOID, _CLOSED = frozenset(_VOID_NAMES.split()), frozenset(_CLOSED_NAMES.split())


class BadSelector(Unreadable):
    """A CSS selector that lexbor does not accept."""


def parse_page(
    body: bytes,
    select: SelectTable,
    *,
    url: str,
    content_type: str = "",
    default_zone: ZoneInfo,
    now: datetime,
    may_be_empty: bool = False,
) -> Feed:
    """The stories of a list, in the page's order.

    Raises Unreadable for a page that can't be parsed and for selectors that find nothing. `may_be_empty`: a list
    without entries is valid.
    """
    tree = tree_of(body, content_type)
    base = base_of(tree, url)
    entries = _css(tree, select.item)
    if not entries and may_be_empty:  # a list of UPDATE alerts is empty on most days
        return Feed(title="", items=(), hub=_linked(tree, "hub", base), self_url=_linked(tree, "self", base))
    if not entries:
        raise Unreadable(f"the selector item = {select.item!r} finds nothing on the page")
    items = distinct((_entry(node, select, base, default_zone, now) for node in entries), ITEMS_AT_MOST)
    if not items:
        raise Unreadable(f"{len(entries)} entries, and none with a title and a link: look at title and link")
    return Feed(title="", items=items, hub=_linked(tree, "hub", base), self_url=_linked(tree, "self", base))


def found_by(body: bytes, select: SelectTable, *, content_type: str = "") -> dict[str, tuple[int, str]]:
    """For editors: the number of entries in which each selector finds something, and the first text that it finds."""
    tree = tree_of(body, content_type)
    entries = _css(tree, select.item)
    results = {"item": (len(entries), one_line(entries[0].text(separator=" "), 80) if entries else "")}
    for name in ("title", "link", "time", "summary", "image"):
        selector = getattr(select, name)
        if not selector:
            continue
        nodes = [node for entry in entries if (node := _first(entry, selector)) is not None]
        first = nodes[0] if nodes else None
        shown = ""
        if first is not None:
            attribute = {"link": "href", "time": "datetime"}.get(name, "")
            picture = best_image(first, _NOWHERE).removeprefix(_NOWHERE) if name == "image" else ""
            shown = picture or first.attributes.get(attribute) or one_line(first.text(separator=" "), 80)
        results[name] = (len(nodes), shown[:80])
    return results


def tree_of(body: bytes, content_type: str, *, characters: int = MAX_BYTES, tags: int = MAX_BYTES) -> LexborHTMLParser:
    """The page's tree, without scripts' content and cut after `characters` or `tags`. Raises Unreadable."""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1_000_000} MB")
    text = decode(body, content_type)
    if not text.strip():
        raise Unreadable("an empty answer")
    text = without_raw_text(text)[:characters]
    if text.count("<") > tags:
        text = text[: next(islice(re.finditer("<", text), tags, None)).start()]
    if _depth(text, _VOID) > MAX_DEPTH and _depth(text, _VOID | _CLOSED) > MAX_DEPTH:
        raise Unreadable("a page nested too deep")
    if _has_too_many_attributes(text):
        raise Unreadable("an element with too many attributes")
    return LexborHTMLParser(text)


def without_raw_text(text: str) -> str:
    """The page without the content of scripts, styles and text areas, which is no markup but may look like it.

    JSON-LD is kept, with every "<" as a JSON escape, so that no parser takes a part of it for an element.
    """
    parts: list[str] = []
    unclosed: set[str] = set()
    position = 0
    while tag := _RAW_START.search(text, position):
        end, name = tag_end(text, tag.end(), unclosed), tag[1].lower()
        closing = _RAW[name].search(text, end) if end >= 0 and name not in unclosed else None
        if closing is None:
            unclosed.add(name)
            parts.append(text[position : tag.end()])
            position = tag.end()
            continue
        parts.append(text[position:end])
        if _LINKED_DATA.search(text, tag.end(), end):
            parts.append(text[end : closing.start()].replace("<", "\\u003c"))
        position = closing.start()
    parts.append(text[position:])
    return "".join(parts)


def _depth(text: str, ignored: frozenset[str]) -> int:
    """The greatest nesting depth, not counting `ignored` elements, such as those that HTML closes implicitly."""
    depth = deepest = slashed = position = 0
    while tag := _TAG.search(text, position):
        position, name = tag.end(), tag[2].lower()
        if name in _RAW and not tag[1]:
            closing = _RAW[name].search(text, position)
            position = closing.end() if closing else len(text)
        elif tag[3]:
            slashed += name not in _VOID
        elif name not in ignored:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest if slashed <= SLASHED_AT_MOST else deepest + slashed


def _has_too_many_attributes(text: str) -> bool:
    """Whether an element has too many attributes: lexbor compares each with all before it, in quadratic time."""
    unclosed: set[str] = set()
    end = 0
    while end >= 0 and (tag := _TAG_START.search(text, end)):
        end = tag_end(text, tag.end(), unclosed)
        if end - tag.end() > _LONG_TAG:
            bare = _QUOTED.sub("", text[tag.end() : end])
            if sum(bare.count(mark) for mark in "=/ \t\r\n\f") > ATTRIBUTES_AT_MOST:
                return True
    return False


def _linked(tree: LexborHTMLParser, relation: str, base: str) -> str:
    """The address of the page's first <link> with this rel; "" without one."""
    for node in tree.css("link[rel][href]"):
        if relation in (node.attributes["rel"] or "").lower().split():
            return safe_url(node.attributes["href"] or "", base)
    return ""


def _css(tree: LexborHTMLParser | LexborNode, selector: str) -> list[LexborNode]:
    try:
        return tree.css(selector)
    except Exception as error:  # lexbor documents no exception type; the cause is an invalid selector
        raise BadSelector(f"the selector {selector!r} is not one: {error}") from error


def _first(node: LexborNode, selector: str) -> LexborNode | None:
    nodes = _css(node, selector)
    return nodes[0] if nodes else None


def base_of(tree: LexborHTMLParser, url: str) -> str:
    href = next((node.attributes.get("href") or "" for node in tree.css("base[href]")), "")
    return safe_url(href, url) or url


def _entry(node: LexborNode, select: SelectTable, base: str, zone: ZoneInfo, now: datetime) -> Item | None:
    link = _first(node, select.link) or (node if node.tag == "a" else None)
    title_node = _first(node, select.title) or link
    if link is None or title_node is None:
        return None
    time_node = _first(node, select.time) if select.time else _first(node, "time")
    image_node = _first(node, select.image) if select.image else node
    summary_node = _first(node, select.summary) if select.summary else None
    title_text = one_line(title_node.text(separator=" "), TITLE_LIMIT) or one_line(
        title_node.attributes.get("title") or "", TITLE_LIMIT
    )
    return item_from(
        url=safe_url(link.attributes.get("href") or "", base, MAX_LINK),
        title=title_text,
        guid="",
        summary=condensed([one_line(summary_node.text(separator=" "))], title_text) if summary_node is not None else "",
        author="",
        image_url=best_image(image_node, base),
        categories=(),
        published_at=moment_of(time_node, zone, now),
    )
