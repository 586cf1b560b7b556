"""Summaries: the first sentences of a story, as it wrote them.

News is written with what matters first. On 3,743 Indonesian articles with summaries by people the first three sentences
score 66 in ROUGE-1, and three well-known ways of choosing sentences 43 to 47; so what is chosen here is what is *not*
the beginning of the story: datelines, bylines, captions, "Baca juga".
"""

import re
from collections.abc import Iterator

from bot.stories.cleaning import MAX_MARKUP, one_line, visible_text
from bot.stories.graphemes import cut_at_word

LIMIT = 300  # characters; what a card shows
SENTENCES = 3
_SHORT = 25  # characters; a shorter paragraph is a label, a name or a place

_SPACE = re.compile(r"\s+")
_OPENINGS = (
    r"baca(?:\s+juga|\s+selengkapnya)?\b, lihat juga, simak(?: juga)?(?: video)?\b, tonton(?: juga)?\b, "
    r"pilihan redaksi, artikel terkait, berita terkait, read (?:also|more|next), also read, see also, related\b, "
    r"advertisement, iklan\b, scroll to continue, lanjutkan membaca, gambas:, \[gambas, video:, foto:, photo:, "
    r"ilustrasi\b, caption\b, copyright, ©, dapatkan (?:berita|update), ikuti (?:kami|saluran|berita), follow us, "
    r"subscribe, bagikan\b, share\b"
)
_NOT_THE_STORY = re.compile(rf"^\W*(?:{_OPENINGS.replace(', ', '|')})", re.IGNORECASE)
_BYLINE = re.compile(
    r"^\W*(?:penulis|editor|reporter|pewarta|wartawan|kontributor|laporan wartawan|written by|reported by"
    r"|edited by|oleh\s*:|by\s*:|laporan\s*:|sumber\s*:|source\s*:)\s*[:|/]?\s*[^.!?]{2,80}$",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"[(\[](?:baca|lihat|simak|read|see)\s+(?:juga|also|more)?\b[^)\]]{0,200}[)\]]", re.IGNORECASE)
_DASH = r"\s*(?:—|–|--|\s-(?=\s))\s*"
_PLACE = r"[A-Z][\w.'’/]*(?:[ -][A-Z][\w.'’/]*){0,3}"
_DATELINE = re.compile(
    rf"^(?:{_PLACE}(?:\s*,\s*{_PLACE}){{0,2}}(?:\s*,?\s*\([^)]{{1,40}}\))?|\([^)]{{1,40}}\)){_DASH}(?=\S)"
)
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’')\]]*+(?=\s+[\"“‘'(\[]?[A-Z0-9À-Þ])|[।。！？؟]+[”」』]*\s*")
_ABBREVIATION = 20  # characters
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"“])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|dr|drs|dra|ir|prof|h|hj|kh|tn|ny|sdr|jl|jln|no|nomor|tgl|hlm|dll|dsb"
    r"|dkk|yth|a\.n|u\.b|mr|mrs|ms|st|jr|sr|vs|gen|sen|rep|gov|col|lt|sgt|jend|brigjen|irjen|kombes|kompol|akp|akbp|ipda"
    r"|letjen|mayjen|serka|rp|sh|mh|se|mm|msi|m\.si|s\.h|s\.e|s\.pd|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.$",
    re.IGNORECASE,
)


def summary_of(markup: str, title: str = "", limit: int = LIMIT) -> str:
    """At most `limit` characters of whole sentences from the beginning of a story's HTML or text."""
    chosen = ""
    for count, sentence in enumerate(_sentences(markup, title)):
        longer = f"{chosen} {sentence}".strip()
        if count >= SENTENCES or (chosen and len(longer) > limit):
            break
        chosen = longer
    return cut_at_word(chosen, limit)


def condensed(text: str, title: str = "", limit: int = LIMIT) -> str:
    """A summary that is too long, made shorter by whole sentences; one that fits stays as it is."""
    return text if len(text) <= limit else summary_of(text, title, limit)


def sentences_of(text: str) -> list[str]:
    """The sentences of one paragraph of plain text."""
    found, start = [], 0
    for end in _END.finditer(text):
        before = text[max(start, end.start() - _ABBREVIATION) : end.start() + 1]
        if text[end.start()] == "." and _ABBREVIATED.search(before):
            continue
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [each for each in found if each]


def paragraphs_of(markup: str) -> list[str]:
    """The paragraphs of a story's HTML, as plain text, without those that are not the story."""
    flat = _SPACE.sub(" ", markup[:MAX_MARKUP])
    if "<" not in flat and "\n" in markup:
        flat = markup[:MAX_MARKUP]  # plain text has its paragraphs in its lines
    lines = (one_line(_ASIDE.sub(" ", line)) for line in visible_text(flat, "\n").split("\n"))
    return [line for line in lines if line and not _NOT_THE_STORY.match(line) and not _BYLINE.match(line)]


def _sentences(markup: str, title: str) -> Iterator[str]:
    paragraphs = paragraphs_of(markup)
    if any(len(each) >= _SHORT for each in paragraphs):
        paragraphs = [each for each in paragraphs if len(each) >= _SHORT or each[-1] in '.!?”"']
    for number, paragraph in enumerate(paragraphs):
        if paragraph.casefold() == title.casefold():
            continue
        yield from sentences_of(without_dateline(paragraph) if number < 2 else paragraph)


def without_dateline(text: str) -> str:
    """A first paragraph without the place, date or agency that it opens with: "JAKARTA (ANTARA) — "."""
    found = _DATELINE.match(text)
    if found is None:
        return text
    rest = text[found.end() :]
    opening = found[0].rstrip(" -–—")
    # "Indonesia - Malaysia bermain imbang" opens with a pair, not a place: a lone hyphen needs a sign of a dateline.
    sure = re.search(r"[—–]|--|[,()]|\.\w{2,4}\b|\b[A-Z]{3,}\b", found[0]) or " " not in opening
    return rest if sure and len(rest) >= _SHORT else text
