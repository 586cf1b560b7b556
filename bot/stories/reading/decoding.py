"""The bytes of a document become text, in the encoding that it really has."""

import codecs
import re

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
# Python's other codecs are no encodings of text, or (idna, punycode) take quadratic time.
_TEXT_CODEC = re.compile(
    r"utf-8|utf-16|utf-32|ascii|iso8859|latin|cp\d|windows|koi8|gb|big5|euc|shift|mac|tis|hz|iso2022|johab|ptcp"
)
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}


def decode(body: bytes, content_type: str = "") -> str:
    """The text of `body`, never failing: byte order mark, then HTTP, then the declaration, then UTF-8, then cp1252.

    Whatever was declared, bytes that are multi-byte UTF-8 throughout are UTF-8: a server's default of latin-1 on
    UTF-8 documents is common, the opposite accident does not happen.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").removeprefix("\ufeff")
    for start, name in _UNMARKED:
        if body.startswith(start):
            return body.decode(name, "replace")
    for name in ("utf-8", *_declared(body, content_type)):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    damaged = body.decode("utf-8", "replace")
    if damaged.count("\ufffd") * 20 < sum(byte >= 0x80 for byte in body):  # cut or damaged in a few places only
        return damaged
    return body.decode("cp1252", "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    """The encodings named by HTTP and by the document, as codecs that decode text; browsers read latin-1 as cp1252."""
    head = body[:2_000]
    http = _CHARSET.search(content_type)
    inside = _DECLARED.search(head) or _META.search(head)
    names = [http[1] if http else "", inside[1].decode("ascii", "ignore") if inside else ""]
    found = []
    for name in names:
        try:
            codec = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        if _TEXT_CODEC.match(codec):
            found.append(_WIDER.get(codec, codec))
    return found
