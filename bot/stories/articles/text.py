"""The text of an article's page, paragraph by paragraph, without what stands around it. Pure; for a thread."""

import re
from typing import Any

import structlog
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.linked_data import as_text
from bot.stories.reading.cleaning import one_line
from bot.stories.reading.summaries import paragraphs_of

log = structlog.get_logger("kabar.articles")

MAX_MARKUP = 500_000  # characters without scripts and styles; trafilatura takes a second for the worst of this size
_SILENT = ("script", "style", "svg", "iframe", "template", "form", "select", "button")
_SHORT = 600  # characters
_ASIDE = ("footer", "aside", "nav", "header", "figure", "figcaption", "li")
_LIST_MARK = re.compile(r"^[-•*]\s+")
_PAGER = re.compile(r"^(?:halaman|page|laman)\b[\s\d:/.]*(?:selanjutnya|berikutnya|next|all)?$", re.IGNORECASE)
_TAGS = re.compile(r"^(?:tags?|topik|kata kunci|keywords?)\s*:?(?:\s|$)", re.IGNORECASE)
_FOLLOWS = re.compile(
    r"^(?:komentar|comments?|kommentare|tanggapan pembaca|berita lain(?:nya)?|(?:berita|artikel) terkait|jajak pendapat"
    r"|related (?:stories|articles|news)|more from|rekomendasi)\b.{0,25}$",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\s*[(\[][a-z]{2,4}(?:/[a-zA-Z]{2,4}){1,2}[)\]]\.?$")  # of reporter and editor


def paragraphs(tree: LexborHTMLParser, data: dict[str, Any], url: str, besides: set[str]) -> list[str]:
    """The tree loses what is no text. `data` is the page's JSON-LD; `besides` are lines near the text: title, caption.

    What is the page's text is decided by trafilatura (https://trafilatura.readthedocs.io).
    """
    from trafilatura import bare_extraction  # 160 ms and 13 MB, for newsrooms that need it

    tree.strip_tags(list(_SILENT))
    markup = (tree.html or "")[:MAX_MARKUP]
    try:
        document = bare_extraction(markup, url=url, include_comments=False, include_tables=False, with_metadata=False)
    except Exception as error:  # whatever of a page breaks a library is the page's fault
        log.info("text_extraction_failed", url=url, error=repr(error)[:200])
        document = None
    text = getattr(document, "text", None) or ""
    if len(text) < _SHORT:  # too little to tell from menus by statistics
        text = "\n".join(one_line(node.text(separator=" ")) for node in tree.css("p") if not _is_aside(node)) or text
    told = paragraphs_of(as_text(data.get("articleBody")))
    shown = paragraphs_of(text)
    if sum(map(len, told)) > 1.5 * sum(map(len, shown)):  # the page loads its text by a script
        shown = told
    shown = _without_what_follows(shown)
    lines = (_INITIALS.sub("", _LIST_MARK.sub("", line)) for line in shown)
    folded = {one_line(each).casefold() for each in besides if each}
    return [
        line for line in lines if line.casefold() not in folded and not _PAGER.match(line) and not _TAGS.match(line)
    ]


def _without_what_follows(lines: list[str]) -> list[str]:
    """The lines up to the readers' comments or the lists of other stories."""
    for number, line in enumerate(lines):
        if _FOLLOWS.match(line) and sum(map(len, lines[:number])) > 4 * sum(map(len, lines[number:])):
            return lines[:number]
    return lines


def _is_aside(node: LexborNode) -> bool:
    above = node.parent
    for _ in range(12):
        if above is None or above.tag in ("article", "main", "body"):
            return False
        if above.tag in _ASIDE:
            return True
        above = above.parent
    return False
