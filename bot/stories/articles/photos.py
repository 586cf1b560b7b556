"""Finds an article's main photo, its caption and its credit. Pure and CPU-bound."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.headlines import around, meta, nearby
from bot.stories.articles.linked_data import as_list, as_text
from bot.stories.reading.cleaning import one_line, plain_text, safe_url
from bot.stories.reading.feed_items import CAPTION_LIMIT, NAME_LIMIT
from bot.stories.reading.images import best_image, is_decoration

_PARAGRAPH = 150  # characters; a longer text beside an image in one <p> is part of the story
_ABOVE, _BELOW = 60, 400  # elements before and after a headline; share buttons and <source> elements are many
_LINKS = 5  # examined per element
_IMAGES = 300  # examined per page
_CREDIT_NAME = re.compile(
    r"credit|kredit|copyright|photog|fotog|nama-foto|source|sumber|provider|agency", re.IGNORECASE
)
_CAPTION_NAME = (
    "figcaption, [class*=caption], [class*=Caption], [itemprop=caption], [class*=keterangan], [class*=figcap], "
    "[class~=cap]"
)
_FIGURE_NAME = re.compile(r"figure|image|img|media|photo|foto|picture|gambar|hero|lead|featured|thumb|attachment", re.I)
_PERSON_NAME = re.compile(r"author|byline|avatar|profile|penulis|reporter|bio\b|contributor", re.IGNORECASE)
_UNRELATED_NAME = re.compile(
    r"relat|terkait|popul|sidebar|footer|recommend|teaser|newsletter|promo|\bnav|menu|logo|comment"
    r"|komentar|\bads?\b|iklan",
    re.IGNORECASE,
)
_KIND = (
    r"foto|photo(?:graph)?s?|bild|picture|pix|image|gambar|sumber|source|credit|kredit|courtesy|ilustrasi|illustration"
)
_BY = r"oleh|by|of|courtesy\s+of|credit|taken\s+by|via|from"
_LABEL = rf"(?:{_KIND})(?:\s+(?:{_BY}))?"
_LABELLED = re.compile(rf"^(?:(?:{_KIND})(?:\s+(?:{_BY}))?\s*[:/]\s*|(?:{_KIND})\s+(?:{_BY})\s+)", re.IGNORECASE)
_AGENCY = r"[^\d()\[\].;:,]{2,60}/[^\d()\[\].;:]{2,60}"  # Kantor Berita/Nama
_AGENCIES = (
    r"(?:antara(?:\s*foto)?|getty(?:\s+images)?|reuters|afp|ap(?:\s+photo)?|associated press"
    r"|epa(?:-efe)?|xinhua|bernama|dpa"
    r"|shutterstock|istock(?:photo)?|unsplash|pixabay|pexels|freepik|imago(?:\s+images)?"
    r"|picture alliance|wikimedia(?:\s+commons)?"
    r"|press association|pa(?:\s+(?:wire|media))?|kyodo|anadolu(?:\s+agency)?|zuma(?:\s+press)?|ist(?:imewa)?|handout)"
)
_DOCUMENT = r"dok(?:umentasi|umen|\b)\.?\s*[:/]?\s*[^.]{2,60}"
_ALONE = re.compile(
    rf"^(?:{_LABEL}\s*[:/].{{2,80}}|(?:{_KIND})\s+(?:{_BY})\s+.{{2,80}}|{_AGENCY}"
    rf"|{_AGENCIES}(?:\s.{{0,40}})?|{_DOCUMENT}"
    r"|©.{2,80})\.?$",
    re.IGNORECASE,
)
_CREDIT_ONLY = re.compile(
    rf"^(?:{_LABEL}\s*[:/].{{2,80}}|(?:{_KIND})\s+(?:{_BY})\s+.{{2,80}}|{_AGENCIES}(?:\s?/.{{2,40}})?|dok\..{{2,60}}|©[^©.]{{2,80}})$",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"^[A-Z][A-Z .&-]{3,}$")
_TAILS = (
    re.compile(
        rf"\s*[(\[]\s*({_LABEL}\b[^)\]]*|{_AGENCY}|{_DOCUMENT}|{_AGENCIES}\.?|©[^)\]]*)[)\]]\s*\.?$", re.IGNORECASE
    ),
    re.compile(r"\s*[(\[]\s*([A-Z][A-Z .&-]+)[)\]]\s*\.?$"),
    re.compile(
        rf"(?:^|(?<=[.!?”\"’)])|\s[-–—|•·/])\s*({_LABEL}\s*[:/].{{2,80}}|(?:{_KIND})\s+(?:by|oleh"
        rf"|courtesy\s+of)\s.{{2,80}}"
        r"|FOTO\s.{2,60}|©.{2,80})$",
        re.IGNORECASE,
    ),
    re.compile(r"\s(©\s?[^©]{2,80})$"),
    re.compile(rf"(?:\s[-–—|•·]\s+|[.!?”\"]\s+)({_AGENCY}|{_AGENCIES})$", re.IGNORECASE),
    re.compile(rf"(?:\s*/\s*|\s[-–—|•·]\s+|[.!?”\"]\s+|\s)({_DOCUMENT})$", re.IGNORECASE),
)
_INTERFACE_WORDS = re.compile(
    r"^(?:\d+\s*/\s*\d+|(?:hide|show|toggle) caption|perbesar|zoom|image caption,?|caption:?|enlarge(?: this)? image"
    r"|open image in gallery|(?:\[\+\]\s*)?enlarge|close|anzeige:?|advertisement)\s*(?=$|\W|[A-Z])"
    r"|\s*\b(?:(?:hide|toggle) caption|perbesar|enlarge(?: this)? image|close)$",
    re.IGNORECASE,
)
_WIDTH = r"[1-9]\d{1,2}0|256|375|512|768|1024|1152|1366|1536|2048"  # usual widths of pictures
_SIZE = re.compile(
    rf"[-_.](?:\d{{2,4}}x\d{{2,4}}|{_WIDTH}|\d+w|large|medium|small|big|full|lg|md|sm|xl|thumb|scaled|original|cropped|preview)$"
)


_INNER_NAME = re.compile(r"/([^/?&=]{3,200})\.(?:jpe?g|png|webp|avif)\b", re.IGNORECASE)


class Photo(NamedTuple):
    """Fields are empty where the page says nothing. `credit` is a name or an agency, without a label like "Photo:"."""

    url: str
    caption: str
    credit: str


def photo_of(tree: LexborHTMLParser, data: dict[str, Any], headline: LexborNode | None, base: str) -> Photo:
    """Find the main photo. `data` is the article's JSON-LD, `base` the URL that relative addresses refer to."""
    linked = next((image for image in as_list(data.get("image")) if isinstance(image, dict)), {})
    linked_url = _photo_address(_address(data.get("image")), base)
    meta_url = _photo_address(meta(tree, "og:image") or meta(tree, "og:image:url") or meta(tree, "twitter:image"), base)
    url = linked_url or meta_url
    image = _main_image(tree, [url for url in (linked_url, meta_url) if url], headline, base)
    caption, credit = _caption_and_credit(image) if image is not None else ("", "")
    if image is not None and (
        not url or (not linked_url and _has_own_caption(image) and _stem(meta_url) not in _stems(image, base))
    ):
        url = best_image(image, base)  # og:image is then a picture made for sharing
    caption = caption or one_line(plain_text(as_text(linked.get("caption"))), CAPTION_LIMIT)
    credit = credit or one_line(plain_text(as_text(linked.get("creditText"))), NAME_LIMIT)
    credit = (credit.removeprefix(caption).strip() or credit) if caption else credit
    return Photo(url, *(_split(caption, credit) if not credit else (caption, credit)))


def _photo_address(address: str, base: str) -> str:
    url = safe_url(address, base)
    return "" if url and is_decoration(url) else url


def _address(value: Any) -> str:
    for entry in as_list(value):
        if isinstance(entry, str):
            return entry
        if isinstance(entry, dict) and (url := as_text(entry.get("url")) or as_text(entry.get("contentUrl"))):
            return url
    return ""


def _main_image(tree: LexborHTMLParser, urls: list[str], headline: LexborNode | None, base: str) -> LexborNode | None:
    """The <img> of the main photo: one with a file name in `urls`, else the first with a caption near the headline."""
    stems = {_stem(url) for url in urls} - {""}
    images = tree.css("img, amp-img")[:_IMAGES]
    if stems:
        same_name = [image for image in images if stems & _stems(image, base)]
        captioned = (image for image in same_name if _figure_of(image) is not None)
        if same_name:
            return next(captioned, same_name[0])
    before, after = nearby(tree, headline, above=_ABOVE, below=_BELOW)
    near = [node for node in (*after, *before) if node.tag in ("img", "amp-img")] if after else tree.css("figure img")
    fallback: LexborNode | None = None
    headline_ancestors = around(headline)
    for image in near:
        figure = _figure_of(image) if best_image(image, base) and not _is_unrelated(image, headline_ancestors) else None
        is_named = figure is not None and _FIGURE_NAME.search(figure.attributes.get("class") or "") is not None
        if figure is not None and (is_named or figure.tag in ("figure", "td", "center") or _has_own_caption(image)):
            return image
        fallback = fallback or (image if figure is not None and not urls else None)
    return fallback


def _stems(image: LexborNode, base: str) -> set[str]:
    """The file names of an image's addresses, without sizes."""
    values = [
        value for name, value in image.attributes.items() if value and name in ("src", "data-src", "data-original")
    ]
    addresses = [best_image(image, base), *(safe_url(value, base) for value in values if not value.startswith("data:"))]
    return {_stem(address) for address in addresses if address} - {""}


def _is_unrelated(image: LexborNode, headline_ancestors: frozenset[int]) -> bool:
    """Whether an image is an author's portrait, an advertisement, or in a list of other stories."""
    ancestor = image.parent
    for _ in range(6):
        if ancestor is None or ancestor.mem_id in headline_ancestors or ancestor.tag in ("body", "article", "main"):
            return False
        names = f"{ancestor.attributes.get('class') or ''} {ancestor.attributes.get('id') or ''}"
        if ancestor.tag in ("nav", "aside", "footer") or _PERSON_NAME.search(names) or _UNRELATED_NAME.search(names):
            return True
        ancestor = ancestor.parent
    return False


def _stem(url: str) -> str:
    """A picture's file name without its size; of a resizing service, the file name in the address in its query."""
    parts = urlsplit(url)
    inner = _INNER_NAME.search(unquote(parts.query)) if parts.query else None
    name = inner[1] if inner else parts.path.rpartition("/")[2].rpartition(".")[0]
    return _SIZE.sub("", name.casefold())


def _figure_of(image: LexborNode) -> LexborNode | None:
    """The nearest ancestor of an image whose text is short enough to be a caption; None without one."""
    above = image.parent
    for _ in range(6):
        if above is None or above.tag in ("body", "article", "main", "header"):
            return None
        if any(_text(caption) for caption in above.css(_CAPTION_NAME)[:3]):
            return above
        if text := _text(above):
            names = f"{above.attributes.get('class') or ''} {above.attributes.get('id') or ''}"
            is_figure = above.tag in ("figure", "table", "td", "center") or _FIGURE_NAME.search(names) is not None
            is_short = 3 < len(text) <= CAPTION_LIMIT + 100 and above.css_first("h1, h2, h3, h4, h5, p + p") is None
            is_paragraph = above.tag == "p" and not is_figure and len(text) > _PARAGRAPH
            is_link = len(text) <= sum(len(_text(link)) for link in above.css("a")[:_LINKS])
            return above if is_short and not is_paragraph and not is_link and len(above.css("img")) <= 2 else None
        above = above.parent
    return None


def _has_own_caption(image: LexborNode) -> bool:
    figure = _figure_of(image)
    return figure is not None and any(_text(caption) for caption in figure.css(_CAPTION_NAME)[:3])


def _text(node: LexborNode) -> str:
    """The visible text of an element, without scripts, styles and buttons."""
    if node.css_first("script, style, noscript, svg, button") is None:
        return one_line(node.text(separator=" "))
    parts = [
        one_line(part.text_content or "")
        for part in node.traverse(include_text=True)
        if part.tag == "-text" and not _is_invisible(part)
    ]
    return " ".join(filter(None, parts))


def _is_invisible(node: LexborNode) -> bool:
    above = node.parent
    for _ in range(4):
        if above is None:
            return False
        if above.tag in ("script", "style", "noscript", "svg", "button"):
            return True
        above = above.parent
    return False


def _caption_and_credit(image: LexborNode) -> tuple[str, str]:
    """Caption and credit beside an image; ("", "") without."""
    figure = _figure_of(image)
    if figure is None:
        return "", ""
    marked = [node for node in figure.css(_CAPTION_NAME)[:6] if _text(node)]
    holder = next((node for node in marked if node.tag == "figcaption"), marked[0] if marked else figure)
    caption = _INTERFACE_WORDS.sub("", _text(holder))
    parts = list(_parts(figure))
    # Innermost first: an element around both caption and credit is neither.
    parts.sort(key=lambda part: len(part.text()))
    for is_by_name in (True, False):
        for part in parts:
            text = _text(part)
            bare = text.strip("()[] ")
            has_credit_class = _CREDIT_NAME.search(part.attributes.get("class") or "") is not None
            if not bare or text == caption or len(bare) > NAME_LIMIT:
                continue
            if has_credit_class if is_by_name else (_ALONE.match(bare) or _CAPITALS.match(bare)):
                caption_rest = caption.removesuffix(text) if caption.endswith(text) else caption.removeprefix(text)
                return _split(caption_rest, bare)
    return _split(caption, "")


def _parts(node: LexborNode) -> Iterator[LexborNode]:
    yield from (part for part in node.css("*")[:60] if part.tag not in ("script", "style", "img", "noscript", "svg"))


def _split(caption: str, credit: str) -> tuple[str, str]:
    """Caption and credit, separated where the caption ends with the credit."""
    caption = caption.strip()
    if (bare := caption.strip("()[] ")) and _CREDIT_ONLY.match(bare):
        caption, credit = "", credit or bare
    if not credit:
        tail_match = next(filter(None, (tail.search(caption) for tail in _TAILS)), None)
        if tail_match is not None:
            caption, credit = caption[: tail_match.start(1)].rstrip("([ "), tail_match[1]
    credit = _LABELLED.sub("", credit.strip(" ()[]-–—|∙•·©"))
    return one_line(caption.rstrip(" -–—|•·∙/"), CAPTION_LIMIT), one_line(credit, NAME_LIMIT)
