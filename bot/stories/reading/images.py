"""Finds the picture that an HTML element shows, for feeds, lists and articles alike. Pure.

Many sites load pictures lazily: `src` holds a placeholder, and the picture's address is in a data attribute, in
`srcset`, in a <source> of the same <picture>, or in a <noscript> beside it.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from bot.stories.reading.cleaning import decode_references, safe_url, tag_end

MAX_SEARCHED = 100_000  # characters of markup that are searched for a picture
_MAX_TAG = 20_000  # characters of one tag
_MAX_SRCSET = 10_000
_CANDIDATES = 40  # per srcset
_WIDEST = 2_560  # pixels; Telegram scales larger photos down, and fetches at most 5 MB from a URL
_LOOKED_AT = 30  # pictures inside an element, examined

_LAZY = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-actualsrc", "data-orig-file",
    "data-large-file", "data-full-src", "data-hi-res-src", "data-image", "data-img", "data-url", "data-echo",
)  # fmt: skip
_SRCSETS = ("data-srcset", "data-lazy-srcset", "srcset", "data-original-set", "imagesrcset")
_OTHER_ATTRIBUTE = re.compile(r"placeholder|fallback|error|avatar|logo|icon|share|pin|link|href|ad-", re.IGNORECASE)
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?#!&@/])", re.IGNORECASE)
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s++([^,\s]*+)[^,]*+|\Z)")
_BACKGROUND = re.compile(r"url\(\s*['\"]?([^'\")\s]+)", re.IGNORECASE)
_TAG = re.compile(r"<(img|amp-img|source)(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])([a-z][\w:-]{0,40})\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE
)

_PLACEHOLDER_NAME = re.compile(
    r"(?:1x1|2x2|blank|blank[-_]?image|clear|dot|empty|grey|gr[ae]y[-_]?bg|lazy(?:[-_]?load(?:er|ing)?)?"
    r"|loader|loading|no[-_]?(?:image|photo|thumb(?:nail)?|pic)|pixel|place[-_]?holder|preload(?:er)?|px|spacer|trans"
    r"|transparent(?:[-_.]?pixel)?|white)(?:[-_.]?\d{1,4}(?:x\d{1,4})?)?",
    re.IGNORECASE,
)
_PLACEHOLDER_GIF = re.compile(r"transparent|placeholder|spacer|blank|pixel|loading|loader|lazy", re.IGNORECASE)
_ICON_NAME = re.compile(r"(?:fav|apple-touch-|touch-|share-|social-)?icons?(?:[-_.].*)?|avatars?(?:[-_.]?\d*)", re.I)
_ICON_PATH = re.compile(r"/(?:emojis?|emoticons?|smil(?:eys|ies)|icons|avatars?)/", re.IGNORECASE)
_ICON_CLASS = re.compile(r"\b(?:wp-smiley|emoji|emoticon|avatar|gravatar|icon)\b", re.IGNORECASE)
_ICON_HOST = re.compile(
    r"(?:^|\.)(?:gravatar\.com|feedburner\.com|doubleclick\.net|scorecardresearch\.com|google-analytics\.com"
    r"|stats\.wordpress\.com|pixel\.wp\.com|quantserve\.com|feedsportal\.com)$",
    re.IGNORECASE,
)
_SMALL = 32  # pixels; a smaller picture is an icon


def best_image(node: LexborNode | None, base: str) -> str:
    """The address of the picture that an element is or contains; "" for none, and for icons and tracking pixels."""
    if node is None:
        return ""
    if node.tag in ("img", "amp-img"):
        own = image_address(node.attributes, base)
        return own or _beside(node, base)
    pictures = list(_pictures_in(node))
    for tags in (("img", "amp-img"), ("source",)):
        for picture in pictures:
            if picture.tag in tags and (address := image_address(picture.attributes, base)):
                return address
    return image_address(node.attributes, base)


def first_image(markup: str, base: str) -> str:
    """The address of the first picture in unparsed HTML, or "". Linear."""
    markup, from_source = markup[:MAX_SEARCHED], ""
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
        from_source = from_source or address
    return from_source


def image_address(attributes: Mapping[str, str | None], base: str) -> str:
    """The address of the picture that an element with these attributes shows; "" for none, and for an icon."""
    if _is_declared_small(attributes) or _ICON_CLASS.search(attributes.get("class") or ""):
        return ""
    if (attributes.get("type") or "").lower() in ("video/mp4", "video/webm", "audio/mpeg"):
        return ""
    for address in _candidates(attributes):
        if (picture := safe_url(address, base)) and not is_decoration(picture):
            return picture
    return ""


def is_decoration(url: str) -> bool:
    """Whether an address looks like an icon, emoji, avatar, placeholder or tracking pixel."""
    parts = urlsplit(url)
    stem, _, kind = parts.path.rpartition("/")[2].rpartition(".")
    stem, kind = (stem, kind.lower()) if stem else (kind, "")
    if kind in ("svg", "ico", "js"):
        return True  # Telegram can't show these as photos
    if _ICON_HOST.search(parts.hostname or "") or _ICON_PATH.search(parts.path):
        return True
    if _PLACEHOLDER_NAME.fullmatch(stem) or _ICON_NAME.fullmatch(stem):
        return True
    return kind == "gif" and (len(stem) <= 2 or _PLACEHOLDER_GIF.search(stem) is not None)


def _candidates(attributes: Mapping[str, str | None]) -> Iterator[str]:
    """Possible addresses of the picture, the best first."""
    for name in _SRCSETS:
        if address := _widest(attributes.get(name) or ""):
            yield address
    for name in (*_LAZY, "src"):
        if _is_address(value := attributes.get(name) or ""):
            yield value
    for name, content in attributes.items():
        if name.startswith("data-") and content and len(content) < 2_000 and not _OTHER_ATTRIBUTE.search(name):
            if "srcset" in name and (address := _widest(content)):
                yield address
            elif _PICTURE_NAME.search(content) and _is_address(content) and " " not in content.strip():
                yield content
    for name in ("data-bg", "style"):
        if (background := _BACKGROUND.search((attributes.get(name) or "")[:2_000])) and _is_address(background[1]):
            yield background[1]


def _is_address(value: str) -> bool:
    value = value.strip()
    return bool(value) and not value.startswith(("data:", "blob:", "{", "[", "#")) and "{" not in value


def _widest(srcset: str) -> str:
    """The widest picture of a srcset up to _WIDEST; the narrowest where all are wider. "" without any."""
    best, best_width = "", 0.0
    for count, match in enumerate(_CANDIDATE.finditer(srcset[:_MAX_SRCSET])):
        address, descriptor = match[1], match[2] or ""
        if count >= _CANDIDATES:
            break
        if not _is_address(address):
            continue
        width = _width(descriptor)
        fits, is_better = width <= _WIDEST, width > best_width
        if not best or (fits and (is_better or best_width > _WIDEST)) or (not fits and width < best_width):
            best, best_width = address, width
    return best


def _width(descriptor: str) -> float:
    """The number in a srcset descriptor such as "800w" or "2x"; 0.0 without one."""
    try:
        return min(float(descriptor[:-1]), 1e6) if descriptor[-1:] in ("w", "x", "h") else 0.0
    except ValueError:
        return 0.0


def _is_declared_small(attributes: Mapping[str, str | None]) -> bool:
    sizes = [(attributes.get(name) or "").strip().removesuffix("px") for name in ("width", "height")]
    pixels = [int(size) for size in sizes if size.isascii() and size.isdigit() and len(size) < 6]
    return any(size <= 1 for size in pixels) or (len(pixels) == 2 and max(pixels) <= _SMALL)


def _pictures_in(node: LexborNode) -> Iterator[LexborNode]:
    yield from node.css("img, amp-img, source")[:_LOOKED_AT]


def _beside(image: LexborNode, base: str) -> str:
    """The picture of an <img> without an address: from its <picture>, or from the <noscript> that follows."""
    parent = image.parent
    if parent is not None and parent.tag == "picture":
        for picture in _pictures_in(parent):
            if picture.tag == "source" and (address := image_address(picture.attributes, base)):
                return address
        image, parent = parent, parent.parent
    following = image.next
    while following is not None and following.tag in ("-text", "-comment"):
        following = following.next
    return best_image(following, base) if following is not None and following.tag == "noscript" else ""
