"""Near-duplicates: the same news from another source, in nearly the same words. Pure.

Two agencies' copies of one story share most of their words; two stories of one event share the names. A false merge is
worse than a miss, since a merged story is never pushed: so the bar is high, and a number that differs (5.2 and 6.1,
3 dead and 7 dead, Friday's match and Saturday's) says that the stories do.
"""

import math
import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

ALIKE = 0.75  # cosine of the words' weights
WORDS_AT_LEAST = 15  # in title and summary together; less is too little to tell
WITHIN = timedelta(hours=48)
REMEMBERED = 3_000  # stories; a little over a kilobyte each
_RARE, _COMPARED = 12, 20  # words by which candidates are found, and how many of them are compared
_WORD = re.compile(r"[^\W\d_]{3,}", re.UNICODE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a story."""

    id: int
    source_id: str
    published_at: datetime
    words: Counter[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, id: int, source_id: str, published_at: datetime, title: str, summary: str) -> "Text":
        whole = f"{title} {summary}".casefold()
        return cls(id, source_id, published_at, Counter(_WORD.findall(whole)), frozenset(_NUMBER.findall(whole)))


class Recent:
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
                and other.numbers == new.numbers
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
