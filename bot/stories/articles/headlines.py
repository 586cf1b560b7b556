"""Finds an article's headline and the element that shows it. Pure and CPU-bound.

The titles in metadata (Open Graph, JSON-LD, <title>) differ from the one that readers see: they may be cut, in
capitals, worded for social media or followed by the site's name. The headline is the heading that matches them best.
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
_PARTS = 40  # elements inside a heading, examined
_LOOKED_AT = 400  # headings examined per page
_SHORTEST = 8  # characters; a shorter heading is a section's name
_AGREES = 0.6  # share of common words above which a heading matches a title
_BEFORE, _AFTER = 15, 60  # elements before and after a headline that count as near it
_PARAGRAPH = 160  # characters; date lines, bylines and most captions are shorter
_SITE_AFTER = re.compile(r"\s*(?:\s[-–—:·•»]|\s?[|]|\s::)\s+[^|–—»]{2,45}$")
_PAGE_AFTER = re.compile(r"\s*[-–—|:(]\s*(?:halaman|hal\.?|page|laman)\s*(?:\d+|all|semua)\s*\)?$", re.IGNORECASE)


class Headline(NamedTuple):
    text: str
    node: LexborNode | None  # the element that shows it


def headline_of(tree: LexborHTMLParser, linked_headline: str) -> Headline:
    """Find the headline; where no heading matches a title, the title itself. `linked_headline` comes from JSON-LD."""
    site = {_key(name) for name in (meta(tree, "og:site_name"), meta(tree, "application-name")) if name}
    title_tag = next((plain_text(node.text(), TITLE_LIMIT) for node in tree.css("head > title, title")), "")
    linked = plain_text(linked_headline, TITLE_LIMIT)
    titles = [title for title in (linked, meta(tree, "og:title"), meta(tree, "twitter:title")) if title]
    # <title> last: some sites have the same on every page
    for candidates in (titles, [title_tag] if title_tag else []):
        heading = _best_heading(tree, candidates, site)
        if heading.node is not None:
            return _narrowed(heading.node, heading.text, _with_and_without_site([*titles, title_tag], site))
    h1s = [(one_line(node.text(separator=" "), TITLE_LIMIT), node) for node in tree.css("h1")]
    for text, node in h1s:
        shortest = 2 * _SHORTEST if titles or title_tag else _SHORTEST
        if len(text) >= shortest and _key(text) not in site:
            return Headline(text, node)
    titles.append(title_tag)
    return Headline(_without_site(titles[0], site), None)


def _best_heading(tree: LexborHTMLParser, titles: list[str], site: set[str]) -> Headline:
    """The page's heading that matches one of the titles best."""
    variants = _with_and_without_site(titles, site)
    best, best_score = Headline("", None), 0.0
    for node in tree.css(_HEADINGS)[:_LOOKED_AT]:
        text = one_line(node.text(separator=" "), TITLE_LIMIT)
        if len(text) < _SHORTEST or _key(text) in site:
            continue
        score = max((_match(text, title) for title in variants), default=0.0)
        if score < _AGREES:
            continue
        score += {"h1": 0.3, "h2": 0.1}.get(node.tag or "", 0.0) + 0.1 * (node.attributes.get("itemprop") == "headline")
        if score > best_score:
            best, best_score = Headline(text, node), score
    return best


def meta(tree: LexborHTMLParser, name: str) -> str:
    """The first non-empty content of the page's <meta> elements with this name or property; "" where there is none."""
    for node in tree.css(f"meta[property='{name}'], meta[name='{name}']"):
        if content := (node.attributes.get("content") or "").strip():
            return content if "image" in name else plain_text(content, 2_000)
    return ""


def _with_and_without_site(titles: list[str], site: set[str]) -> list[str]:
    return list(dict.fromkeys(variant for title in titles for variant in (title, _without_site(title, site))))


def nearby(
    tree: LexborHTMLParser, headline: LexborNode | None, *, above: int = _BEFORE, below: int = _AFTER
) -> tuple[list[LexborNode], list[LexborNode]]:
    """The elements before and after the headline, the nearest first; its ancestors come before it too."""
    before: deque[LexborNode] = deque(maxlen=above)
    after: list[LexborNode] = []
    long_paragraphs = 0
    if headline is None or tree.body is None:
        return [], []
    is_after = False
    for node in tree.body.traverse(include_text=False):
        if node.mem_id == headline.mem_id:
            is_after = True
        elif not is_after:
            before.appendleft(node)
        else:
            long_paragraphs += node.tag == "p" and len(node.text()) > _PARAGRAPH
            if long_paragraphs > 2 or len(after) >= below:  # these are the story
                break
            after.append(node)
    return list(before), after


def around(node: LexborNode | None) -> frozenset[int]:
    """The mem_ids of an element's ancestors. An ancestor of the headline is not an aside, whatever its class says."""
    ancestor_ids: set[int] = set()
    ancestor = node.parent if node is not None else None
    while ancestor is not None:
        ancestor_ids.add(ancestor.mem_id)
        ancestor = ancestor.parent
    return frozenset(ancestor_ids)


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


def _match(text: str, title: str) -> float:
    """The share of words that heading and title have in common, plus a bonus for similar length; 0.0 for no match."""
    heading_words, title_words = _words(text), _words(title)
    if not heading_words or not title_words:
        return 0.0
    shared = len(heading_words & title_words)
    shorter, longer = sorted((len(heading_words), len(title_words)))
    if len(heading_words) < len(title_words):  # titles in metadata are cut, headings are not
        return shared / longer if shared / longer >= _AGREES else 0.0
    if (shorter < 3 and shorter != longer) or longer > 3 * shorter + 3:
        return 0.0
    return shared / shorter + 0.3 * shared / longer if shared / shorter >= _AGREES else 0.0


def _narrowed(node: LexborNode, text: str, titles: list[str]) -> Headline:
    """Narrow a heading to the part that equals a title, leaving out a kicker, a breadcrumb or a date beside it."""
    titles_by_key = {_key(candidate): candidate for candidate in reversed(titles)}
    for part in node.css("*")[:_PARTS]:
        shown = one_line(part.text(separator=" "), TITLE_LIMIT) if part.mem_id != node.mem_id else text
        if shown != text and len(shown) >= _SHORTEST and _key(shown) in titles_by_key:
            return Headline(shown, part)
    text = _without_kicker(node, text, titles)
    title = titles_by_key.get(_key(text), "")
    is_joined = len(node.css("*")) > 1  # its parts may be separated by layout and not by a space
    return Headline(title if title and (is_joined or text.isupper()) and not title.isupper() else text, node)


def _without_kicker(node: LexborNode, text: str, titles: list[str]) -> str:
    """The heading without a kicker, which is a child element before or after the title."""
    for child in node.iter():
        child_text = one_line(child.text(separator=" "))
        is_kicker = _KICKER.search(child.attributes.get("class") or "") is not None
        for rest in (text.removeprefix(child_text), text.removesuffix(child_text)):
            rest = rest.strip(" :|–—-")
            is_title = is_kicker or any(_key(rest) == _key(title) for title in titles)
            if child_text and rest != text and len(rest) >= _SHORTEST and is_title:
                return rest
    return text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold()))
