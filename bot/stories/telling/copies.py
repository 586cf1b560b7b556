"""Copies: an agency's text, or another site's, that came again in nearly the same words. Pure.

Every development of a story repeats what came before as its background, so likeness says nothing: the words that are
*not* shared decide. A copy is a text that is the other's word for word, save for its dateline, where it is cut off, and
two words more; and neither headline has a word of news that the other's text lacks. One alert too many is a lesser evil
than one that nobody gets, so whatever is in doubt is no copy. Figures on labelled pairs: docs/performance.md.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache

from bot.stories.reading.addresses import site_of
from bot.stories.reading.summaries import is_cut, without_dateline

WITHIN = timedelta(hours=48)
REMEMBERED = 3_000  # stories; a few kilobytes each
ENOUGH_ALIKE = 12  # words of news that are the same to the last: then the earlier headline may have a word of its own
WORDS_AT_LEAST = 8  # of news, in the summary; less is too little to tell
MORE_AT_MOST = 2  # words of news that one of two copies has more
_RARE, _COMPARED = 12, 20  # words by which candidates are found, and how many of them are compared
_COMMON = 200  # stories; a word that more have finds nobody
_ROOT = 4  # letters; a shorter rest of a word is not its root
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
_LABEL = re.compile(
    r"^\W*(?:breaking(?: news)?|update|terkini|foto|photos?|video|infografis|galeri)\s*:", re.IGNORECASE
)
_INSIDE = re.compile(r"(?<![.!?:…\"”“])\s([^\W\d_]{2,})")  # a word that begins no sentence
_COUNTS_WORDS = (
    "nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas belas puluh puluhan ratus "
    "ratusan ribu ribuan juta jutaan miliar triliun seorang seekor sebuah setengah belasan one two three four "
    "five six seven eight nine ten eleven twelve dozen dozens hundred hundreds thousand thousands million "
    "billion first second third "
)
_COUNTS = frozenset(_COUNTS_WORDS.split())
_DENIAL = re.compile(
    r"tidak|tak|bukan|belum|jangan|tanpa|gagal|urung|\w*batal\w*|\w*tolak\w*|\w*bantah\w*|not|no|never|without|fail\w*"
    r"|reject\w*|den(?:y|ies|ied)|cannot|isn|wasn|don|doesn|didn|won"
)
_STOP_WORDS = (
    "yang di ke dari dan atau untuk pada dengan oleh dalam akibat karena itu ini tersebut para sang si adalah "
    "ialah akan telah sudah saat ketika serta juga agar supaya bagi atas terhadap antara sebagai secara "
    "menurut menurutnya ia dia mereka nya pun lah maka yakni yaitu tentang soal hari setelah usai sejak kata "
    "ujar sehingga hingga sampai the a an of in on at to for and or by with from as is are was were be been "
    "has have had it its this that their his her they he she said says after over amid into "
)
_STOP = frozenset(_STOP_WORDS.split())
_PREFIXES = (
    ("menge", ""), ("meng", "k"), ("meny", "s"), ("men", "t"), ("mem", "p"), ("me", ""), ("peng", "k"), ("peny", "s"),
    ("pen", "t"), ("pem", "p"), ("pe", ""), ("ber", ""), ("ter", ""), ("di", ""), ("per", ""),
)  # fmt: skip
_CLITICS = ("nya", "lah", "kah", "pun")
_SUFFIXES = ("kan", "an", "i")


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a story. `words` are the summary's words of news in their order, `roots` those of all."""

    id: int
    source_id: str
    site: str
    published_at: datetime
    headline: frozenset[str]
    words: tuple[str, ...]
    roots: frozenset[str]
    names: frozenset[str]
    is_cut: bool

    @classmethod
    def of(cls, id: int, source_id: str, url: str, published_at: datetime, title: str, summary: str) -> "Text":
        summary = without_dateline(summary)
        headline, words = _news(_LABEL.sub("", title)), _news(summary)
        inside = _INSIDE.findall(summary)  # a title may be all capitals
        common = {word for word in inside if word[0].islower()}
        return cls(
            id=id,
            source_id=source_id,
            site=site_of(url),
            published_at=published_at,
            headline=frozenset(headline),
            words=tuple(words),
            roots=frozenset().union(*map(_roots, (*headline, *words))),
            names=frozenset(word.casefold() for word in inside if word[0].isupper() and word.lower() not in common),
            is_cut=is_cut(summary),
        )

    def is_copy_of(self, other: "Text") -> bool:
        """Whether the two are one text, from two sites."""
        return (
            self.site != other.site
            and self.source_id != other.source_id
            and abs(self.published_at - other.published_at) < WITHIN
            and min(len(self.words), len(other.words)) >= WORDS_AT_LEAST
            and not other._lacks_of_headline(self)
            and self._adds_nothing_to_headline(other)
            and self._has_words_of(other)
        )

    def _lacks_of_headline(self, other: "Text") -> list[str]:
        """The words of news in the other's headline that stand nowhere here."""
        return [word for word in other.headline if self.roots.isdisjoint(_roots(word))]

    def _adds_nothing_to_headline(self, other: "Text") -> bool:
        lacking = self._lacks_of_headline(other)
        same = self.words == other.words and len(self.words) >= ENOUGH_ALIKE
        return not lacking or (same and len(lacking) == 1 and not _tells(lacking[0]))

    def _has_words_of(self, other: "Text") -> bool:
        """Whether the two summaries have the same words of news in the same order, save for very few more in one."""
        mine, theirs = self.words, other.words
        more: list[str] = []
        sides = set()
        for what, start, end, from_, to in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
            if what == "equal":
                continue
            if what == "replace":
                return False
            text, at_end, shorter = (mine, end == len(mine), other) if what == "delete" else (
                theirs, to == len(theirs), self)  # fmt: skip
            if at_end and shorter.is_cut:
                continue  # the other breaks off before
            sides.add(what)
            more += text[start:end] if what == "delete" else text[from_:to]
        names = self.names | other.names
        return len(sides) <= 1 and len(more) <= MORE_AT_MOST and not any(_tells(word) or word in names for word in more)


def _news(text: str) -> list[str]:
    """The words of news in a text, in their order: all but those that only join others."""
    return [
        word for word in _TOKEN.findall(text.casefold()) if word not in _STOP and (len(word) > 1 or word.isdecimal())
    ]


def _tells(word: str) -> bool:
    """Whether one word more makes other news: a number, or a denial."""
    return word[0].isdecimal() or word in _COUNTS or _DENIAL.fullmatch(word) is not None


@lru_cache(maxsize=20_000)
def _roots(word: str) -> frozenset[str]:
    """The word, and what may be its root: "membongkar" and "bongkar" are one word in a headline and a text.

    A suffix is cut only after a prefix: Bandungan is not Bandung.
    """
    if word[0].isdecimal() or word in _COUNTS or _DENIAL.fullmatch(word):
        return frozenset((word,))
    found = {word} | {word.removesuffix(clitic) for clitic in _CLITICS}
    found |= {word.removesuffix(ending) for ending in ("s", "es", "ed")}
    for base in tuple(found):
        for prefix, dropped in _PREFIXES:
            if base.startswith(prefix):
                rest = base.removeprefix(prefix)
                found |= {rest, dropped + rest}
                found |= {root.removesuffix(suffix) for root in (rest, dropped + rest) for suffix in _SUFFIXES}
    return frozenset(root for root in found if len(root) >= _ROOT or root == word)


class RecentStories:
    """The newest stories by their words. One process has one, and takes in what was stored since it last looked."""

    def __init__(self) -> None:
        self.newest_id = 0
        self._texts: dict[int, Text] = {}
        self._order: deque[int] = deque()
        self._having: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, text: Text) -> None:
        self.newest_id = max(self.newest_id, text.id)
        if text.id in self._texts:
            return
        self._texts[text.id] = text
        self._order.append(text.id)
        for word in {*text.words, *text.headline}:
            self._having[word].add(text.id)
        if len(self._order) > REMEMBERED:
            self._forget(self._texts.pop(self._order.popleft()))

    def _forget(self, text: Text) -> None:
        for word in {*text.words, *text.headline}:
            self._having[word].discard(text.id)
            if not self._having[word]:
                del self._having[word]

    def originals_of(self, new: Text) -> list[int]:
        """The ids of the stories of which the new one is a copy, the likeliest first."""
        if len(new.words) < WORDS_AT_LEAST:
            return []
        words = {word for word in (*new.words, *new.headline) if word in self._having}
        rarest = sorted(words, key=lambda word: (len(self._having[word]), word))
        rare = [word for word in rarest[:_RARE] if len(self._having[word]) <= _COMMON] or rarest[:1]
        shared = Counter(other for word in rare for other in self._having[word])
        candidates: Iterable[Text] = (self._texts[other] for other, _ in shared.most_common(_COMPARED))
        return [other.id for other in candidates if new.is_copy_of(other)]
