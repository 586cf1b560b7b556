"""An article page's headline, and where on the page it stands. Pure; for a thread.

Machines are told one title (Open Graph, JSON-LD, <title>), readers are shown another: cut, in capitals, with the site's
name, worded for social media. The headline is what readers see; the others say which of the page's headings it is.
"""

import re
from collections import deque
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.reading.cleaning import one_line, plain_text
from bot.stories.reading.feed_items import TITLE_LIMIT

_HEADINGS = (
    "h1, h2, h3, [itemprop=headline], [class*=title], [class*=Title], [class*=headline], [class*=Headline], "
    "[class*=judul], [id*=title], [id*=judul]"
)
_KICKER = re.compile(
    r"kicker|eyebrow|overline|topline|dachzeile|spitzmarke|catname|category|label|\bflag\b|prefix|tagline",
    re.IGNORECASE,
)
_PARTS = 40  # elements inside a heading
_LOOKED_AT = 400  # headings of a page
_SHORTEST = 8  # characters; a shorter heading is a section's name
_AGREES = 0.6  # share of the words
_BEFORE, _AFTER = 15, 60  # elements that are near a headline
_PARAGRAPH = 160  # characters; longer than a date line, a byline or a caption's first half
_SITE_AFTER = re.compile(r"\s*(?:\s[-–—:·•»]|\s?[|]|\s::)\s+[^|–—»]{2,45}$")
_PAGE_AFTER = re.compile(r"\s*[-–—|:(]\s*(?:halaman|hal\.?|page|laman)\s*(?:\d+|all|semua)\s*\)?$", re.IGNORECASE)


class Headline(NamedTuple):
    text: str
    node: LexborNode | None  # the element that shows it


def headline_of(tree: LexborHTMLParser, linked_headline: str) -> Headline:
    """`linked_headline` is JSON-LD's. Without any heading that agrees with a title, a title is the headline."""
    site = {_key(each) for each in (meta(tree, "og:site_name"), meta(tree, "application-name")) if each}
    title_tag = next((plain_text(node.text(), TITLE_LIMIT) for node in tree.css("head > title, title")), "")
    linked = plain_text(linked_headline, TITLE_LIMIT)
    told = [title for title in (linked, meta(tree, "og:title"), meta(tree, "twitter:title")) if title]
    for titles in (told, [title_tag] if title_tag else []):  # a <title> may be the site's on every page
        found = _shown(tree, titles, site)
        if found.node is not None:
            return _exact(found.node, found.text, _forms([*told, title_tag], site))
    heads = [(one_line(node.text(separator=" "), TITLE_LIMIT), node) for node in tree.css("h1")]
    for text, node in heads:
        shortest = 2 * _SHORTEST if told or title_tag else _SHORTEST
        if len(text) >= shortest and _key(text) not in site:
            return Headline(text, node)
    told.append(title_tag)
    return Headline(_without_site(told[0], site), None)


def _shown(tree: LexborHTMLParser, told: list[str], site: set[str]) -> Headline:
    """The page's heading that agrees best with one of the titles told."""
    titles = _forms(told, site)
    best, best_score = Headline("", None), 0.0
    for node in tree.css(_HEADINGS)[:_LOOKED_AT]:
        text = one_line(node.text(separator=" "), TITLE_LIMIT)
        if len(text) < _SHORTEST or _key(text) in site:
            continue
        score = max((_agreement(text, title) for title in titles), default=0.0)
        if score < _AGREES:
            continue
        score += {"h1": 0.3, "h2": 0.1}.get(node.tag or "", 0.0) + 0.1 * (node.attributes.get("itemprop") == "headline")
        if score > best_score:
            best, best_score = Headline(text, node), score
    return best


def meta(tree: LexborHTMLParser, name: str) -> str:
    """The content of the page's first <meta> of this name or property that has one; "" without."""
    for node in tree.css(f"meta[property='{name}'], meta[name='{name}']"):
        if content := (node.attributes.get("content") or "").strip():
            return content if "image" in name else plain_text(content, 2_000)
    return ""


def _forms(told: list[str], site: set[str]) -> list[str]:
    return list(dict.fromkeys(form for title in told for form in (title, _without_site(title, site))))


def nearby(
    tree: LexborHTMLParser, headline: LexborNode | None, *, above: int = _BEFORE, below: int = _AFTER
) -> tuple[list[LexborNode], list[LexborNode]]:
    """The elements just before the headline and just after it, the nearest first; what contains it is in neither."""
    before: deque[LexborNode] = deque(maxlen=above)
    after: list[LexborNode] = []
    long_paragraphs = 0
    if headline is None or tree.body is None:
        return [], []
    reached = False
    for node in tree.body.traverse(include_text=False):
        if node.mem_id == headline.mem_id:
            reached = True
        elif not reached:
            before.appendleft(node)
        else:
            long_paragraphs += node.tag == "p" and len(node.text()) > _PARAGRAPH
            if long_paragraphs > 2 or len(after) >= below:  # the story itself has begun
                break
            after.append(node)
    return list(before), after


def around(node: LexborNode | None) -> frozenset[int]:
    """The elements that hold an element, by their mem_id: what holds the headline is no aside, however it is called."""
    held: set[int] = set()
    above = node.parent if node is not None else None
    while above is not None:
        held.add(above.mem_id)
        above = above.parent
    return frozenset(held)


def _without_site(title: str, site: set[str]) -> str:
    title = _PAGE_AFTER.sub("", title)
    first, _, rest = title.partition(" - ")
    if _key(first) in site:
        title = rest
    for _ in range(2):
        shorter = _PAGE_AFTER.sub("", _SITE_AFTER.sub("", title))
        if len(shorter) < 2 * _SHORTEST and _key(title[len(shorter) :]) not in site:
            break
        title = shorter
    return title


def _agreement(text: str, title: str) -> float:
    """How many of the title's words the heading has; a little more where they are of the same length."""
    one, other = _words(text), _words(title)
    if not one or not other:
        return 0.0
    shared, shorter, longer = len(one & other), min(len(one), len(other)), max(len(one), len(other))
    if len(one) < len(other):  # a heading has all of its words; only titles are cut
        return shared / longer if shared / longer >= _AGREES else 0.0
    if (shorter < 3 and shorter != longer) or longer > 3 * shorter + 3:
        return 0.0
    return shared / shorter + 0.3 * shared / longer if shared / shorter >= _AGREES else 0.0


def _exact(node: LexborNode, text: str, titles: list[str]) -> Headline:
    """The part of a heading that is one of the titles, without a kicker, a breadcrumb or a date beside it."""
    keys = {_key(title): title for title in reversed(titles)}
    for part in node.css("*")[:_PARTS]:
        shown = one_line(part.text(separator=" "), TITLE_LIMIT) if part.mem_id != node.mem_id else text
        if shown != text and len(shown) >= _SHORTEST and _key(shown) in keys:
            return Headline(shown, part)
    text = _without_kicker(node, text, titles)
    told = keys.get(_key(text), "")
    is_joined = len(node.css("*")) > 1  # parts that were set apart by more than a space
    return Headline(told if told and (is_joined or text.isupper()) and not told.isupper() else text, node)


def _without_kicker(node: LexborNode, text: str, titles: list[str]) -> str:
    """The heading without the small words before or after it, which have an element of their own inside it."""
    for child in node.iter():
        aside = one_line(child.text(separator=" "))
        is_kicker = _KICKER.search(child.attributes.get("class") or "") is not None
        for rest in (text.removeprefix(aside), text.removesuffix(aside)):
            rest = rest.strip(" :|–—-")
            is_title = is_kicker or any(_key(rest) == _key(title) for title in titles)
            if aside and rest != text and len(rest) >= _SHORTEST and is_title:
                return rest
    return text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold()))
