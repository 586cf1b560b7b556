"""Extracts an article's text as a list of paragraphs. Pure and CPU-bound.

trafilatura (https://trafilatura.readthedocs.io) finds the text. Lines before the headline, repeated lines and the
photo's caption are removed from its result. Where it finds little, the blocks under the headline are used instead.
"""

import re
from collections import Counter
from typing import Any

import structlog
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.blocks import blocks_under
from bot.stories.articles.furniture import is_furniture, without_opening, without_what_follows
from bot.stories.articles.headlines import Headline
from bot.stories.articles.linked_data import as_text
from bot.stories.reading.cleaning import literal_lines, one_line
from bot.stories.reading.summaries import paragraphs_of, story_lines

log = structlog.get_logger("kabar.articles")

MAX_MARKUP = 500_000  # characters without scripts and styles; trafilatura's worst case at this size is a second
_NO_TEXT = ("script", "style", "svg", "iframe", "template", "select", "button")
_SHORT = 600  # characters; trafilatura's statistics can't tell a shorter text from menus
_SENTENCE = 80  # characters; a shorter line may be a label
_REPEATED = 120  # characters; a longer repeated line is a pull quote, and is kept once
_NEARLY_ALL = 0.8  # share of the characters
_LABEL = 12  # letters; a shorter line may be a speaker's name, which is repeated for good reason
_MAX_AD = 80  # characters
_LIST_MARK = re.compile(r"^[-•*]\s+")
_TABLE_RULE = re.compile(r"^\|(?:\s*:?-{2,}:?\s*\|)+$")
_AD = re.compile(
    r"^\W*(?:(?:scroll|gulir|swipe)\b.{0,60}|advertis\w+|iklan|adv|.{0,20}lanjutkan membaca.{0,40}"
    r"|artikel ini bersponsor"
    r"|continue reading.{0,40}|story continues below.{0,40}|article continues (?:below|after).{0,40})\W*$",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\s*[(\[][a-z]{2,4}(?:/[a-zA-Z]{2,4}){1,2}[)\]]\.?$")  # of reporter and editor


def paragraphs(
    tree: LexborHTMLParser, data: dict[str, Any], url: str, headline: Headline, besides: set[str]
) -> list[str]:
    """The article's paragraphs. Changes `tree`: removes elements that hold no text.

    `data` is the page's JSON-LD; `besides` are lines to leave out: the headline, the photo's caption and credit.
    """
    _prune(tree, headline.node)
    lines = _extracted(tree, url)
    lines = _without_repeated(_from_the_headline_on(lines, tree, headline.node))
    if sum(map(len, lines)) < _SHORT:
        lines = _longer(blocks_under(tree, headline.node), lines)
    linked_lines = paragraphs_of(as_text(data.get("articleBody")))
    visible_lines = story_lines(lines)
    # On some pages a script loads most of the text, which then is only in the JSON-LD.
    is_incomplete = sum(map(len, linked_lines)) > 1.5 * sum(map(len, visible_lines))
    visible_lines = linked_lines if is_incomplete else _confirmed(visible_lines, linked_lines)
    visible_lines = without_opening(without_what_follows(visible_lines), headline.text)
    left_out = {one_line(text).casefold() for text in besides if text}
    story_part = [line for line in visible_lines if line.casefold() not in left_out and not is_furniture(line)]
    return _without_heading(story_part, _heading(headline))


def _heading(headline: Headline) -> str:
    """The letters of the whole heading element, including a kicker beside the headline."""
    node = headline.node
    if node is None:
        return _key(headline.text)
    whole = next((above for above in _ancestors(node)[:3] if above.tag in ("h1", "h2", "h3", "hgroup")), node)
    return _key(whole.text(separator=" "))


def _extracted(tree: LexborHTMLParser, url: str) -> list[str]:
    """The lines that trafilatura extracts; [] where it fails."""
    from trafilatura import bare_extraction  # imported late: 160 ms and 13 MB, which only some newsrooms need

    markup = (tree.html or "")[:MAX_MARKUP]
    try:
        document = bare_extraction(markup, url=url, include_comments=False, with_metadata=False)
    except Exception as error:  # a hostile page may make the library raise anything
        log.info("text_extraction_failed", url=url, error=repr(error)[:200])
        document = None
    lines = literal_lines(getattr(document, "text", None) or "")
    stripped = (_INITIALS.sub("", _LIST_MARK.sub("", line)) for line in lines if not _TABLE_RULE.match(line))
    return list(filter(None, (line.strip("| ") if line.startswith("|") else line for line in stripped)))


def _prune(tree: LexborHTMLParser, headline: LexborNode | None) -> None:
    """Remove elements without text, and advertising lines, which trafilatura would join to adjacent sentences."""
    tree.strip_tags(list(_NO_TEXT))
    if headline is not None and any(above.tag == "form" for above in _ancestors(headline)):
        tree.unwrap_tags(["form"])  # ASP.NET pages are one form, and trafilatura drops forms with their content
    if tree.body is None:
        return
    advertisements = [
        node
        for node in tree.body.css("p, div, span, b, strong, a, center, em, i, small, h4, h5, h6")
        if node.first_child is not None and len(text := node.text()) <= _MAX_AD and _AD.match(text.strip())
    ]
    for node in advertisements:
        if headline is None or not _contains(node, headline):
            node.decompose(recursive=True)


def _contains(node: LexborNode, inner: LexborNode) -> bool:
    return any(above.mem_id == node.mem_id for above in (inner, *_ancestors(inner)))


def _ancestors(node: LexborNode) -> list[LexborNode]:
    ancestors = []
    ancestor = node.parent
    while ancestor is not None:
        ancestors.append(ancestor)
        ancestor = ancestor.parent
    return ancestors


def _from_the_headline_on(lines: list[str], tree: LexborHTMLParser, headline: LexborNode | None) -> list[str]:
    """Drop the first lines that are on the page only before the headline."""
    if headline is None or tree.body is None or not lines:
        return lines
    before, after = _sides(tree.body, headline)
    for number, line in enumerate(lines):
        key = _key(line)
        if len(key) >= 4 and (key in after or key not in before):
            return lines[number:]
    return [] if len(after) > _SHORT else lines


def _sides(body: LexborNode, headline: LexborNode) -> tuple[str, str]:
    """The letters of the page before the headline and after it."""
    before: list[str] = []
    after: list[str] = []
    side = before
    for node in body.traverse(include_text=True):
        if node.mem_id == headline.mem_id:
            side = after
        if node.tag == "-text":
            side.append(node.text_content or "")
    return _key("".join(before)), _key("".join(after))


def _longer(blocks: list[str], lines: list[str]) -> list[str]:
    """The blocks under the headline, unless trafilatura found clearly more text."""
    block_length, line_length = sum(map(len, blocks)), sum(map(len, lines))
    return blocks if block_length and (block_length > 0.6 * line_length or not line_length) else lines


def _confirmed(lines: list[str], linked_lines: list[str]) -> list[str]:
    """The lines that JSON-LD's articleBody has too, the standfirst and labels; all if that drops a fifth or more."""
    body = _key("".join(linked_lines))
    in_body = [_key(line) in body for line in lines]
    first = in_body.index(True) if True in in_body else len(lines)
    confirmed = [
        line for number, line in enumerate(lines) if number < first or in_body[number] or len(line) < _SENTENCE
    ]
    return confirmed if linked_lines and sum(map(len, confirmed)) > _NEARLY_ALL * sum(map(len, lines)) else lines


def _without_heading(lines: list[str], heading: str) -> list[str]:
    """Drop lines that repeat the heading; above the story also those that repeat a part of it."""
    story_start = next((number for number, line in enumerate(lines) if len(line) >= _SENTENCE), len(lines))
    keys = [_key(line) for line in lines]
    return [
        line
        for number, (line, key) in enumerate(zip(lines, keys, strict=True))
        if not (key == heading or (number < story_start and len(key) >= 8 and key in heading))
    ]


def _without_repeated(lines: list[str]) -> list[str]:
    """Drop repetitions; a line that occurs three times and is no sentence is furniture, and is dropped entirely."""
    keys = [_key(line) for line in lines]
    counts = Counter(keys)
    seen: set[str] = set()
    kept = []
    for line, key in zip(lines, keys, strict=True):
        is_sentence = len(line) > _REPEATED or line[-1] in '.!?”"'
        if key and (key in seen or (counts[key] > 2 and not is_sentence and len(key) >= _LABEL)):
            continue
        seen.add(key)
        kept.append(line)
    return kept


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold()))
