"""Who wrote an article: from its linked data, the line under its headline, or what the page tells machines. Pure."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.headlines import Headline, around, meta, nearby
from bot.stories.articles.linked_data import as_list, as_text
from bot.stories.reading.cleaning import one_line, plain_text
from bot.stories.reading.feed_items import NAME_LIMIT

_METAS = (
    "author", "article:author", "parsely-author", "sailthru.author", "content_author", "dc.creator", "DC.creator",
    "dcterms.creator", "byl", "citation_author", "article:author_name", "authors",
)  # fmt: skip
_MARKED = "[itemprop=author], [rel~=author], [class*=author], [class*=Author], [class*=byline], [class*=Byline]"
_NAMED = "[itemprop=name], [rel~=author], [class*=author-name], [class*=author_name], [class*=byline-name], a"
_LOCAL = (
    "[class*=penulis], [class*=reporter], [class*=wartawan], [class*=writer], [class*=contributor], [class*=autor], "
    "[class~=by], [class$=By]"
)
_LOOKED_AT = 40  # marked elements of a page
_BELOW = 150  # elements under the headline
_LINE = 160  # characters; a longer text is no byline

_WROTE = (
    r"(?:foto\s*&\s*)?teks|(?:diposting|ditulis|disusun|dilaporkan)\s+oleh|oleh|penulis|reporter|pewarta|wartawan"
    r"|laporan(?:\s+wartawan)?|kontributor|dilaporkan|kolumnis|jurnalis"
    r"|(?:written|story|words|reported|report|posted|published|text|review|reviewed|analysis|article"
    r"|news)\s+by|by|author"
    r"|von|par|por|autor(?:in)?"
)
_ROLE = re.compile(rf"^\W*(?:{_WROTE})\s*[:\-–/]?\s+", re.IGNORECASE)
_SURE = re.compile(rf"^\W*(?:{_WROTE})\s*:\s*", re.IGNORECASE)
_BYLINE = re.compile(rf"(?:^\W*|[|•·]\s*|\b(?:WIB|WITA|WIT)\s+)(?:{_WROTE})\s*[:\-/]?\s+(?=[^\W\d_])", re.IGNORECASE)
_INSIDE = re.compile(r"\bBy\s+(?=[^\W\d_a-z])|\b(?:Penulis|Reporter|Pewarta|Oleh)\s*:\s*(?=[^\W\d_])")
_OTHER_ROLE = re.compile(
    r"^\W*(?:editor|penyunting|redaktur|edited by|disunting|foto(?:grafer)?|photo(?:graph(?:er|s)?)?"
    r"|sumber|source|video"
    r"|ilustra\w+|translator|penerjemah|uploader|infografis|copy ?editor|fact.?check\w*|produ[sc]er)\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:jan(?:uar[iy])?|[fp]eb(?:r?uar[iy])?|mar(?:et|ch|z)?|mac|apr(?:il)?|me?[iay]y?|jun[ei]?|jul(?:[iy]|ai)?"
    r"|agu?s?t?(?:ustus)?|aug(?:ust)?|ogos|sept?(?:ember)?|o[kc]t(?:ober)?|no[vp](?:ember)?|de[sc](?:ember)?|disember)"
)
_WEEKDAY = (
    r"(?:senin|isnin|selasa|rabu|khamis|kamis|jum.?at|sabtu|minggu|ahad"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun)"
)
_DATED = (
    r"published|updated|posted|last\s+updated|modified|diterbitkan|diperbarui|diupdate|dipublikasikan|tayang|terbit"
    r"|dimuat|first\s+published|created|written|date|tanggal|dibaca|view\s+bio|follow|see\s+full"
    r"|read\s+more|about\s+the"
    r"|baca|email|e-mail|share|bagikan|more\s+(?:from|by)|get\s+email|comments?|komentar|share"
    r"|facebook|twitter|whatsapp"
    r"|flipboard|linkedin|topics?|tags?|subscribe|listen|dengarkan"
)
_TITLES = (
    r"(?:senior|chief|deputy|associate|assistant|managing|executive|contributing|national|political"
    r"|special|staff|freelance"
    r"|business|sports?|science|health|technology|tech|environment|world|news|crime|education|city|the|a|guest|data)\s+"
)
_JOBS = (
    r"(?:writer|reporter|correspondent|editor|columnist|contributor|journalist|producer|critic|analyst|photographer"
    r"|penyunting|redaktur|dosen|wartawan|jurnalis|kontributor|guru besar|peneliti|fellow|intern|blogger|staff)"
)
_AFTER_NAME = re.compile(
    rf"\s*(?:[|•·\n(;›»]|\s[-–—]+\s|[,\s]\s*\d|\s@|\S+@|https?:|,?\s+\b(?:{_DATED})\b"
    rf"|[,\s]\s*(?:on\s+|at\s+|pada\s+)?{_WEEKDAY}\b[,.]?(?=\s*$|\s*[,/(]?\s*\d|\s+{_MONTH}\b)"
    rf"|[,\s]\s*(?:on\s+|at\s+)?{_MONTH}\b\.?\s*(?=\d)|\s+(?:on|at|pada|in|di)\s+(?=\d)|\s+(?:on|at|pada|in|di)$"
    rf"|[,\s]\s*(?:{_TITLES}){{0,3}}\b{_JOBS}\b|,\s+(?:for|of|dari|from)\s|\s+(?:for|in)\s+(?=[A-Z])|\s+by\s"
    r"|\s+(?:editor|redaktur|penyunting)\b).*$",
    re.IGNORECASE,
)
_CAPITALS_AFTER = re.compile(r"\s*,\s*(?=[A-Z]{2,}(?:\s|$)).*$")
_BETWEEN = re.compile(r"\s*(?:,?\s(?:and|dan|und|et|y|&)\s|,\s+|\s/\s)\s*", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:foundation|universi\w+|gmbh|inc|ltd|llc|times|news|press|institute?|agency|magazine|staff|kementerian|dinas)\b",
    re.IGNORECASE,
)
_PAGE_MAKERS = re.compile(
    r"^(?:admin\w*|administrator|webmaster|redaksi|developer|tim \w+|editor|staff|author|penulis|by"
    r"|oleh|anonymous|guest"
    r"|unknown|none|null|root|user|home|contributors?|newsroom|super ?user|view all posts?|posts?|share|follow|about)$",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    ("al", "bin", "binti", "da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "van", "von")
)
_MAKER_WORD = re.compile(
    r"\b(?:developer|admin|webmaster|\.com|\.co\.id|\.id|\.example|\.net|\.org)\b|\w\.\w{2,}$", re.I
)
_ASIDE = re.compile(r"comment|komentar|relat|terkait|popul|sidebar|footer|recommend|teaser|newsletter|promo", re.I)


def author_of(data: dict[str, Any], tree: LexborHTMLParser, headline: Headline, url: str) -> str:
    """The authors' names, joined by commas; "" where nobody is named. `data` is the page's JSON-LD."""
    said = [({"name": each} if isinstance(each, str) else each) for each in as_list(data.get("author"))]
    said = [each for each in said if isinstance(each, dict)]
    people = [name for each in said if each.get("@type") != "Organization" for name in _told(each.get("name"))]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    sites = {meta(tree, "og:site_name").casefold(), host, host.partition(".")[0]}
    people = [name for name in people if name and name.casefold() not in sites]
    if people:
        return ", ".join(dict.fromkeys(people))
    desks = [
        plain_text(as_text(each.get("name")), NAME_LIMIT).strip("{}[] ") for each in said
    ]  # a desk, or the newsroom itself
    for name in (*_candidates(tree, headline), *desks):
        if name and name.casefold() not in sites and not _PAGE_MAKERS.match(name):
            return name
    return ""


def names_in(text: str, *, sure: bool = False) -> str:
    """The names in a byline, joined by commas; "" where it holds none. `sure`: it is one, so need not look like one."""
    line = one_line(text, 2 * NAME_LIMIT)
    if _OTHER_ROLE.match(line) and not _ROLE.match(line):
        return ""
    line = _ROLE.sub("", line) if not _SURE.match(line) else _SURE.sub("", line)
    line = _AFTER_NAME.sub("", line if line.isupper() else _CAPITALS_AFTER.sub("", line))
    names = [_name(part, sure=sure) for part in _BETWEEN.split(line)]
    if not sure and not all(names):
        names = names[: names.index("")] if "" in names else names
    kept = [name for number, name in enumerate(names) if name and not (number and _ORGANISATION.search(name))]
    return ", ".join(dict.fromkeys(kept))


def _name(text: str, *, sure: bool) -> str:
    name = _ROLE.sub("", text).strip(" |,;:-–—.·/\"'")
    name = name.title() if name.isupper() and " " in name else name
    is_like_one = sure or all(
        word[:1] != word[:1].lower() or word in _PARTICLES or not word.isascii() for word in name.split()
    )
    is_name = (
        is_like_one
        and 2 < len(name) <= 60
        and len(name.split()) <= 6
        and not re.search(r"\d|https?:|www\.|[<>{}=?!]", name)
    )
    return "" if not is_name or _PAGE_MAKERS.match(name) or _MAKER_WORD.search(name) else name


def _told(value: Any) -> list[str]:
    """The names that JSON-LD gives as one text or a list."""
    return [names_in(plain_text(as_text(each)), sure=True) for each in as_list(value)]


def _candidates(tree: LexborHTMLParser, headline: Headline) -> Iterator[str]:
    """What may name the author, the surest first."""
    before, after = nearby(tree, headline.node, below=_BELOW)
    near = [(node, one_line(node.text(separator=" "), 2 * _LINE)) for node in (*after, *before)]
    for _, line in near:
        if len(line) <= _LINE and (byline := _BYLINE.search(line)):
            yield names_in(line[byline.end() :])
    for name in _METAS:
        yield names_in(meta(tree, name))
    holders = around(headline.node)
    marked = [node for node in tree.css(f"{_MARKED}, {_LOCAL}")[:_LOOKED_AT] if _may_name_the_author(node, holders)]
    close = {node.mem_id for node, _ in near}
    for is_near in (True, False):
        for node in marked:
            if (node.mem_id in close) == is_near:
                yield from _names_of(node)
    for _, line in near:  # a byline inside a paragraph, with what is shared and when
        if found := _INSIDE.search(line[: 2 * _LINE]):
            yield names_in(line[found.end() :])


def _names_of(node: LexborNode) -> Iterator[str]:
    """What a marked element says: by its parts where they are names, else as a whole."""
    if content := node.attributes.get("content"):
        yield names_in(content)
        return
    text = one_line(node.text(separator=" "), 2 * _LINE)
    if len(text) > _LINE:
        parts = [one_line(part.text(separator=" "), _LINE) for part in node.css(_NAMED)[:3]]
        yield from (names_in(part) for part in parts if 2 < len(part) < 60)
        return
    yield names_in(text)


def _may_name_the_author(node: LexborNode, holders: frozenset[int]) -> bool:
    """Whether an element is neither an editor's, as the words before it say, nor in a list of other things."""
    before = node.prev
    while before is not None and before.tag == "-comment":
        before = before.prev
    above = node.parent
    if before is not None and _OTHER_ROLE.match(one_line(before.text(separator=" "), _LINE)):
        return False
    if above is not None and _OTHER_ROLE.match(one_line(above.text(separator=" ")[:_LINE], _LINE)):
        return False
    for _ in range(8):
        if above is None or above.mem_id in holders or above.tag in ("body", "article", "main"):
            return True
        names = f"{above.attributes.get('class') or ''} {above.attributes.get('id') or ''}"
        if above.tag in ("aside", "footer", "nav") or _ASIDE.search(names):
            return False
        above = above.parent
    return True
