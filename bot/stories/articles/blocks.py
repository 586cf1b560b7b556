"""Finds the text of a short article: the element under the headline with the most text. Pure and CPU-bound."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.reading.cleaning import one_line

_NODES = 20_000  # examined per page
_TEXT = 40  # characters; a shorter block is a label, a date line or a heading
_LINKED = 0.5  # share of a block's letters inside links, above which it is a list of links
_BLOCK_NAMES = (
    "address article blockquote body center dd div dl dt fieldset form h1 h2 h3 h4 h5 h6 hr li main ol p pre section "
    "table tbody td th tr ul"
)
_ASIDE_TAG_NAMES = "footer aside nav figure figcaption select button label textarea noscript time"
_BLOCKS, _ASIDE_TAGS = frozenset(_BLOCK_NAMES.split()), frozenset(_ASIDE_TAG_NAMES.split())
_ASIDE_NAMES = re.compile(
    r"relat|terkait|popul|sidebar|footer|recommend|rekomendasi|teaser|newsletter|promo|comment|komentar|share|sosmed|social"
    r"|breadcrumb|\btags?\b|caption|\bcap\b|byline|author|penulis|\bmeta\b|baca-?juga|read-?(?:more|also)|copyright|cookie"
    r"|banner|\bads?\b|iklan|trending|terbaru|lainnya|menu|navbar|modal|popup",
    re.IGNORECASE,
)


class _Block(NamedTuple):
    text: str
    linked: int  # letters inside links
    container: int  # mem_id of the element that holds it and its neighbours


def blocks_under(tree: LexborHTMLParser, headline: LexborNode | None) -> list[str]:
    """The lines of the element under the headline with the most text; [] where no block looks like text."""
    if tree.body is None:
        return []
    blocks = [block for block in _blocks(tree.body, headline) if block.linked <= _LINKED * len(block.text)]
    weights: Counter[int] = Counter()
    for block in blocks:
        if len(block.text) >= _TEXT:
            weights[block.container] += len(block.text)
    if not weights:
        return []
    # Take the first element with at least half of the largest amount: related stories come after the story.
    largest = max(weights.values())
    chosen = next(block.container for block in blocks if 2 * weights[block.container] >= largest)
    lines = [block.text for block in blocks if block.container == chosen]
    while lines and len(lines[0]) < _TEXT and lines[0][-1] not in '.!?”"':
        lines.pop(0)
    return lines


def _blocks(body: LexborNode, headline: LexborNode | None) -> Iterator[_Block]:
    """Runs of text between block elements and line breaks, from the headline on."""
    words: list[str] = []
    linked, block, is_below = 0, body, headline is None
    skipped_ids: set[int] = set()
    for count, node in enumerate(body.traverse(include_text=True)):
        if count > _NODES:
            break
        parent = node.parent
        is_skipped = parent is not None and parent.mem_id in skipped_ids
        if headline is not None and node.mem_id == headline.mem_id:
            is_below = True
            skipped_ids.add(node.mem_id)
            continue
        if node.tag == "-text":
            text = (node.text_content or "") if is_below and not is_skipped else ""
            holder = _block_of(node)
            if holder.mem_id != block.mem_id:
                yield from _finished(words, linked, block)
                words, linked, block = [], 0, holder
            words.append(text)
            linked += len(text) if parent is not None and _in_link(parent) else 0
            continue
        if is_skipped or (is_below and _is_aside(node)):
            skipped_ids.add(node.mem_id)
        if node.tag == "br":
            yield from _finished(words, linked, block)
            words, linked = [], 0
    yield from _finished(words, linked, block)


def _finished(words: list[str], linked: int, block: LexborNode) -> Iterator[_Block]:
    if text := one_line("".join(words)):
        container = block.parent if block.tag in ("p", "li", "blockquote", "h2", "h3", "h4") else block
        yield _Block(text, linked, (container or block).mem_id)


def _block_of(node: LexborNode) -> LexborNode:
    above = node.parent
    for _ in range(20):
        if above is None or above.tag in _BLOCKS or above.parent is None:
            break
        above = above.parent
    return above if above is not None else node


def _in_link(node: LexborNode) -> bool:
    above: LexborNode | None = node
    for _ in range(3):
        if above is None:
            return False
        if above.tag == "a":
            return True
        above = above.parent
    return False


def _is_aside(node: LexborNode) -> bool:
    if node.tag in _ASIDE_TAGS:
        return True
    names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
    return len(names) > 1 and node.tag not in ("body", "main", "article") and _ASIDE_NAMES.search(names) is not None
