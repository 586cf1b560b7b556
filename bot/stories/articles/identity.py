"""Whether what an article's address answered is that article: not a consent wall, a login, or the front page. Pure."""

import re
from urllib.parse import urlsplit

from bot.stories.articles.article import Article

_WORD = re.compile(r"\w+")
_COMMON_WORDS = (
    "yang untuk dengan dari pada akan anda kami kita ini itu dan di ke atau adalah para oleh "
    "the and for with from this "
    "that your our you are is to of in on at a an be as by"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff]")  # without spaces
_AGREES = 0.5  # share of the shorter title's words
_VARIANT = re.compile(r"^(?:www|m|amp|mobile)\.|/amp/?$|\.amp$|(?:index)?\.(?:html?|php)$")


def is_the_article(article: Article, *, title: str, asked: str, answered: str) -> bool:
    """Whether a page is the article that was asked for; if not, it says nothing of the story.

    `title` is what a list or a feed calls the story ("" where only its address is known), `asked` the address that was
    asked, `answered` the one that answered after redirects. A headline that agrees decides, since addresses may change;
    one with no word of the title is another page's. In between, and without a title, the addresses decide.
    """
    agreement = _agreement(title, article.title)
    if agreement is not None and (agreement >= _AGREES or agreement == 0):
        return agreement > 0
    said = article.canonical or answered
    return (
        _names_a_page(said, asked)
        and _names_a_page(answered, asked)
        and (_same_page(said, asked) or _same_page(answered, asked) or agreement is not None)
    )


def _agreement(title: str, headline: str) -> float | None:
    """How many of the shorter title's words the other has; None where a title has none to compare."""
    one, other = _words(title), _words(headline)
    if not one or not other:
        return None
    return len(one & other) / min(len(one), len(other))


def _words(title: str) -> set[str]:
    if _UNSPACED.search(title):
        return {title[at : at + 2] for at in range(len(title) - 1)}
    return {word for word in _WORD.findall(title.casefold()) if word not in _COMMON}


def _names_a_page(url: str, asked: str) -> bool:
    """Whether an address is one of a page, and not the front page that a site sends instead of what is gone."""
    return bool(urlsplit(url).path.strip("/")) or bool(urlsplit(url).query) or not urlsplit(asked).path.strip("/")


def _same_page(one: str, other: str) -> bool:
    return _page(one) == _page(other)


def _page(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = _VARIANT.sub("", (parts.hostname or "").casefold())
    return host, _VARIANT.sub("", parts.path.rstrip("/"))
