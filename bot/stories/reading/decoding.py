"""The bytes of a document become text, in the encoding that it really has."""

import codecs
import re
from functools import cache

from bot.stories.reading.encoding_labels import codec_of

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNMARKED = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_META = re.compile(rb"""<meta\s[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_HIGH = bytes(range(0x80, 0x100))
_FEW = 20  # one character in so many of those beyond ASCII may be damaged, and the encoding still be the right one
_PART = 50_000  # bytes
_MULTI_BYTE = ("gb", "big5", "euc", "cp932", "cp949", "iso2022", "hz", "johab", "shift")


def decode(body: bytes, content_type: str = "") -> str:
    """The text of `body`, never failing: byte order mark, then HTTP, then the declaration, then UTF-8, then cp1252.

    Whatever was declared, bytes that are multi-byte UTF-8 throughout are UTF-8: a server's default of latin-1 on
    UTF-8 documents is common, the opposite accident does not happen. Where no encoding fits without a fault, a declared
    one that fits but for a few damaged bytes does.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").removeprefix("\ufeff")
    for start, name in _UNMARKED:
        if body.startswith(start):
            return body.decode(name, "replace")
    declared = _declared(body, content_type)
    escaped = [each for each in declared if each.startswith("iso2022") and b"\x1b" in body]  # ASCII to look at
    for name in (*escaped, "utf-8", *declared):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    allowed = (len(body) - len(body.translate(None, _HIGH))) // _FEW
    for name in (*escaped, "utf-8", *(each for each in declared if each.startswith(_MULTI_BYTE))):
        if (damaged := _with_few_faults(body, name, allowed)) is not None:
            return damaged
    single = next((each for each in declared if not each.startswith(("utf", *_MULTI_BYTE))), "cp1252")
    return codecs.charmap_decode(body, "strict", _table(single))[0]


def _with_few_faults(body: bytes, name: str, allowed: int) -> str | None:
    """The text with its faults replaced, None if there are more; it stops there, since a fault takes a microsecond."""
    decoder = codecs.getincrementaldecoder(name)("replace")
    parts, faults = [], 0
    for start in range(0, len(body), _PART):
        parts.append(decoder.decode(body[start : start + _PART], start + _PART >= len(body)))
        faults += parts[-1].count("\ufffd")
        if faults > allowed:
            return None
    return "".join(parts)


@cache
def _table(name: str) -> str:
    """A one-byte encoding as its 256 characters; bytes that it leaves out are control characters, as in browsers."""
    characters = [bytes([byte]).decode(name, "replace") for byte in range(256)]
    return "".join(chr(byte) if character == "\ufffd" else character for byte, character in enumerate(characters))


def _declared(body: bytes, content_type: str) -> list[str]:
    """The encodings named by HTTP and by the document, as codecs."""
    head = body[:2_000]
    http = _CHARSET.search(content_type)
    inside = _DECLARED.search(head) or _META.search(head)
    names = [http[1] if http else "", inside[1].decode("ascii", "ignore") if inside else ""]
    return list(filter(None, map(codec_of, filter(None, names))))
