"""HTML pages that list stories, read by the selectors of the newsroom file. Pure and processor-bound: for a thread."""

import re
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.config import SelectTable
from bot.stories.items import Item
from bot.stories.reading.addresses import without_tracking
from bot.stories.reading.cleaning import one_line, safe_url, tag_end
from bot.stories.reading.decoding import decode
from bot.stories.reading.feed_items import TITLE_LIMIT, Feed, Unreadable, distinct, item_from
from bot.stories.reading.images import best_image
from bot.stories.reading.moments import moment_of
from bot.stories.reading.summaries import condensed

MAX_BYTES = 5_000_000
_NOWHERE = "https://page.invalid"  # the base of addresses that are shown to an editor as they are written
MAX_DEPTH = 600  # open elements; building a tree of 40,000 nested ones took lexbor 2.7 s
ITEMS_AT_MOST = 200
ATTRIBUTES_AT_MOST = 2_000  # of one element, counted generously; 16,000 took lexbor 0.4 s, 100,000 over a minute
_LONG_TAG = 4_000  # characters; a shorter one can't have too many
_TAG_START = re.compile(r"<[A-Za-z][^\s/<>]*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
SLASHED_AT_MOST = 10_000  # elements that end in "/>", which inside pictures (SVG) closes them, and outside does not
_TAG = re.compile(r"<(/?)([a-z][a-z0-9:-]*)(?:[^<>]*+(?<=(/))>)?", re.IGNORECASE)
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea")}  # no tags inside
_RAW_START = re.compile(r"<(script|style|textarea)(?=[\s/>])", re.IGNORECASE)
_LINKED_DATA = re.compile(r"ld\+json", re.IGNORECASE)
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_CLOSED_NAMES = "p li tr td th dt dd option optgroup thead tbody tfoot colgroup caption"  # by HTML itself
_VOID, _CLOSED = frozenset(_VOID_NAMES.split()), frozenset(_CLOSED_NAMES.split())


class BadSelector(Unreadable):
    pass


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
    """A page's list of stories, in its order. Raises Unreadable where the page or a selector gives nothing."""
    tree = tree_of(body, content_type)
    base = base_of(tree, url)
    entries = _css(tree, select.item)
    if not entries and may_be_empty:  # as a list of UPDATEs is on most days
        return Feed(title="", items=(), hub=_linked(tree, "hub", base), self_url=_linked(tree, "self", base))
    if not entries:
        raise Unreadable(f"the selector item = {select.item!r} finds nothing on the page")
    found = distinct((_entry(node, select, base, default_zone, now) for node in entries), ITEMS_AT_MOST)
    if not found:
        raise Unreadable(f"{len(entries)} entries, and none with a title and a link: look at title and link")
    return Feed(title="", items=found, hub=_linked(tree, "hub", base), self_url=_linked(tree, "self", base))


def found_by(body: bytes, select: SelectTable, *, content_type: str = "") -> dict[str, tuple[int, str]]:
    """For an editor: what each selector finds on the page: in how many entries, and the first text."""
    tree = tree_of(body, content_type)
    entries = _css(tree, select.item)
    found = {"item": (len(entries), one_line(entries[0].text(separator=" "), 80) if entries else "")}
    for name in ("title", "link", "time", "summary", "image"):
        selector = getattr(select, name)
        if not selector:
            continue
        nodes = [node for entry in entries if (node := _first(entry, selector)) is not None]
        first = nodes[0] if nodes else None
        shown = ""
        if first is not None:
            own = {"link": "href", "time": "datetime"}.get(name, "")
            picture = best_image(first, _NOWHERE).removeprefix(_NOWHERE) if name == "image" else ""
            shown = picture or first.attributes.get(own) or one_line(first.text(separator=" "), 80)
        found[name] = (len(nodes), shown[:80])
    return found


def tree_of(body: bytes, content_type: str, *, characters: int = MAX_BYTES, tags: int = MAX_BYTES) -> LexborHTMLParser:
    """The page's tree, without what stands in scripts; of a page of more `characters` or `tags` their beginning."""
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
    if _has_monster(text):
        raise Unreadable("an element with too many attributes")
    return LexborHTMLParser(text)


def without_raw_text(text: str) -> str:
    """The page without what stands in its scripts, styles and text areas, which is no markup but looks like it.

    Of JSON-LD every "<" is written in JSON's own way: then no parser can take a part of it for an element.
    """
    kept: list[str] = []
    unclosed: set[str] = set()
    position = 0
    while tag := _RAW_START.search(text, position):
        end, name = tag_end(text, tag.end(), unclosed), tag[1].lower()
        closing = _RAW[name].search(text, end) if end >= 0 and name not in unclosed else None
        if closing is None:
            unclosed.add(name)
            kept.append(text[position : tag.end()])
            position = tag.end()
            continue
        kept.append(text[position:end])
        if _LINKED_DATA.search(text, tag.end(), end):
            kept.append(text[end : closing.start()].replace("<", "\\u003c"))
        position = closing.start()
    kept.append(text[position:])
    return "".join(kept)


def _depth(text: str, ignored: frozenset[str]) -> int:
    """How deep elements are nested, save the `ignored`: those that HTML closes by itself may never be closed."""
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


def _has_monster(text: str) -> bool:
    """Whether an element has more attributes than any page needs; each is compared with all before it."""
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
    """The address of the page's first <link> of this relation; "" without one."""
    for node in tree.css("link[rel][href]"):
        if relation in (node.attributes["rel"] or "").lower().split():
            return safe_url(node.attributes["href"] or "", base)
    return ""


def _css(tree: LexborHTMLParser | LexborNode, selector: str) -> list[LexborNode]:
    try:
        return tree.css(selector)
    except Exception as error:  # lexbor raises its own; whatever it is, the selector is what an editor can mend
        raise BadSelector(f"the selector {selector!r} is not one: {error}") from error


def _first(node: LexborNode, selector: str) -> LexborNode | None:
    found = _css(node, selector)
    return found[0] if found else None


def base_of(tree: LexborHTMLParser, url: str) -> str:
    given = next((node.attributes.get("href") or "" for node in tree.css("base[href]")), "")
    return safe_url(given, url) or url


def _entry(node: LexborNode, select: SelectTable, base: str, zone: ZoneInfo, now: datetime) -> Item | None:
    link = _first(node, select.link) or (node if node.tag == "a" else None)
    title = _first(node, select.title) or link
    if link is None or title is None:
        return None
    time = _first(node, select.time) if select.time else _first(node, "time")
    image = _first(node, select.image) if select.image else node
    summary = _first(node, select.summary) if select.summary else None
    shown = one_line(title.text(separator=" "), TITLE_LIMIT) or one_line(
        title.attributes.get("title") or "", TITLE_LIMIT
    )
    return item_from(
        url=safe_url(link.attributes.get("href") or "", base, MAX_LINK),
        title=shown,
        guid="",
        summary=condensed([one_line(summary.text(separator=" "))], shown) if summary is not None else "",
        author="",
        image_url=best_image(image, base),
        categories=(),
        published_at=moment_of(time, zone, now),
    )
