"""Which picture an element shows: one answer for feeds, lists and articles. Pure.

Many sites load pictures late: what stands in `src` is a placeholder, the picture is in an attribute of a script, in
`srcset`, in a <source> of the same <picture>, or in a <noscript> beside it.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from bot.stories.reading.cleaning import decode_references, safe_url, tag_end

MAX_SEARCHED = 100_000  # characters of markup in which a picture is looked for
_MAX_TAG = 20_000  # characters of one tag
_MAX_SRCSET = 10_000
_CANDIDATES = 40  # of one srcset
_WIDEST = 2_560  # pixels; Telegram shows no more, and takes a photo of 5 MB at most from an address
_LOOKED_AT = 30  # elements inside one

_LAZY = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-actualsrc", "data-orig-file",
    "data-large-file", "data-full-src", "data-hi-res-src", "data-image", "data-img", "data-url", "data-echo",
)  # fmt: skip
_SRCSETS = ("data-srcset", "data-lazy-srcset", "srcset", "data-original-set", "imagesrcset")
_NOT_THE_PICTURE = re.compile(r"placeholder|fallback|error|avatar|logo|icon|share|pin|link|href|ad-", re.IGNORECASE)
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?#!&@/])", re.IGNORECASE)
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s++([^,\s]*+)[^,]*+|\Z)")
_BACKGROUND = re.compile(r"url\(\s*['\"]?([^'\")\s]+)", re.IGNORECASE)
_TAG = re.compile(r"<(img|amp-img|source)(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])([a-z][\w:-]{0,40})\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE
)

_EMPTY_NAME = re.compile(
    r"(?:1x1|2x2|blank|blank[-_]?image|clear|dot|empty|grey|gr[ae]y[-_]?bg|lazy(?:[-_]?load(?:er|ing)?)?"
    r"|loader|loading|no[-_]?(?:image|photo|thumb(?:nail)?|pic)|pixel|place[-_]?holder|preload(?:er)?|px|spacer|trans"
    r"|transparent(?:[-_.]?pixel)?|white)(?:[-_.]?\d{1,4}(?:x\d{1,4})?)?",
    re.IGNORECASE,
)
_EMPTY_GIF = re.compile(r"transparent|placeholder|spacer|blank|pixel|loading|loader|lazy", re.IGNORECASE)
_SIGN_NAME = re.compile(r"(?:fav|apple-touch-|touch-|share-|social-)?icons?(?:[-_.].*)?|avatars?(?:[-_.]?\d*)", re.I)
_SIGN_PATH = re.compile(r"/(?:emojis?|emoticons?|smil(?:eys|ies)|icons|avatars?)/", re.IGNORECASE)
_SIGN_CLASS = re.compile(r"\b(?:wp-smiley|emoji|emoticon|avatar|gravatar|icon)\b", re.IGNORECASE)
_SIGN_HOST = re.compile(
    r"(?:^|\.)(?:gravatar\.com|feedburner\.com|doubleclick\.net|scorecardresearch\.com|google-analytics\.com"
    r"|stats\.wordpress\.com|pixel\.wp\.com|quantserve\.com|feedsportal\.com)$",
    re.IGNORECASE,
)
_SMALL = 32  # pixels; a picture that is declared smaller is a sign


def best_image(node: LexborNode | None, base: str) -> str:
    """The address of the picture that an element is or holds; "" where it has none, or only signs and pixels."""
    if node is None:
        return ""
    if node.tag in ("img", "amp-img"):
        own = image_address(node.attributes, base)
        return own or _beside(node, base)
    held = list(_held(node))
    for wanted in (("img", "amp-img"), ("source",)):
        for each in held:
            if each.tag in wanted and (address := image_address(each.attributes, base)):
                return address
    return image_address(node.attributes, base)


def first_image(markup: str, base: str) -> str:
    """The same for a piece of HTML that is no tree: the first picture in it. Linear."""
    markup, later = markup[:MAX_SEARCHED], ""
    unclosed: set[str] = set()
    end = 0
    while start := _TAG.search(markup, end):
        end = tag_end(markup, start.end(), unclosed)
        if end < 0:
            break
        attributes: dict[str, str | None] = {}
        for name, *values in _ATTRIBUTE.findall(markup[start.end() : min(end, start.end() + _MAX_TAG)]):
            attributes.setdefault(name.lower(), decode_references(next(filter(None, values), "")))
        address = image_address(attributes, base)
        if address and start[1].lower() != "source":
            return address
        later = later or address
    return later


def image_address(attributes: Mapping[str, str | None], base: str) -> str:
    """The address of the picture that an <img>, <source> or element with these attributes shows; "" for a sign."""
    if _is_declared_small(attributes) or _SIGN_CLASS.search(attributes.get("class") or ""):
        return ""
    if (attributes.get("type") or "").lower() in ("video/mp4", "video/webm", "audio/mpeg"):
        return ""
    for address in _candidates(attributes):
        if (found := safe_url(address, base)) and not is_decoration(found):
            return found
    return ""


def is_decoration(url: str) -> bool:
    """Whether an address is one of a sign, an emoji, a portrait, a placeholder or a counting pixel by its name."""
    parts = urlsplit(url)
    stem, _, kind = parts.path.rpartition("/")[2].rpartition(".")
    stem, kind = (stem, kind.lower()) if stem else (kind, "")
    if kind in ("svg", "ico", "js"):
        return True  # Telegram shows none of them
    if _SIGN_HOST.search(parts.hostname or "") or _SIGN_PATH.search(parts.path):
        return True
    if _EMPTY_NAME.fullmatch(stem) or _SIGN_NAME.fullmatch(stem):
        return True
    return kind == "gif" and (len(stem) <= 2 or _EMPTY_GIF.search(stem) is not None)


def _candidates(attributes: Mapping[str, str | None]) -> Iterator[str]:
    """What may be the picture's address, the best first."""
    for name in _SRCSETS:
        if address := _widest(attributes.get(name) or ""):
            yield address
    for name in (*_LAZY, "src"):
        if _is_address(value := attributes.get(name) or ""):
            yield value
    for name, given in attributes.items():
        if name.startswith("data-") and given and len(given) < 2_000 and not _NOT_THE_PICTURE.search(name):
            if "srcset" in name and (address := _widest(given)):
                yield address
            elif _PICTURE_NAME.search(given) and _is_address(given) and " " not in given.strip():
                yield given
    for name in ("data-bg", "style"):
        if (background := _BACKGROUND.search((attributes.get(name) or "")[:2_000])) and _is_address(background[1]):
            yield background[1]


def _is_address(value: str) -> bool:
    value = value.strip()
    return bool(value) and not value.startswith(("data:", "blob:", "{", "[", "#")) and "{" not in value


def _widest(srcset: str) -> str:
    """The widest picture of a srcset that is not too wide; where all are, the narrowest."""
    best, best_width = "", 0.0
    for count, match in enumerate(_CANDIDATE.finditer(srcset[:_MAX_SRCSET])):
        address, described = match[1], match[2] or ""
        if count >= _CANDIDATES:
            break
        if not _is_address(address):
            continue
        width = _width(described)
        fits, is_better = width <= _WIDEST, width > best_width
        if not best or (fits and (is_better or best_width > _WIDEST)) or (not fits and width < best_width):
            best, best_width = address, width
    return best


def _width(described: str) -> float:
    """What a srcset says of a picture: "800w", "2x"."""
    try:
        return min(float(described[:-1]), 1e6) if described[-1:] in ("w", "x", "h") else 0.0
    except ValueError:
        return 0.0


def _is_declared_small(attributes: Mapping[str, str | None]) -> bool:
    sizes = [(attributes.get(name) or "").strip().removesuffix("px") for name in ("width", "height")]
    known = [int(size) for size in sizes if size.isascii() and size.isdigit() and len(size) < 6]
    return any(size <= 1 for size in known) or (len(known) == 2 and max(known) <= _SMALL)


def _held(node: LexborNode) -> Iterator[LexborNode]:
    yield from node.css("img, amp-img, source")[:_LOOKED_AT]


def _beside(image: LexborNode, base: str) -> str:
    """The picture of an <img> without one: in the <noscript> after it or around it, or in its <picture>."""
    around = image.parent
    if around is not None and around.tag == "picture":
        for each in _held(around):
            if each.tag == "source" and (address := image_address(each.attributes, base)):
                return address
        image, around = around, around.parent
    following = image.next
    while following is not None and following.tag in ("-text", "-comment"):
        following = following.next
    return best_image(following, base) if following is not None and following.tag == "noscript" else ""
