"""Which picture an entry of a feed shows, and its caption: from Media RSS, a thumbnail, an enclosure, or its text."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.stories.items import captioned
from bot.stories.reading.cleaning import decode_references, plain_text, safe_url
from bot.stories.reading.feed_items import CAPTION_LIMIT, NAME_LIMIT
from bot.stories.reading.feed_links import text_of
from bot.stories.reading.figures import without_captions
from bot.stories.reading.images import first_image, is_decoration

_WIDEST = 2_560  # pixels; beyond it a picture is an original that Telegram may refuse
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif)(?:$|[?#])", re.IGNORECASE)


def picture_of(entry: Any, bodies: Sequence[tuple[str, str]], base: str) -> tuple[str, str]:
    """The address of the picture and its caption, or ""; `bodies` are pieces of HTML with their base addresses."""
    picture, caption = _media(entry, base)
    if not picture:
        picture = next(filter(None, (usable_picture(each, base) for each in _attached(entry))), "")
    for markup, its_base in bodies if not (picture and caption) else ():
        its_caption = caption or without_captions(markup)[1]
        if "<" not in markup or (picture and not its_caption):
            continue
        shown = first_image(markup, its_base)
        if shown and picture in ("", shown):
            return shown, its_caption
    return picture, caption


def usable_picture(address: str, base: str) -> str:
    """The picture's address; "" if it is none, or one of an emoji, a portrait, an icon or a counting pixel."""
    url = safe_url(decode_references(address), base)
    return "" if not url or is_decoration(url) else url


def looks_like_picture(url: str, media_type: str, medium: str = "") -> bool:
    """Whether what a feed attaches is a picture, by its declared type or, where none is declared, by its name."""
    if medium or "/" in media_type:
        return medium.lower() == "image" or media_type.lower().startswith("image/")
    return bool(_PICTURE_NAME.search(url))


def _media(entry: Any, base: str) -> tuple[str, str]:
    """The picture of Media RSS that is the default one, or else the widest; and its caption if it can be no other's."""
    media = [each for each in dict.get(entry, "media_content", []) if isinstance(each, dict)]
    pictures = [
        (each, url)
        for each in media
        if looks_like_picture(text_of(each, "url"), text_of(each, "type"), text_of(each, "medium"))
        and (url := usable_picture(text_of(each, "url"), base))
    ]
    if not pictures:
        return "", ""
    best, url = max(pictures, key=lambda picture: (_is_default(picture[0]), _width(picture[0])))
    return url, _caption(entry) if best is pictures[0][0] else ""


def _is_default(media: Any) -> bool:
    return text_of(media, "isdefault").strip().lower() in ("true", "1", "yes")


def _width(media: Any) -> int:
    width = text_of(media, "width")
    pixels = int(width) if width.isdecimal() and len(width) < 6 else 0
    return pixels if pixels <= _WIDEST else 0


def _caption(entry: Any) -> str:
    """The first picture's caption and credit."""
    named = [text_of(each, "content") for each in dict.get(entry, "media_credit", []) if isinstance(each, dict)]
    credit = plain_text(named[0], NAME_LIMIT) if named else ""
    return captioned(plain_text(text_of(entry, "media_caption"), CAPTION_LIMIT), credit)


def _attached(entry: Any) -> Iterator[str]:
    """Addresses of thumbnails, the widest first, of enclosed pictures, a site's own element and the entry's image."""
    thumbnails = [each for each in dict.get(entry, "media_thumbnail", []) if isinstance(each, dict)]
    for each in sorted(thumbnails, key=_width, reverse=True):
        yield text_of(each, "url")
    for link in dict.get(entry, "links", []):
        href = text_of(link, "href")
        if dict.get(link, "rel") == "enclosure" and looks_like_picture(href, text_of(link, "type")):
            yield href
    yield text_of(entry, "thumb")  # feed_markup's name for a site's own element
    image = dict.get(entry, "image")
    if isinstance(image, dict):
        yield text_of(image, "href") or text_of(image, "url")
