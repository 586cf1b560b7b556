"""Foreign markup, text and addresses become ones that are safe to show.

Tags are scanned by hand, because a tree is not needed for text and because building one takes quadratic time
for some inputs: 40,000 nested <div> (200 kB) held lexbor for 2.7 s.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import idna

from bot.stories.reading.graphemes import cut_at_word

MAX_MARKUP = 200_000  # characters looked at; the longest summary or title that is shown needs a fraction of it
MAX_URL = 2_000
MAX_LINK = 8_000  # of a story; beyond Telegram's limit it is shown without a button
_MAX_MARKS = 8  # combining marks on one letter; the richest living orthographies use five

_BLOCK_NAMES = (
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol option p pre section summary table "
    "tbody td tfoot th thead title tr ul"
)
_SILENT_NAMES = "script style template noscript iframe object svg canvas audio video noembed noframes textarea select"
# Inside a line, and rare ones; what else looks like a tag and has no attributes is words in angle brackets.
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark nobr q s samp small span strike "
    "strong sub sup time tt u var wbr"
)
_OTHER_NAMES = (
    "annotation applet area base basefont bgsound blink button col colgroup datalist dir embed fieldset frame frameset "
    "image input keygen label link listing map marquee math meta meter mfrac mi mn mo mrow ms msqrt msub msup mtext "
    "optgroup output param picture plaintext progress rp rt ruby search semantics slot source track xmp"
)
_TITLE_BLOCK_NAMES = "blockquote br center div h1 h2 h3 h4 h5 h6 hr li ol p pre ul"
_INLINE = frozenset(_INLINE_NAMES.split())
_IN_TITLES = _INLINE | frozenset(_TITLE_BLOCK_NAMES.split())
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_SILENT = frozenset(_SILENT_NAMES.split())
_HTML_NAMES = _INLINE | _BLOCKS | _SILENT | frozenset(_OTHER_NAMES.split())
_TAG_START = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)")
_DECLARATION = re.compile(r"<[!?][A-Za-z]")
_TAG_BREAK = re.compile(r""">|=\s*(["'])""")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8}|[xX][0-9a-fA-F]{1,7});?|[A-Za-z][A-Za-z0-9]{1,31};)")
# A second layer of escaping is taken off only from what can hardly be meant literally.
_ESCAPED_AMPERSAND = re.compile(r"&(?:(?:amp|#0{0,4}38|#[xX]0{0,4}26);)+")
_SPACE = re.compile(r"\s+")
_CODE = re.compile(r"<(?:code|pre|kbd|samp|tt)[\s>]", re.IGNORECASE)
_ESCAPED_MARKUP = re.compile(
    r"</(?:a|b|i|u|em|strong|p|div|span|h[1-6]|ul|ol|li|font|figure|blockquote)\s*>|<(?:br|hr|img|p)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


_NEEDS_NO_ENCODING = re.compile(r"[\w!$&'()*+,;=:@/?~.-]*", re.ASCII)


def _ranges(*pairs: tuple[int, int]) -> list[int]:
    return [point for first, last in pairs for point in range(first, last + 1)]


# Controls, format characters and the invisible: nothing that a reader would miss, all that can hide or reorder text.
# Arabic number signs (U+0600..) are format characters too, but visible, so they stay.
_DROPPED: dict[int, str | None] = dict.fromkeys(
    _ranges(
        (0x00, 0x08),
        (0x0E, 0x1B),
        (0x7F, 0x84),
        (0x86, 0x9F),
        (0xAD, 0xAD),
        (0x034F, 0x034F),
        (0x061C, 0x061C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180E, 0x180E),
        (0x200B, 0x200B),
        (0x200E, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0xD800, 0xF8FF),  # lone surrogates; private use
        (0xFDD0, 0xFDEF),
        (0xFEFF, 0xFEFF),
        (0xFFF0, 0xFFFF),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE001F),
        (0xE0080, 0xE00FF),
        *((plane * 0x10000 + 0xFFFE, plane * 0x10000 + 0xFFFF) for plane in range(1, 17)),
    )
)
_DROPPED.update(dict.fromkeys((0x2800, 0x3164, 0xFFA0), " "))  # letters that look like blanks
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_JOINERS = re.compile("[\u200c\u200d]+")
_TAG_LETTERS = re.compile("(\U0001f3f4)?[\U000e0020-\U000e007f]+")
_JOINING_SCRIPTS = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc]"
)
_EMOJI = re.compile("[\u00a9\u00ae\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_ALTERNATIVE = re.compile(r"""(?<![\w-])alt\s*=\s*(?:"([^"]{1,20})"|'([^']{1,20})')""", re.IGNORECASE)
_LONGEST_EMOJI = 12  # code points: a family, a flag
_LONGEST_WORDS = 2_000  # characters of a tag that are looked at
_VIRAMA = 9  # canonical combining class


def plain_text(markup: str, limit: int | None = None, *, is_title: bool = False) -> str:
    """One line of plain text from HTML or text, escaped once or twice; at most `limit` characters, cut at a word.

    A title has no elements but those of a line: "<head>" in it is a word.
    """
    text = visible_text(markup[:MAX_MARKUP], is_title=is_title)
    if _ESCAPED_MARKUP.search(text) and not _CODE.search(markup, 0, MAX_MARKUP):
        text = visible_text(text, is_title=is_title)
    elif "&" in text:
        text = decode_references(text)
    return one_line(text, limit)


def plain_lines(markup: str) -> Iterator[str]:
    """The paragraphs of HTML or text as plain text, each one line; escaped once or twice."""
    markup = markup[:MAX_MARKUP]
    if "<" in markup:
        markup = _SPACE.sub(" ", markup)  # plain text has its paragraphs in its lines
    text = visible_text(markup, "\n")
    if _ESCAPED_MARKUP.search(text) and not _CODE.search(markup):
        text = visible_text(_SPACE.sub(" ", text), "\n")
    elif "&" in text:
        text = decode_references(text)
    return literal_lines(text)


def literal_lines(text: str) -> Iterator[str]:
    """The paragraphs of literal text, each one line."""
    return filter(None, map(one_line, text[:MAX_MARKUP].split("\n")))


def one_line(text: str, limit: int | None = None) -> str:
    """Literal text on one line: forbidden characters dropped, spaces single, NFC; cut at a word as in plain_text."""
    text = " ".join(text[:MAX_MARKUP].translate(_DROPPED).split())
    if limit is not None:
        text = text[: max(limit, 0) * 4 + 1_000]  # what follows can't be shown; the rest is work for nothing
    if not text.isascii():
        text = _TAG_LETTERS.sub(_flag_or_nothing, text)
        text = _JOINERS.sub(_joiner_or_nothing, text)
        text = " ".join(_composed(text).split())
    return text if limit is None else cut_at_word(text, limit)


def visible_text(markup: str, between_blocks: str = " ", *, is_title: bool = False) -> str:
    """The text of a piece of HTML with its character references decoded, `between_blocks` where blocks meet.

    Words in angle brackets that are no element stay, and so does the emoji that a picture stands for.

    Linear in the length of the input, whatever it holds.
    """
    if "<" not in markup:
        return decode_references(markup) if "&" in markup else markup
    shown: list[str] = []
    unclosed: set[str] = set()  # searched for once in vain: not to be searched for again
    position = 0
    while (start := markup.find("<", position)) >= 0:
        shown.append(markup[position:start])
        position, text = _after_markup(markup, start, unclosed, between_blocks, is_title)
        shown.append(text)
    shown.append(markup[position:])
    return decode_references("".join(shown))


def decode_references(text: str) -> str:
    """Character references decoded; a name needs its semicolon, so that "?a=1&copy=2" keeps its meaning."""
    return _REFERENCE.sub(_decoded, text)


def safe_url(url: str, base: str = "", limit: int = MAX_URL) -> str:
    """The absolute http(s) address, percent-encoded and with its host in ASCII, or "" if there is no safe one.

    Refused: other schemes, user names and passwords, control characters, more than `limit` characters. An "&" that was
    escaped more often than it was decoded is one "&".
    """
    url = url.strip(" \t\r\n\f\v\ufeff\u200b\xa0")
    if not url or len(url) > limit or _CONTROL.search(url):
        return ""
    if "&" in url:
        url = _ESCAPED_AMPERSAND.sub("&", url)
    try:
        parts = urlsplit(urljoin(base, url) if base and not url.startswith(("http://", "https://")) else url)
        host = _ascii_host(parts.hostname or "")
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or "\\" in parts.netloc:
        return ""
    netloc = host if port is None else f"{host}:{port}"
    try:
        safe = urlunsplit((parts.scheme, netloc, *map(_percent_encoded, (parts.path, parts.query, parts.fragment))))
    except UnicodeEncodeError:
        return ""
    return safe if len(safe) <= limit else ""


def _after_markup(markup: str, start: int, unclosed: set[str], between_blocks: str, is_title: bool) -> tuple[int, str]:
    """Where the markup that begins at `start` ends, and the text that it stands for."""
    if markup.startswith("<!--", start):
        end = _find(markup, "-->", start + 4, unclosed)
        end = end + 3 if end >= 0 else _find(markup, ">", start + 4, unclosed) + 1
        return (end, "") if end > 0 else (start + 4, "")
    if markup.startswith("<![CDATA[", start):
        end = _find(markup, "]]>", start + 9, unclosed)
        return (end + 3, markup[start + 9 : end]) if end >= 0 else (start + 9, "")
    if _DECLARATION.match(markup, start):
        end = _find(markup, ">", start, unclosed)
        return (end + 1, "") if end >= 0 else (start + 1, "<")
    tag = _TAG_START.match(markup, start)
    end = tag_end(markup, tag.end(), unclosed) if tag else -1
    if tag is None or end < 0:
        return start + 1, "<"
    name = tag[2].lower()
    rest = markup[tag.end() : min(end - 1, tag.end() + _LONGEST_WORDS)]
    if not _is_element(name, rest) or (is_title and not _is_for_titles(markup, start, end, name, rest)):
        return start + 1, "<"
    if name in _SILENT and not tag[1] and markup[end - 2] != "/":
        end = _after_silent(markup, name, end, unclosed)
    if name == "img":
        return end, _emoji_of(markup[tag.end() : min(end, tag.end() + _LONGEST_WORDS)])
    return end, between_blocks if name in _BLOCKS else ""


def _is_element(name: str, rest: str) -> bool:
    """Whether "<name rest>" is a tag, and not words between angle brackets: "<<Laskar>>", "A<B dan C>D"."""
    rest = rest.strip().removesuffix("/")
    if ":" in name or "-" in name or "=" in rest:
        return True
    return name in _HTML_NAMES and not (rest and name in ("a", "b", "i", "p", "q", "s", "u"))


def _is_for_titles(markup: str, start: int, end: int, name: str, rest: str) -> bool:
    """Whether a tag in a title is markup: of a line, with attributes, or one of a pair. "<head>" alone is a word."""
    if name in _IN_TITLES or "=" in rest:
        return True
    if markup.startswith("</", start):
        return f"<{name}" in markup[max(0, start - _LONGEST_WORDS) : start].lower()
    return f"</{name}" in markup[end : end + _LONGEST_WORDS].lower()


def _emoji_of(attributes: str) -> str:
    """The emoji that a picture is drawn for, as WordPress does."""
    found = _ALTERNATIVE.search(attributes)
    words = (found[1] or found[2] or "") if found else ""
    return words if len(words) <= _LONGEST_EMOJI and _EMOJI.match(words) else ""


def tag_end(markup: str, position: int, unclosed: set[str]) -> int:
    """The index after the ">" that ends a tag whose name ended at `position`; -1 if none does.

    `unclosed` remembers what was searched for in vain, which keeps a scan linear: one set per scan, which goes on from
    the end that it was given.
    """
    end = position
    while "quoted tag" not in unclosed and (found := _TAG_BREAK.search(markup, end)) is not None:
        quote_mark = found[1]
        if quote_mark is None:
            return found.end()
        closing = _find(markup, quote_mark, found.end(), unclosed)
        end = closing + 1 if closing >= 0 else found.end()
    unclosed.add("quoted tag")  # a quotation mark swallowed every ">" there is: from here on they are letters
    return _find(markup, ">", position, unclosed) + 1 or -1


def _find(markup: str, wanted: str, position: int, unclosed: set[str]) -> int:
    if wanted in unclosed:
        return -1
    found = markup.find(wanted, position)
    if found < 0:
        unclosed.add(wanted)
    return found


def _after_silent(markup: str, name: str, position: int, unclosed: set[str]) -> int:
    if name in unclosed:
        return position
    closing = re.compile(f"</{name}", re.IGNORECASE).search(markup, position)
    end = _find(markup, ">", closing.end(), unclosed) if closing else -1
    if end < 0:
        unclosed.add(name)
        return len(markup) if name in ("script", "style") else position
    return end + 1


def _decoded(reference: re.Match[str]) -> str:
    text = html.unescape(reference[0] if reference[0].endswith(";") else reference[0] + ";")
    return "" if text == "\ufffd" else text


def _composed(text: str) -> str:
    """NFC of a text whose runs of combining marks were capped: sorting a run takes quadratic time."""
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        if character >= "\u0300" and unicodedata.category(character)[0] == "M":
            run += 1
            if run > _MAX_MARKS:
                continue
        else:
            run = 0
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def _flag_or_nothing(match: re.Match[str]) -> str:
    """Tag letters spell the flags of regions after a black flag; anywhere else they are hidden text."""
    return match[0][:8] if match[1] else ""


def _joiner_or_nothing(match: re.Match[str]) -> str:
    """The first of a run of joiners, where it shapes letters or joins emoji; elsewhere it is an invisible character."""
    text = match.string
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 1]
    if _JOINING_SCRIPTS.match(before) and (_JOINING_SCRIPTS.match(after) or unicodedata.combining(before) == _VIRAMA):
        return match[0][0]
    emoji_before = _EMOJI.match(before) or before in ("\ufe0f", "\u20e3")
    return "\u200d" if "\u200d" in match[0] and before and emoji_before and _EMOJI.match(after) else ""


def _ascii_host(host: str) -> str:
    """The host in ASCII, lower case; "" if it can't be one."""
    if not host or len(host) > 253:
        return ""
    if ":" in host:  # urlsplit has seen the brackets
        return f"[{host}]" if re.fullmatch(r"[0-9a-f:.]+", host) else ""
    if not host.isascii():
        host = _encoded_host(host)
    return host if re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", host) else ""


def _encoded_host(host: str) -> str:
    """As browsers encode it: "ß" is a letter of its own. By the older rules where today's leave a sign out (emoji)."""
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return host.encode("idna").decode("ascii").lower()  # UnicodeError is a ValueError


def _percent_encoded(part: str) -> str:
    if _NEEDS_NO_ENCODING.fullmatch(part):  # most do; quote() was a tenth of the time that a feed takes
        return part
    encoded = quote(part, safe="%!$&'()*+,;=:@/?~")
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", encoded)
