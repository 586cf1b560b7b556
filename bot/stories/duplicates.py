"""Near-duplicates: the same news from another source, in nearly the same words. Pure.

Two agencies' copies of one story share most of their words; two stories of one event share the names. A false merge is
worse than a miss, since a merged story is never pushed: so the bar is high, and a number that differs (5.2 and 6.1,
3 dead and 7 dead, Friday's match and Saturday's) says that the stories do.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

ALIKE = 0.75  # cosine of the words' weights
WORDS_AT_LEAST = 15  # in title and summary together; less is too little to tell
WITHIN = timedelta(hours=48)
_WORD = re.compile(r"[^\W\d_]{3,}", re.UNICODE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a story."""

    id: int
    title: str
    summary: str


def closest(new: Text, known: Sequence[Text]) -> int | None:
    """The id of the known story that the new one repeats, or None.

    Words are weighed by how few of the known stories have them (TF-IDF), so the words of every story count little.
    """
    words = _words(new)
    if sum(words.values()) < WORDS_AT_LEAST or not known:
        return None
    numbers = set(_NUMBER.findall(f"{new.title} {new.summary}"))
    others = [(each, _words(each)) for each in known]
    spread: Counter[str] = Counter()
    for _, theirs in others:
        spread.update(theirs.keys())
    weight = {word: math.log((1 + len(known)) / (1 + spread[word])) + 1 for word in _all(words, others)}
    best, best_id = ALIKE, None
    for each, theirs in others:
        if sum(theirs.values()) < WORDS_AT_LEAST:
            continue
        if numbers != set(_NUMBER.findall(f"{each.title} {each.summary}")):
            continue
        alike = _cosine(words, theirs, weight)
        if alike >= best:
            best, best_id = alike, each.id
    return best_id


def _words(text: Text) -> Counter[str]:
    return Counter(_WORD.findall(f"{text.title} {text.summary}".casefold()))


def _all(words: Counter[str], others: Iterable[tuple[Text, Counter[str]]]) -> set[str]:
    return set(words).union(*(theirs for _, theirs in others))


def _cosine(one: Counter[str], other: Counter[str], weight: dict[str, float]) -> float:
    dot = sum(count * other[word] * weight[word] ** 2 for word, count in one.items() if word in other)
    if not dot:
        return 0.0
    return dot / (_norm(one, weight) * _norm(other, weight))


def _norm(words: Counter[str], weight: dict[str, float]) -> float:
    return math.sqrt(sum((count * weight[word]) ** 2 for word, count in words.items()))
