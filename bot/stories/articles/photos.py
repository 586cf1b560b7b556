"""An article's main photo: its address, its caption, and who is credited for it. Pure; for a thread."""

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

_PARAGRAPH = 150  # characters; what is longer beside an image in one <p> is the story
_ABOVE, _BELOW = 60, 400  # elements around a headline; share buttons and sizes of a picture are many
_LINKS = 5
_IMAGES = 300  # of a page that are looked at
_CREDIT_NAME = re.compile(
    r"credit|kredit|copyright|photog|fotog|nama-foto|source|sumber|provider|agency", re.IGNORECASE
)
_CAPTION_NAME = (
    "figcaption, [class*=caption], [class*=Caption], [itemprop=caption], [class*=keterangan], [class*=figcap], "
    "[class~=cap]"
)
_FIGURE_NAME = re.compile(r"figure|image|img|media|photo|foto|picture|gambar|hero|lead|featured|thumb|attachment", re.I)
_PERSON_NAME = re.compile(r"author|byline|avatar|profile|penulis|reporter|bio\b|contributor", re.IGNORECASE)
_OTHERS_NAME = re.compile(
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
_SMALL_TALK = re.compile(
    r"^(?:\d+\s*/\s*\d+|(?:hide|show|toggle) caption|perbesar|zoom|image caption,?|caption:?|enlarge(?: this)? image"
    r"|open image in gallery|(?:\[\+\]\s*)?enlarge|close|anzeige:?|advertisement)\s*(?=$|\W|[A-Z])"
    r"|\s*\b(?:(?:hide|toggle) caption|perbesar|enlarge(?: this)? image|close)$",
    re.IGNORECASE,
)
_WIDTH = r"[1-9]\d{1,2}0|256|375|512|768|1024|1152|1366|1536|2048"  # as pictures have; other numbers are names
_SIZE = re.compile(
    rf"[-_.](?:\d{{2,4}}x\d{{2,4}}|{_WIDTH}|\d+w|large|medium|small|big|full|lg|md|sm|xl|thumb|scaled|original|cropped|preview)$"
)


_INNER_NAME = re.compile(r"/([^/?&=]{3,200})\.(?:jpe?g|png|webp|avif)\b", re.IGNORECASE)


class Photo(NamedTuple):
    """Empty where the page says nothing. `credit` is a name or an agency, without the word for photo before it."""

    url: str
    caption: str
    credit: str


def photo_of(tree: LexborHTMLParser, data: dict[str, Any], headline: LexborNode | None, base: str) -> Photo:
    """`data` is the page's JSON-LD of the article."""
    linked = next((each for each in as_list(data.get("image")) if isinstance(each, dict)), {})
    own = _photo_address(_address(data.get("image")), base)
    told = _photo_address(meta(tree, "og:image") or meta(tree, "og:image:url") or meta(tree, "twitter:image"), base)
    url = own or told
    image = _main_image(tree, [each for each in (own, told) if each], headline, base)
    caption, credit = _words(image) if image is not None else ("", "")
    if image is not None and (
        not url or (not own and _has_own_caption(image) and _stem(told) not in _stems(image, base))
    ):
        url = best_image(image, base)  # what other sites are told is then a picture for sharing
    caption = caption or one_line(plain_text(as_text(linked.get("caption"))), CAPTION_LIMIT)
    credit = credit or one_line(plain_text(as_text(linked.get("creditText"))), NAME_LIMIT)
    credit = (credit.removeprefix(caption).strip() or credit) if caption else credit
    return Photo(url, *(_split(caption, credit) if not credit else (caption, credit)))


def _photo_address(address: str, base: str) -> str:
    found = safe_url(address, base)
    return "" if found and is_decoration(found) else found


def _address(value: Any) -> str:
    for each in as_list(value):
        if isinstance(each, str):
            return each
        if isinstance(each, dict) and (url := as_text(each.get("url")) or as_text(each.get("contentUrl"))):
            return url
    return ""


def _main_image(tree: LexborHTMLParser, told: list[str], headline: LexborNode | None, base: str) -> LexborNode | None:
    """The <img> of the main photo: the one with a told name, else the first with a caption near the headline."""
    names = {_stem(url) for url in told} - {""}
    images = tree.css("img, amp-img")[:_IMAGES]
    if names:
        same = [image for image in images if names & _stems(image, base)]
        captioned = (image for image in same if _figure_of(image) is not None)
        if same:
            return next(captioned, same[0])
    before, after = nearby(tree, headline, above=_ABOVE, below=_BELOW)
    near = [node for node in (*after, *before) if node.tag in ("img", "amp-img")] if after else tree.css("figure img")
    fallback: LexborNode | None = None
    holders = around(headline)
    for image in near:
        figure = _figure_of(image) if best_image(image, base) and not _is_of_others(image, holders) else None
        is_named = figure is not None and _FIGURE_NAME.search(figure.attributes.get("class") or "") is not None
        if figure is not None and (is_named or figure.tag in ("figure", "td", "center") or _has_own_caption(image)):
            return image
        fallback = fallback or (image if figure is not None and not told else None)
    return fallback


def _stems(image: LexborNode, base: str) -> set[str]:
    """The names of an image's addresses, in whatever size."""
    values = [
        value for name, value in image.attributes.items() if value and name in ("src", "data-src", "data-original")
    ]
    addresses = [best_image(image, base), *(safe_url(value, base) for value in values if not value.startswith("data:"))]
    return {_stem(address) for address in addresses if address} - {""}


def _is_of_others(image: LexborNode, holders: frozenset[int]) -> bool:
    """Whether an image is a portrait, or in a list of other stories, or an advertisement."""
    above = image.parent
    for _ in range(6):
        if above is None or above.mem_id in holders or above.tag in ("body", "article", "main"):
            return False
        names = f"{above.attributes.get('class') or ''} {above.attributes.get('id') or ''}"
        if above.tag in ("nav", "aside", "footer") or _PERSON_NAME.search(names) or _OTHERS_NAME.search(names):
            return True
        above = above.parent
    return False


def _stem(url: str) -> str:
    """The name of a picture without its size; of the picture that a resizing address names in its query."""
    parts = urlsplit(url)
    inner = _INNER_NAME.search(unquote(parts.query)) if parts.query else None
    name = inner[1] if inner else parts.path.rpartition("/")[2].rpartition(".")[0]
    return _SIZE.sub("", name.casefold())


def _figure_of(image: LexborNode) -> LexborNode | None:
    """The nearest element around an image that has words, few enough to be a caption."""
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
    """The words of an element, without what stands in its scripts and styles."""
    if node.css_first("script, style, noscript, svg, button") is None:
        return one_line(node.text(separator=" "))
    parts = [
        one_line(part.text_content or "")
        for part in node.traverse(include_text=True)
        if part.tag == "-text" and not _is_silent(part)
    ]
    return " ".join(filter(None, parts))


def _is_silent(node: LexborNode) -> bool:
    above = node.parent
    for _ in range(4):
        if above is None:
            return False
        if above.tag in ("script", "style", "noscript", "svg", "button"):
            return True
        above = above.parent
    return False


def _words(image: LexborNode) -> tuple[str, str]:
    """Caption and credit as they stand with an image."""
    figure = _figure_of(image)
    if figure is None:
        return "", ""
    marked = [node for node in figure.css(_CAPTION_NAME)[:6] if _text(node)]
    holder = next((node for node in marked if node.tag == "figcaption"), marked[0] if marked else figure)
    caption = _SMALL_TALK.sub("", _text(holder))
    parts = list(_parts(figure))
    parts.sort(key=lambda part: len(part.text()))  # the innermost first: what holds caption and credit is neither
    for is_by_name in (True, False):
        for part in parts:
            text = _text(part)
            bare = text.strip("()[] ")
            named = _CREDIT_NAME.search(part.attributes.get("class") or "") is not None
            if not bare or text == caption or len(bare) > NAME_LIMIT:
                continue
            if named if is_by_name else (_ALONE.match(bare) or _CAPITALS.match(bare)):
                rest = caption.removesuffix(text) if caption.endswith(text) else caption.removeprefix(text)
                return _split(rest, bare)
    return _split(caption, "")


def _parts(node: LexborNode) -> Iterator[LexborNode]:
    yield from (part for part in node.css("*")[:60] if part.tag not in ("script", "style", "img", "noscript", "svg"))


def _split(caption: str, credit: str) -> tuple[str, str]:
    """Caption and credit apart, where one line says both."""
    caption = caption.strip()
    if (bare := caption.strip("()[] ")) and _CREDIT_ONLY.match(bare):
        caption, credit = "", credit or bare
    if not credit:
        found = next(filter(None, (tail.search(caption) for tail in _TAILS)), None)
        if found is not None:
            caption, credit = caption[: found.start(1)].rstrip("([ "), found[1]
    credit = _LABELLED.sub("", credit.strip(" ()[]-–—|∙•·©"))
    return one_line(caption.rstrip(" -–—|•·∙/"), CAPTION_LIMIT), one_line(credit, NAME_LIMIT)
