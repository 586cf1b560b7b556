"""Finds an article's authors in its JSON-LD, the line under its headline, or its <meta> tags. Pure."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.stories.articles.headlines import Headline, around, meta, nearby
from bot.stories.articles.linked_data import as_list, as_text
from bot.stories.reading.cleaning import one_line, plain_text
from bot.stories.reading.feed_items import NAME_LIMIT

_META_NAMES = (
    "author", "article:author", "parsely-author", "sailthru.author", "content_author", "dc.creator", "DC.creator",
    "dcterms.creator", "byl", "citation_author", "article:author_name", "authors",
)  # fmt: skip
_AUTHOR_ELEMENTS = (
    "[itemprop=author], [rel~=author], [class*=author], [class*=Author], [class*=byline], [class*=Byline]"
)
_NAME_ELEMENTS = "[itemprop=name], [rel~=author], [class*=author-name], [class*=author_name], [class*=byline-name], a"
_AUTHOR_ELEMENTS_LOCAL = (
    "[class*=penulis], [class*=reporter], [class*=wartawan], [class*=writer], [class*=contributor], [class*=autor], "
    "[class~=by], [class$=By]"
)
_LOOKED_AT = 40  # elements marked as an author, examined per page
_BELOW = 150  # elements under the headline, examined
_LINE = 160  # characters; a longer text is not a byline

_WROTE = (
    r"(?:foto\s*&\s*)?teks|(?:diposting|ditulis|disusun|dilaporkan)\s+oleh|oleh|penulis|reporter|pewarta|wartawan"
    r"|laporan(?:\s+wartawan)?|kontributor|dilaporkan|kolumnis|jurnalis"
    r"|(?:written|story|words|reported|report|posted|published|text|review|reviewed|analysis|article"
    r"|news)\s+by|by|author"
    r"|von|par|por|autor(?:in)?"
)
_ROLE = re.compile(rf"^\W*(?:{_WROTE})\s*[:\-–/]?\s+", re.IGNORECASE)
_LABELLED_ROLE = re.compile(rf"^\W*(?:{_WROTE})\s*:\s*", re.IGNORECASE)
_BYLINE = re.compile(rf"(?:^\W*|[|•·]\s*|\b(?:WIB|WITA|WIT)\s+)(?:{_WROTE})\s*[:\-/]?\s+(?=[^\W\d_])", re.IGNORECASE)
_BYLINE_INSIDE = re.compile(r"\bBy\s+(?=[^\W\d_a-z])|\b(?:Penulis|Reporter|Pewarta|Oleh)\s*:\s*(?=[^\W\d_])")
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
_WORDS_AFTER_NAME = (
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
    rf"\s*(?:[|•·\n(;›»]|\s[-–—]+\s|[,\s]\s*\d|\s@|\S+@|https?:|,?\s+\b(?:{_WORDS_AFTER_NAME})\b"
    rf"|[,\s]\s*(?:on\s+|at\s+|pada\s+)?{_WEEKDAY}\b[,.]?(?=\s*$|\s*[,/(]?\s*\d|\s+{_MONTH}\b)"
    rf"|[,\s]\s*(?:on\s+|at\s+)?{_MONTH}\b\.?\s*(?=\d)|\s+(?:on|at|pada|in|di)\s+(?=\d)|\s+(?:on|at|pada|in|di)$"
    rf"|[,\s]\s*(?:{_TITLES}){{0,3}}\b{_JOBS}\b|,\s+(?:for|of|dari|from)\s|\s+(?:for|in)\s+(?=[A-Z])|\s+by\s"
    r"|\s+(?:editor|redaktur|penyunting)\b).*$",
    re.IGNORECASE,
)
_CAPITALS_AFTER_NAME = re.compile(r"\s*,\s*(?=[A-Z]{2,}(?:\s|$)).*$")
_SEPARATOR = re.compile(r"\s*(?:,?\s(?:and|dan|und|et|y|&)\s|,\s+|\s/\s)\s*", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:foundation|universi\w+|gmbh|inc|ltd|llc|times|news|press|institute?|agency|magazine|staff|kementerian|dinas)\b",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(
    r"^(?:admin\w*|administrator|webmaster|redaksi|developer|tim \w+|editor|staff|author|penulis|by"
    r"|oleh|anonymous|guest"
    r"|unknown|none|null|root|user|home|contributors?|newsroom|super ?user|view all posts?|posts?|share|follow|about)$",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    ("al", "bin", "binti", "da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "van", "von")
)
_NOT_A_NAME_WORD = re.compile(
    r"\b(?:developer|admin|webmaster|\.com|\.co\.id|\.id|\.example|\.net|\.org)\b|\w\.\w{2,}$", re.I
)
_ASIDE = re.compile(r"comment|komentar|relat|terkait|popul|sidebar|footer|recommend|teaser|newsletter|promo", re.I)


def author_of(data: dict[str, Any], tree: LexborHTMLParser, headline: Headline, url: str) -> str:
    """The authors' names, joined by commas; "" where none is named. `data` is the page's JSON-LD."""
    authors = [({"name": author} if isinstance(author, str) else author) for author in as_list(data.get("author"))]
    authors = [author for author in authors if isinstance(author, dict)]
    people = [
        name
        for author in authors
        if author.get("@type") != "Organization"
        for name in _names_in_json(author.get("name"))
    ]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    sites = {meta(tree, "og:site_name").casefold(), host, host.partition(".")[0]}
    people = [name for name in people if name and name.casefold() not in sites]
    if people:
        return ", ".join(dict.fromkeys(people))
    desks = [
        plain_text(as_text(author.get("name")), NAME_LIMIT).strip("{}[] ") for author in authors
    ]  # organizations: a desk, or the newsroom itself
    for name in (*_candidates(tree, headline), *desks):
        if name and name.casefold() not in sites and not _NOT_A_NAME.match(name):
            return name
    return ""


def names_in(text: str, *, sure: bool = False) -> str:
    """The names in a byline, joined by commas; "" where it holds none.

    `sure`: the text is known to be names, so they need not be capitalized.
    """
    line = one_line(text, 2 * NAME_LIMIT)
    if _OTHER_ROLE.match(line) and not _ROLE.match(line):
        return ""
    line = _ROLE.sub("", line) if not _LABELLED_ROLE.match(line) else _LABELLED_ROLE.sub("", line)
    line = _AFTER_NAME.sub("", line if line.isupper() else _CAPITALS_AFTER_NAME.sub("", line))
    names = [_name(part, sure=sure) for part in _SEPARATOR.split(line)]
    if not sure and not all(names):
        names = names[: names.index("")] if "" in names else names
    authors = [name for number, name in enumerate(names) if name and not (number and _ORGANISATION.search(name))]
    return ", ".join(dict.fromkeys(authors))


def _name(text: str, *, sure: bool) -> str:
    name = _ROLE.sub("", text).strip(" |,;:-–—.·/\"'")
    name = name.title() if name.isupper() and " " in name else name
    is_capitalized = sure or all(
        word[:1] != word[:1].lower() or word in _PARTICLES or not word.isascii() for word in name.split()
    )
    is_name = (
        is_capitalized
        and 2 < len(name) <= 60
        and len(name.split()) <= 6
        and not re.search(r"\d|https?:|www\.|[<>{}=?!]", name)
    )
    return "" if not is_name or _NOT_A_NAME.match(name) or _NOT_A_NAME_WORD.search(name) else name


def _names_in_json(value: Any) -> list[str]:
    """The names in a JSON-LD value, which is a text or a list of texts."""
    return [names_in(plain_text(as_text(name)), sure=True) for name in as_list(value)]


def _candidates(tree: LexborHTMLParser, headline: Headline) -> Iterator[str]:
    """Texts that may name the author, the most reliable first."""
    before, after = nearby(tree, headline.node, below=_BELOW)
    near_lines = [(node, one_line(node.text(separator=" "), 2 * _LINE)) for node in (*after, *before)]
    for _, line in near_lines:
        if len(line) <= _LINE and (byline := _BYLINE.search(line)):
            yield names_in(line[byline.end() :])
    for name in _META_NAMES:
        yield names_in(meta(tree, name))
    headline_ancestors = around(headline.node)
    author_nodes = [
        node
        for node in tree.css(f"{_AUTHOR_ELEMENTS}, {_AUTHOR_ELEMENTS_LOCAL}")[:_LOOKED_AT]
        if _may_name_the_author(node, headline_ancestors)
    ]
    near_ids = {node.mem_id for node, _ in near_lines}
    for is_near in (True, False):
        for node in author_nodes:
            if (node.mem_id in near_ids) == is_near:
                yield from _names_of(node)
    for _, line in near_lines:  # a byline inside a longer line, beside share buttons and a date
        if byline_inside := _BYLINE_INSIDE.search(line[: 2 * _LINE]):
            yield names_in(line[byline_inside.end() :])


def _names_of(node: LexborNode) -> Iterator[str]:
    """The names in an element marked as an author; in a long one, only those of its parts that are marked as names."""
    if content := node.attributes.get("content"):
        yield names_in(content)
        return
    text = one_line(node.text(separator=" "), 2 * _LINE)
    if len(text) > _LINE:
        parts = [one_line(part.text(separator=" "), _LINE) for part in node.css(_NAME_ELEMENTS)[:3]]
        yield from (names_in(part) for part in parts if 2 < len(part) < 60)
        return
    yield names_in(text)


def _may_name_the_author(node: LexborNode, headline_ancestors: frozenset[int]) -> bool:
    """Whether an element may name the author: not labelled as an editor, and not among comments or other stories."""
    previous = node.prev
    while previous is not None and previous.tag == "-comment":
        previous = previous.prev
    ancestor = node.parent
    if previous is not None and _OTHER_ROLE.match(one_line(previous.text(separator=" "), _LINE)):
        return False
    if ancestor is not None and _OTHER_ROLE.match(one_line(ancestor.text(separator=" ")[:_LINE], _LINE)):
        return False
    for _ in range(8):
        if ancestor is None or ancestor.mem_id in headline_ancestors or ancestor.tag in ("body", "article", "main"):
            return True
        names = f"{ancestor.attributes.get('class') or ''} {ancestor.attributes.get('id') or ''}"
        if ancestor.tag in ("aside", "footer", "nav") or _ASIDE.search(names):
            return False
        ancestor = ancestor.parent
    return True
