"""Mistyped words: how many letters two words differ in, and which of some words was meant."""

from collections.abc import Iterable

LONGEST = 40  # letters of a word that is compared; nobody mistypes a name of more
SHORT, MIDDLE = 2, 4  # a word of up to so many letters is never taken for another one; is with one wrong letter


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that `word` was probably meant to be, ignoring case; the first of several, None if none is near."""
    wanted = word.casefold()
    if not SHORT < len(wanted) <= LONGEST:
        return None
    allowed = 1 if len(wanted) <= MIDDLE else 2
    found = [(difference(wanted, name.casefold(), allowed), place, name) for place, name in enumerate(names)]
    distance, _, name = min(found, default=(allowed + 1, 0, ""))
    return name if distance <= allowed else None


def difference(one: str, other: str, at_most: int) -> int:
    """How many letters have to be added, left out, replaced, or swapped with their neighbour; or `at_most` + 1.

    The optimal string alignment distance: https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance
    """
    if abs(len(one) - len(other)) > at_most:
        return at_most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, its in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return min(last[-1], at_most + 1)
