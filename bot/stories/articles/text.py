"""The text of an article's page, paragraph by paragraph, without what stands around it. Pure; for a thread.

What is the page's text is decided by trafilatura (https://trafilatura.readthedocs.io). Of its answer goes what stands
before the headline, what a page repeats, and what belongs to the photo; where it has next to nothing, the blocks
under the headline are read.
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

MAX_MARKUP = 500_000  # characters without scripts and styles; trafilatura takes a second for the worst of this size
_SILENT = ("script", "style", "svg", "iframe", "template", "select", "button")
_SHORT = 600  # characters
_SENTENCE = 80  # characters; a shorter line may be a label
_REPEATED = 120  # characters; what is longer and repeated is a pulled quote, and stays once
_NEARLY_ALL = 0.8
_LABEL = 12  # letters; what is shorter may be a speaker's name, and is not judged by how often it stands
_MAX_AD = 80
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
    """The tree loses what is no text. `data` is the page's JSON-LD; `besides` are the photo's caption and credit."""
    _prune(tree, headline.node)
    lines = _extracted(tree, url)
    lines = _without_repeated(_from_the_headline_on(lines, tree, headline.node))
    if sum(map(len, lines)) < _SHORT:  # too little to tell from menus by statistics
        lines = _longer(blocks_under(tree, headline.node), lines)
    told = paragraphs_of(as_text(data.get("articleBody")))
    shown = story_lines(lines)
    is_loaded = sum(map(len, told)) > 1.5 * sum(map(len, shown))  # by a script
    shown = told if is_loaded else _agreed(shown, told)
    shown = without_opening(without_what_follows(shown), headline.text)
    folded = {one_line(each).casefold() for each in besides if each}
    kept = [line for line in shown if line.casefold() not in folded and not is_furniture(line)]
    return _without_heading(kept, _heading(headline))


def _heading(headline: Headline) -> str:
    """The letters of the whole heading that shows the headline, with the kicker beside it."""
    node = headline.node
    if node is None:
        return _key(headline.text)
    whole = next((above for above in _above(node)[:3] if above.tag in ("h1", "h2", "h3", "hgroup")), node)
    return _key(whole.text(separator=" "))


def _extracted(tree: LexborHTMLParser, url: str) -> list[str]:
    """What trafilatura takes for the text."""
    from trafilatura import bare_extraction  # 160 ms and 13 MB, for newsrooms that need it

    markup = (tree.html or "")[:MAX_MARKUP]
    try:
        document = bare_extraction(markup, url=url, include_comments=False, with_metadata=False)
    except Exception as error:  # whatever of a page breaks a library is the page's fault
        log.info("text_extraction_failed", url=url, error=repr(error)[:200])
        document = None
    lines = literal_lines(getattr(document, "text", None) or "")
    bare = (_INITIALS.sub("", _LIST_MARK.sub("", line)) for line in lines if not _TABLE_RULE.match(line))
    return list(filter(None, (line.strip("| ") if line.startswith("|") else line for line in bare)))


def _prune(tree: LexborHTMLParser, headline: LexborNode | None) -> None:
    """Take out what is no text, and advertisers' lines, which would be glued to the sentences beside them."""
    tree.strip_tags(list(_SILENT))
    if headline is not None and any(above.tag == "form" for above in _above(headline)):
        tree.unwrap_tags(["form"])  # ASP.NET's pages are one form; trafilatura drops forms with all that they hold
    if tree.body is None:
        return
    advertisers = [
        node
        for node in tree.body.css("p, div, span, b, strong, a, center, em, i, small, h4, h5, h6")
        if node.first_child is not None and len(text := node.text()) <= _MAX_AD and _AD.match(text.strip())
    ]
    for node in advertisers:
        if headline is None or not _contains(node, headline):
            node.decompose(recursive=True)


def _contains(node: LexborNode, inner: LexborNode) -> bool:
    return any(above.mem_id == node.mem_id for above in (inner, *_above(inner)))


def _above(node: LexborNode) -> list[LexborNode]:
    found = []
    above = node.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found


def _from_the_headline_on(lines: list[str], tree: LexborHTMLParser, headline: LexborNode | None) -> list[str]:
    """The lines without those at the beginning that stand before the headline, and nowhere after it."""
    if headline is None or tree.body is None or not lines:
        return lines
    before, after = _sides(tree.body, headline)
    for number, line in enumerate(lines):
        key = _key(line)
        if len(key) >= 4 and (key in after or key not in before):
            return lines[number:]
    return [] if len(after) > _SHORT else lines


def _sides(body: LexborNode, headline: LexborNode) -> tuple[str, str]:
    """The letters of the page before the headline, and those after it."""
    before: list[str] = []
    after: list[str] = []
    side = before
    for node in body.traverse(include_text=True):
        if node.mem_id == headline.mem_id:
            side = after
        if node.tag == "-text":
            side.append(node.text_content or "")
    return _key("".join(before)), _key("".join(after))


def _longer(under: list[str], lines: list[str]) -> list[str]:
    """The blocks under the headline, unless trafilatura found more there."""
    found, given = sum(map(len, under)), sum(map(len, lines))
    return under if found and (found > 0.6 * given or not given) else lines


def _agreed(shown: list[str], told: list[str]) -> list[str]:
    """The lines that the page's JSON-LD has too, where it has nearly all of them, and the standfirst."""
    body = _key("".join(told))
    in_body = [_key(line) in body for line in shown]
    first = in_body.index(True) if True in in_body else len(shown)
    agreed = [line for number, line in enumerate(shown) if number < first or in_body[number] or len(line) < _SENTENCE]
    return agreed if told and sum(map(len, agreed)) > _NEARLY_ALL * sum(map(len, shown)) else shown


def _without_heading(lines: list[str], heading: str) -> list[str]:
    """The lines without those that repeat the heading, or a part of it above the story."""
    first = next((number for number, line in enumerate(lines) if len(line) >= _SENTENCE), len(lines))
    keys = [_key(line) for line in lines]
    return [
        line
        for number, (line, key) in enumerate(zip(lines, keys, strict=True))
        if not (key == heading or (number < first and len(key) >= 8 and key in heading))
    ]


def _without_repeated(lines: list[str]) -> list[str]:
    """The lines without repetitions; what stands three times and is no sentence is the page's, and goes altogether."""
    keys = [_key(line) for line in lines]
    times = Counter(keys)
    seen: set[str] = set()
    kept = []
    for line, key in zip(lines, keys, strict=True):
        is_sentence = len(line) > _REPEATED or line[-1] in '.!?”"'
        if key and (key in seen or (times[key] > 2 and not is_sentence and len(key) >= _LABEL)):
            continue
        seen.add(key)
        kept.append(line)
    return kept


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold()))
