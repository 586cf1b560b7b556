"""XML from outside, rewritten so that no parser can be held or broken by it.

feedparser takes over a minute for one element with 100,000 attributes and raises on "&#xD800;". So a document is first
scanned once, in linear time: what stays are tags with quoted, unique attributes, text with valid references, and
CDATA. DOCTYPE, entity declarations, comments and processing instructions go; short entities become their
text.

Two things are changed because of feedparser. Mail addresses beside an author's name go, since it takes "kabar.media"
for "kabar.medi" and leaves "a". A picture in an element of the site's own (<image>, <photo>) comes again as <thumb>,
since it drops the text of <image>.
"""

import html
import re
from collections.abc import Callable

from bot.stories.reading.cleaning import tag_end
from bot.stories.reading.feed_entities import Entities
from bot.stories.reading.feed_items import Unreadable, without_addresses

MAX_TAGS = 300_000  # feedparser takes about 20 µs for each: 6 s
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 200  # of one element
MAX_NAMESPACES = 200  # different ones in a document; feedparser walks all of them at each element
MAX_CATEGORIES = 100  # elements of one entry, or of the feed itself, that are kept; feedparser compares each with all
_MAX_VALUE = 8_000  # characters of an attribute that are kept, which is a long URL four times over

_MAX_SHORT = 1_000  # characters inside an element of names or words; feedparser takes 2.5 s for one of 30,000 digits
_SHORT_NAMES = (
    "author category contributor copyright creator credit email generator keywords managingeditor name owner publisher "
    "rights subject webmaster"
)
_SHORT = frozenset(_SHORT_NAMES.split())
_RENAMED = {"media:description": "media:caption"}  # a picture's, which feedparser takes for the entry's own
_ROOT_PREFIXES = ("rss:", "atom:", "channel:")  # of an element that needs none, where no xmlns declares it
_CATEGORIES = frozenset(("category", "subject", "keywords"))
_PICTURES = frozenset(("image", "img", "photo", "thumb", "thumbnail"))  # of an entry; the names have no prefix
_ADDRESS_HOLDERS = _PICTURES | {"url"}
_PICTURE_ADDRESS = re.compile(r""" (?:url|href|src|rdf:resource)="([^"]+)\"""")

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8}|[xX][0-9a-fA-F]{1,7});|([A-Za-z][A-Za-z0-9]{1,31});)?")
_KEPT_NAMES = frozenset({"lt", "gt", "amp", "quot", "apos"})
_BARE_TAG = re.compile(r"<(/?)([A-Za-z_][\w.:-]{0,99})\s*(/?)>")
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.:-]{0,99})(?=[\s/>])")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s=/>"']++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?|[\s/]*+(["'=>]|\Z)"""
)
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_][\w.-]{0,99}(?::[A-Za-z_][\w.-]{0,99})?")
_BROKEN_END = re.compile(r"</[\w.:-]{1,100}\s*$")  # the document lacks its very last character
_DOCTYPE_SUBSET = re.compile(r"[\[>]")
_DOCTYPE_END = re.compile(r"\]\s*>")


def first_element(text: str) -> str:
    """The name of the document's outermost element in lower case, without its prefix; "" if there is none."""
    position = 0
    while (start := text.find("<", position)) >= 0:
        if text.startswith("<!--", start):
            position = text.find("-->", start)
        elif text.startswith(("<?", "<!"), start):
            position = _declaration_end(text, start)
        elif tag := _TAG.match(text, start):
            return tag[2].rpartition(":")[2].lower()
        else:
            position = start + 1
        if position < 0:
            break
    return ""


def safe_markup(text: str) -> str:
    """The document as one that any XML parser takes in linear time. Raises Unreadable for what no feed looks like.

    Faults of nesting are kept: whether they matter is the parser's question. A document that breaks off is cut back
    to its last whole entry.
    """
    text = _ILLEGAL.sub("", text)
    if _BROKEN_END.search(text, len(text) - 200):
        text = f"{text.rstrip()}>"
    scan = _Scan(text)
    scan.run()
    return "".join(scan.kept)


class _Scan:
    """One pass over a document; `kept` is what is left of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._unclosed: set[str] = set()
        self._namespaces: set[str] = set()
        self._tags = 0
        self._depth = 0
        self._root = ""
        self._short = 0  # the depth of the element whose text is cut, and how much of it may still be kept
        self._room = 0
        self._categories = 0  # of the present entry, or of the feed before its first
        self._dropped = 0  # the depth of the element that is left out with all that is in it
        self._entry_depth = 0  # of the entry that is open; 0 outside of one
        self._picture = ""  # its address in an element of the site's own
        self._picture_depth = 0  # of that element, while it is open
        self._inside = ""  # the element that began last
        self._entities = Entities()
        self._safe = _safe_text  # what makes texts and values safe; with the entities, where the document has some
        self._undeclared = tuple(each for each in _ROOT_PREFIXES if f"xmlns:{each[:-1]}" not in text)
        self._entry_end = 0  # how many pieces of `kept` there were when the last entry ended
        self.kept: list[str] = []

    def run(self) -> None:
        text, position, closed = self._text, 0, False
        while (start := text.find("<", position)) >= 0:
            if start > position:
                self._text_of(self._safe, text[position:start])
            position = self._markup(start)
            if position < 0:
                break
            closed = self._depth == 0 and self._root != ""
        if not closed:
            self._cut_back()

    def _markup(self, start: int) -> int:
        """Take the markup at `start`, return where it ends; -1 if the document ends within it."""
        text = self._text
        if text.startswith("<![CDATA[", start):
            end = text.find("]]>", start)
            if end >= 0:
                self._text_of("<![CDATA[{}]]>".format, text[start + 9 : end])
            return end + 3 if end >= 0 else -1
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            return end + 3 if end >= 0 else -1
        if text.startswith(("<!", "<?"), start):
            end = _declaration_end(text, start)
            if not self._root and text.startswith("!", start + 1):
                self._entities.declare(text[start:end])
                self._safe = self._safe_with_entities
            return end
        tag = _BARE_TAG.match(text, start)
        if tag is not None:
            self._tag(tag[2], "", closing=bool(tag[1]), empty=bool(tag[3]))
            return tag.end()
        tag = _TAG.match(text, start)
        if tag is None:
            self.kept.append("&lt;")
            return start + 1
        end = tag_end(text, tag.end(), self._unclosed)
        if end >= 0:
            attributes = "" if tag[1] else self._attributes(tag[2], text[tag.end() : end - 1])
            self._tag(tag[2], attributes, closing=bool(tag[1]), empty=text[end - 2] == "/")
        return end

    def _text_of(self, written: Callable[[str], str], text: str) -> None:
        if self._dropped:
            return
        if self._short:
            text = text[: self._room]
            self._room -= len(text)
            text = without_addresses(text)
        if self._picture_depth and self._inside in _ADDRESS_HOLDERS:
            self._note_picture(_safe_text(text[:_MAX_VALUE]).replace("<", "&lt;"))
        self.kept.append(written(text))

    def _safe_with_entities(self, text: str) -> str:
        return _safe_text(self._entities.expanded(text))

    def _tag(self, name: str, attributes: str, *, closing: bool, empty: bool) -> None:
        self._tags += 1
        if self._tags > MAX_TAGS:
            raise Unreadable("more elements than a feed has")
        if name.startswith(self._undeclared):
            name = name.partition(":")[2]
        if name in _RENAMED:
            name, attributes = _RENAMED[name], ""  # feedparser keeps the attributes of an element or its text
        self._root = self._root or name
        local = name.rpartition(":")[2].lower()
        if closing:
            self._close(name, local)
            return
        self._inside = local
        if local in ("item", "entry"):
            self._categories, self._picture, self._entry_depth = 0, "", self._depth + 1
        elif self._picture_depth or (name in _PICTURES and self._depth == self._entry_depth):
            self._picture_depth = self._picture_depth or self._depth + 1
            if address := _PICTURE_ADDRESS.search(attributes):
                self._note_picture(address[1])
        elif local in _CATEGORIES and not self._dropped:
            self._categories += 1
            if self._categories > MAX_CATEGORIES:
                if empty:
                    return
                self._dropped = self._depth + 1
        if not self._dropped:
            self.kept.append(f"<{name}{attributes}/>" if empty else f"<{name}{attributes}>")
        if not empty:
            self._depth += 1
            if not self._short and local in _SHORT:
                self._short, self._room = self._depth, _MAX_SHORT
            if self._depth > MAX_DEPTH:
                raise Unreadable("nested too deeply")

    def _note_picture(self, address: str) -> None:
        address = address.strip()
        if not self._picture and address.startswith(("http://", "https://", "/")):
            self._picture = address

    def _close(self, name: str, local: str) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth < self._short:
            self._short = 0
        if self._depth < self._picture_depth:
            self._picture_depth = 0
        if self._dropped:
            if self._depth < self._dropped:
                self._dropped = 0
                if local in _CATEGORIES:
                    return
            else:
                return
        if local in ("item", "entry"):
            self._entry_depth = self._picture_depth = 0
            if self._picture:
                self.kept.append(f"<thumb>{self._picture}</thumb>")
                self._picture = ""
        self.kept.append(f"</{name}>")
        if local in ("item", "entry"):
            self._entry_end = len(self.kept)
        if name == self._root:
            self._depth = 0

    def _attributes(self, element: str, inside: str) -> str:
        """The attributes of a tag, quoted; of two with one name the first."""
        kept: dict[str, str] = {}
        for count, match in enumerate(_ATTRIBUTE.finditer(inside)):
            if count > MAX_ATTRIBUTES:
                raise Unreadable("an element with too many attributes")
            name, value = match[1], next((match[group] for group in (2, 3, 4) if match[group] is not None), "")
            if name is None or name in kept or len(value) > _MAX_VALUE or not _ATTRIBUTE_NAME.fullmatch(name):
                continue
            if name.startswith("xmlns"):
                self._namespaces.add(value)
                if not value:
                    continue  # XML 1.0 can't undeclare a prefix
            if name.startswith(self._undeclared):
                name = name.partition(":")[2]
            if name == "uri" and element.endswith("link"):
                continue  # feedparser takes it for the address
            kept[name] = self._safe(value).replace("<", "&lt;").replace('"', "&quot;")
        if len(self._namespaces) > MAX_NAMESPACES:
            raise Unreadable("too many namespaces")
        if kept.get("mode") == "base64":
            kept.setdefault("type", "text/html")  # Atom 0.3's; markup that is packed is meant as markup
        return "".join(f' {name}="{value}"' for name, value in kept.items())

    def _cut_back(self) -> None:
        """Drop the half of an entry at the end: half a title must not become a story."""
        if not self._entry_end:
            raise Unreadable("broken XML")
        del self.kept[self._entry_end :]


def _declaration_end(text: str, start: int) -> int:
    """Where "<?…" or "<!…" ends, a DOCTYPE's inner declarations with it; -1 if it does not."""
    if text.startswith("<?", start):
        end = text.find("?>", start)
        return end + 2 if end >= 0 else -1
    mark = _DOCTYPE_SUBSET.search(text, start)
    if mark is None or mark[0] == ">":
        return mark.end() if mark else -1
    closing = _DOCTYPE_END.search(text, mark.end())
    return closing.end() if closing else -1


def _safe_text(text: str) -> str:
    if "&" in text:
        text = _REFERENCE.sub(_safe_reference, text)
    return text.replace("]]>", "]]&gt;") if "]]>" in text else text


def _safe_reference(match: re.Match[str]) -> str:
    number, name = match[1], match[2]
    if number:
        point = int(number[1:], 16) if number[0] in "xX" else int(number)
        valid = 0x20 <= point < 0xD800 or 0xE000 <= point <= 0xFFFD or 0x10000 <= point <= 0x10FFFF
        return f"&#{point};" if valid or point in (9, 10, 13) else ""
    if not name:
        return "&amp;"
    if name in _KEPT_NAMES:
        return match[0]
    return html.escape(html.unescape(match[0]), quote=False)
