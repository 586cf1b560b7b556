"""Entities that a document declares for itself: <!ENTITY kota "Solo">. Short texts only, and bounded in sum.

Not read: files, markup, and entities made of others, which is how a document of a kilobyte becomes one of gigabytes.
"""

import html
import re
from html.entities import html5

_MAX_DECLARATIONS = 20_000  # characters of a DOCTYPE that are looked at
_MAX_EXPANDED = 100_000  # characters that all entities of a document add to it
_DECLARATION = re.compile(
    r"""<!ENTITY\s++([A-Za-z_][\w.-]{0,30})\s++(?:"([^"<]{0,200})"|'([^'<]{0,200})')\s*+>""", re.IGNORECASE
)
_REFERENCE = re.compile(r"&([A-Za-z_][\w.-]{0,30});")


class Entities:
    """Those of one document; what is read of it is given to `expanded` in its order."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._room = _MAX_EXPANDED

    def declare(self, doctype: str) -> None:
        """Take the declarations in a DOCTYPE; of two with one name the first counts."""
        for match in _DECLARATION.finditer(doctype, 0, _MAX_DECLARATIONS):
            value = match[2] or match[3] or ""
            text = html.unescape(value)
            if "<" not in text and all(f"{name};" in html5 for name in _REFERENCE.findall(value)):
                self._values.setdefault(match[1], html.escape(text, quote=False))

    def expanded(self, text: str) -> str:
        """The text with its entities replaced, their values escaped."""
        return _REFERENCE.sub(self._value, text) if self._values and "&" in text else text

    def _value(self, match: re.Match[str]) -> str:
        value = self._values.get(match[1], "")
        if not value or f"{match[1]};" in html5 or len(value) > self._room:
            return match[0]
        self._room -= len(value)
        return value
