"""An article's main photo: its address, its caption, and who is credited for it. Pure; for a thread."""

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.headlines import meta, nearby
from bot.stories.articles.linked_data import as_list, as_text
from bot.stories.reading.cleaning import one_line, plain_text, safe_url
from bot.stories.reading.feed_items import CAPTION_LIMIT, NAME_LIMIT

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "src")
_CREDIT_NAME = re.compile(r"credit|kredit|copyright|photog|fotog|nama-foto|source|sumber", re.IGNORECASE)
_LABEL = r"(?:foto|photo(?:graph)?|bild|picture|image|gambar|sumber|source|credit|kredit)(?:\s+(?:oleh|by|ihsan))?"
_LABELLED = re.compile(rf"^{_LABEL}\s*[:/]\s*", re.IGNORECASE)
_AGENCY = r"[^\d()\[\].;:]{2,60}/[^\d()\[\].;:]{2,60}"  # Kantor Berita/Nama
_DOCUMENT = r"dok(?:umentasi|\b)\.?\s*[:/]?\s*[^.]{2,60}"
_ALONE = re.compile(
    rf"^(?:{_LABEL}\s*[:/].{{2,80}}|{_AGENCY}|{_DOCUMENT}|ist(?:imewa)?\.?|[A-Z][A-Z .&-]{{3,}})$", re.I
)
_TAILS = (
    re.compile(
        rf"\s*[(\[]\s*({_LABEL}\b[^)\]]*|{_AGENCY}|{_DOCUMENT}|ist(?:imewa)?\.?|[A-Z][A-Z .&-]+)[)\]]\s*\.?$", re.I
    ),
    re.compile(rf"(?:^|(?<=[.!?”\"’)])|\s[-–—|•·])\s*({_LABEL}\s*[:/].{{2,80}}|FOTO\s.{{2,60}})$", re.IGNORECASE),
    re.compile(rf"(?:\s[-–—|•·]\s+|[.!?”\"]\s+)({_AGENCY})$"),
    re.compile(rf"(?:\s*/\s*|\s[-–—|•·]\s+|[.!?”\"]\s+|\s)({_DOCUMENT})$", re.IGNORECASE),
)
_SMALL_TALK = re.compile(
    r"^(?:\d+\s*/\s*\d+|hide caption|perbesar|zoom)\s*|\s*(?:hide caption|perbesar)$", re.IGNORECASE
)
_WIDTH = r"[1-9]\d{1,2}0|256|375|512|768|1024|1152|1366|1536|2048"  # as pictures have; other numbers are names
_SIZE = re.compile(rf"[-_.](?:\d{{2,4}}x\d{{2,4}}|{_WIDTH}|\d+w|large|small|thumb|scaled|original)$")


class Photo(NamedTuple):
    """Empty where the page says nothing. `credit` is a name or an agency, without the word for photo before it."""

    url: str
    caption: str
    credit: str


def photo_of(tree: LexborHTMLParser, data: dict[str, Any], headline: LexborNode | None, base: str) -> Photo:
    """`data` is the page's JSON-LD of the article."""
    linked = next((each for each in as_list(data.get("image")) if isinstance(each, dict)), {})
    own = safe_url(_address(data.get("image")), base)
    url = own or safe_url(meta(tree, "og:image") or meta(tree, "twitter:image"), base)
    image = _shown(tree, url, headline, base)
    caption, credit = _words(image) if image is not None else ("", "")
    if image is not None and not own and (not url or _stem(_source(image, base)) != _stem(url)):
        url = _source(image, base)  # what other sites are told is then a picture for sharing
    caption = caption or one_line(plain_text(as_text(linked.get("caption"))), CAPTION_LIMIT)
    credit = credit or one_line(plain_text(as_text(linked.get("creditText"))), NAME_LIMIT)
    return Photo(url, *(_split(caption, credit) if not credit else (caption, credit)))


def _address(value: Any) -> str:
    for each in as_list(value):
        if isinstance(each, str):
            return each
        if isinstance(each, dict) and (url := as_text(each.get("url")) or as_text(each.get("contentUrl"))):
            return url
    return ""


def _shown(tree: LexborHTMLParser, url: str, headline: LexborNode | None, base: str) -> LexborNode | None:
    """The <img> of the main photo: the one with the told name, else the first with a caption near the headline."""
    name = _stem(url)
    if name:
        for image in tree.css("img, amp-img")[:300]:
            if _stem(_source(image, base)) == name:
                return image
    _, after = nearby(tree, headline)
    images = [node for node in after if node.tag in ("img", "amp-img")] if after else tree.css("figure img")
    return next((image for image in images if _source(image, base) and _around(image) is not None), None)


def _source(image: LexborNode, base: str) -> str:
    for name in _LAZY:
        value = image.attributes.get(name) or ""
        if value and not value.startswith("data:") and (url := safe_url(value, base)):
            return url
    return ""


def _stem(url: str) -> str:
    name = urlsplit(url).path.rpartition("/")[2].rpartition(".")[0].casefold()
    return _SIZE.sub("", name)


def _around(image: LexborNode) -> LexborNode | None:
    """The nearest element around an image that has words, few enough to be a caption."""
    above = image.parent
    for _ in range(4):
        if above is None or above.tag in ("body", "article", "main", "header"):
            return None
        if text := one_line(above.text(separator=" ")):
            return above if 3 < len(text) <= CAPTION_LIMIT + 100 and not above.css_first("h1, h2, p + p") else None
        above = above.parent
    return None


def _words(image: LexborNode) -> tuple[str, str]:
    """Caption and credit as they stand with an image."""
    around = _around(image)
    if around is None:
        return "", ""
    caption = _SMALL_TALK.sub("", one_line(around.text(separator=" ")))
    for part in around.css("*"):
        text = one_line(part.text(separator=" "))
        bare = text.strip("()[] ")
        named = _CREDIT_NAME.search(part.attributes.get("class") or "") is not None
        if bare and text != caption and (named or _ALONE.match(bare)):
            if caption.endswith(text):
                return _split(caption.removesuffix(text), bare)
            if caption.startswith(text):
                return _split(caption.removeprefix(text), bare)
    return _split(caption, "")


def _split(caption: str, credit: str) -> tuple[str, str]:
    """Caption and credit apart, where one line says both."""
    caption = caption.strip()
    if not credit:
        found = next(filter(None, (tail.search(caption) for tail in _TAILS)), None)
        if found is not None:
            caption, credit = caption[: found.start(1)].rstrip("([ "), found[1]
    credit = _LABELLED.sub("", credit.strip(" ()[]-–—|"))
    return one_line(caption.rstrip(" -–—|•·/"), CAPTION_LIMIT), one_line(credit, NAME_LIMIT)
