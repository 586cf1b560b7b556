"""Cutting text where a reader sees an end: at a word, never inside what is drawn as one character."""

import re
import unicodedata

_TRAILING = " ,;:–—-([{\"'“‘«/"
_ZWJ = "\u200d"
_VIRAMA = 9  # canonical combining class
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]+$")


def cut_at_word(text: str, limit: int) -> str:
    """`text` if it has at most `limit` characters (code points), else its beginning with "…", within `limit` too.

    The cut is before a word unless that would lose more than half; then it is between two graphemes.
    """
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    end = limit - 1
    space = text.rfind(" ", 0, end + 1)
    if space >= limit // 2:
        end = space
    else:
        while end > 0 and not _boundary(text, end):
            end -= 1
    return text[:end].rstrip(_TRAILING) + "…"


def _boundary(text: str, index: int) -> bool:
    """Whether a grapheme can end before `index`. Rather too few boundaries than one inside an emoji or a letter."""
    before, after = text[index - 1], text[index]
    if before == _ZWJ or after in (_ZWJ, "\u200c") or unicodedata.category(after)[0] == "M":
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return False  # skin tones; the letters of a region's flag
    if "\u1160" <= after <= "\u11ff" or unicodedata.combining(before) == _VIRAMA:
        return False  # Hangul vowels and finals; conjuncts
    if "\U0001f1e6" <= after <= "\U0001f1ff":
        run = _REGIONAL.search(text, max(0, index - 64), index)
        return run is None or len(run[0]) % 2 == 0
    return True
