"""Near-duplicates: the same news from another source, in nearly the same words. Pure.

Two agencies' copies of one story share most of their words; two stories of one event share the names. A false merge is
worse than a miss, since a merged story is never pushed. So the words must be alike, and nothing may say that the facts
are not: each story naming somebody or a number that the other lacks (5.2 and 6.1, Malang and Lampung), or one denying
what the other says. Measured on tests/stories/telling/pairs.json; docs/performance.md has the figures.
"""

import math
import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

ALIKE = 0.6  # cosine of the words' weights
WORDS_AT_LEAST = 15  # in title and summary together; less is too little to tell
WITHIN = timedelta(hours=48)
REMEMBERED = 3_000  # stories; a few kilobytes each
_RARE, _COMPARED = 12, 20  # words by which candidates are found, and how many of them are compared
_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_INSIDE = re.compile(r"(?<![.!?:…\"”“])\s([^\W\d_]{3,})")  # a word that begins no sentence
_DENIAL = re.compile(
    r"\b(?:tidak|tak|bukan|belum|gagal|urung|batal\w*|di?batalkan|\w*tolak|\w*bantah|turun|melemah|kalah|tanpa"
    r"|not|no|never|without|fail\w*|reject\w*|den(?:y|ies|ied)|falls?|fell|slip\w*|loses?|lost)\b"
)


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a story."""

    id: int
    source_id: str
    published_at: datetime
    words: Counter[str]
    names: frozenset[str]
    numbers: frozenset[str]
    denials: frozenset[str]

    @classmethod
    def of(cls, id: int, source_id: str, published_at: datetime, title: str, summary: str) -> "Text":
        whole = f"{title} {summary}".casefold()
        inside = _INSIDE.findall(summary)  # a title may be all capitals
        common = {word for word in inside if word[0].islower()}
        return cls(
            id=id,
            source_id=source_id,
            published_at=published_at,
            words=Counter(_WORD.findall(whole)),
            names=frozenset(word.casefold() for word in inside if word[0].isupper() and word.lower() not in common),
            numbers=frozenset(_NUMBER.findall(whole)),
            denials=frozenset(_DENIAL.findall(whole)),
        )

    def contradicts(self, other: "Text") -> bool:
        """Whether the facts differ: both have a name, or a number, that the other lacks, or one denies something."""
        mine, theirs = self.names - other.words.keys(), other.names - self.words.keys()
        return bool(
            (mine and theirs)
            or (self.numbers - other.numbers and other.numbers - self.numbers)
            or self.denials != other.denials
        )


class RecentStories:
    """The newest stories by their words.

    Words are weighed by how few of the stories have them (TF-IDF), so the words of every story count little.
    """

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
        for word in text.words:
            self._having[word].add(text.id)
        if len(self._order) > REMEMBERED:
            self._forget(self._texts.pop(self._order.popleft()))

    def _forget(self, text: Text) -> None:
        for word in text.words:
            self._having[word].discard(text.id)
            if not self._having[word]:
                del self._having[word]

    def closest(self, new: Text) -> int | None:
        """The id of another source's story that the new one repeats, or None."""
        if new.words.total() < WORDS_AT_LEAST:
            return None
        rarest = sorted((word for word in new.words if word in self._having), key=lambda word: len(self._having[word]))
        shared = Counter(other for word in rarest[:_RARE] for other in self._having[word])
        best, best_id = ALIKE, None
        for other_id, _ in shared.most_common(_COMPARED):
            other = self._texts[other_id]
            if (
                other.source_id != new.source_id
                and abs(other.published_at - new.published_at) < WITHIN
                and other.words.total() >= WORDS_AT_LEAST
                and not other.contradicts(new)
                and (alike := self._cosine(new.words, other.words)) >= best
            ):
                best, best_id = alike, other_id
        return best_id

    def _cosine(self, one: Counter[str], other: Counter[str]) -> float:
        dot = sum(count * other[word] * self._weight(word) ** 2 for word, count in one.items() if word in other)
        return dot / (self._norm(one) * self._norm(other)) if dot else 0.0

    def _norm(self, words: Counter[str]) -> float:
        return math.sqrt(sum((count * self._weight(word)) ** 2 for word, count in words.items()))

    def _weight(self, word: str) -> float:
        return math.log((1 + len(self._texts)) / (1 + len(self._having.get(word, ())))) + 1
