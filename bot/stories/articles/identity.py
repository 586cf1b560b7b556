"""Tells an article from a consent wall, a login or a front page that its address returned instead. Pure."""

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
# Scripts without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff]")
_AGREES = 0.5  # share of the shorter title's words
_VARIANT = re.compile(r"^(?:www|m|amp|mobile)\.|/amp/?$|\.amp$|(?:index)?\.(?:html?|php)$")


def is_the_article(article: Article, *, title: str, asked: str, answered: str) -> bool:
    """Whether a page is the requested article; if not, nothing on it may be used for the story.

    `title` is the story's title in a list or a feed ("" where only its address is known), `asked` the requested
    address, `answered` the final address after redirects. Titles are compared first, since addresses may change: half
    of the words in common or more means yes, none means no. In between, and without a title, the addresses decide.
    """
    agreement = _agreement(title, article.title)
    if agreement is not None and (agreement >= _AGREES or agreement == 0):
        return agreement > 0
    claimed = article.canonical or answered
    return (
        _names_a_page(claimed, asked)
        and _names_a_page(answered, asked)
        and (_same_page(claimed, asked) or _same_page(answered, asked) or agreement is not None)
    )


def _agreement(title: str, headline: str) -> float | None:
    """The share of the shorter title's words that the other has; None where either has no words to compare."""
    title_words, headline_words = _words(title), _words(headline)
    if not title_words or not headline_words:
        return None
    return len(title_words & headline_words) / min(len(title_words), len(headline_words))


def _words(title: str) -> set[str]:
    if _UNSPACED.search(title):
        return {title[start : start + 2] for start in range(len(title) - 1)}
    return {word for word in _WORD.findall(title.casefold()) if word not in _COMMON}


def _names_a_page(url: str, asked: str) -> bool:
    """False for the front page, to which sites redirect the addresses of removed articles."""
    return bool(urlsplit(url).path.strip("/")) or bool(urlsplit(url).query) or not urlsplit(asked).path.strip("/")


def _same_page(one: str, other: str) -> bool:
    return _page(one) == _page(other)


def _page(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = _VARIANT.sub("", (parts.hostname or "").casefold())
    return host, _VARIANT.sub("", parts.path.rstrip("/"))
