"""Separates picture captions from a story's HTML, so that none becomes its first sentence. Pure and linear."""

import re

from bot.stories.reading.cleaning import MAX_MARKUP, plain_text

_LONGEST = 2_000  # characters of a caption's markup
_LIMIT = 300  # characters of the caption that is returned
_OPENING = re.compile(r"<(figcaption|p|div|span|small|em|dd|cite)(?=[\s>])([^<>]{0,500})>", re.IGNORECASE)
_CAPTION_CLASS = re.compile(
    r"""class\s*=\s*["']?[^"'>]*\b(?:[\w-]*caption(?:-text)?|keterangan-foto)\b""", re.IGNORECASE
)
_PICTURE = re.compile(r"<(?:img|amp-img|picture|iframe|video)\b", re.IGNORECASE)


def without_captions(markup: str) -> tuple[str, str]:
    """The HTML without captions, and the first caption as plain text, including its credit ("" without one)."""
    markup = markup[:MAX_MARKUP]
    if "caption" not in markup and "keterangan-foto" not in markup and "CAPTION" not in markup:
        return markup, ""
    remaining: list[str] = []
    caption, position = "", 0
    for opening in _OPENING.finditer(markup):
        is_caption = opening[1].lower() == "figcaption" or _CAPTION_CLASS.search(opening[2])
        if not is_caption or opening.start() < position:
            continue
        closing = _closing(markup, opening)
        inside = markup[opening.end() : closing]
        if closing < 0 or _PICTURE.search(inside):  # the container of picture and caption
            continue
        caption = caption or plain_text(inside, _LIMIT)
        remaining.append(markup[position : opening.start()])
        position = closing
    remaining.append(markup[position:])
    return "".join(remaining), caption


def _closing(markup: str, opening: re.Match[str]) -> int:
    """The position of the caption's end tag; -1 where there is none within _LONGEST characters."""
    following = markup[opening.end() : opening.end() + _LONGEST]
    end_tag = re.search(rf"</{opening[1]}\s*>", following, re.IGNORECASE)
    return opening.end() + end_tag.start() if end_tag else -1
