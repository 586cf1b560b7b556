"""Words of a text, and the stems under which its other forms are found too. Pure; the index is built and asked by it.

A word is in lower case and ASCII: accents are taken off, and letters of other scripts are written as hexadecimal
digits, so that no database takes a word apart by rules of its own.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 40  # letters of a word that count
STEMS_AT_MOST = 8
_WORD = re.compile(r"[^\W_]+")

# What Indonesian puts before and behind a word.
_PARTICLES = ("lah", "kah", "pun")
_POSSESSIVES = ("nya", "ku", "mu")
_SUFFIXES = ("kan", "an", "i", "")
# A nasal prefix changes with the letter behind it, and swallows some: me+tulis is menulis. Each prefix, the letters
# that may follow it, and what it may have swallowed.
_VOWELS = "aeiou"
_PREFIXES = (
    ("menge", "bcdfghjklmnpqrstvwxyz", ("",)), ("penge", "bcdfghjklmnpqrstvwxyz", ("",)),
    ("meny", _VOWELS, ("s",)), ("peny", _VOWELS, ("s",)),
    ("meng", "ghkq", ("",)), ("peng", "ghkq", ("",)), ("meng", _VOWELS, ("", "k")), ("peng", _VOWELS, ("", "k")),
    ("mem", "bfpv", ("",)), ("pem", "bfpv", ("",)), ("mem", _VOWELS, ("p",)), ("pem", _VOWELS, ("p",)),
    ("men", "cdjstz", ("",)), ("pen", "cdjstz", ("",)), ("men", _VOWELS, ("t",)), ("pen", _VOWELS, ("t",)),
    ("me", "lrwymn", ("",)), ("per", "abcdefghijklmnopqstuvwxyz", ("", "r")), ("pe", "bcdfghjklmnpqrstvwxyz", ("",)),
    ("ber", "abcdefghijklmnopqstuvwxyz", ("", "r")), ("be", "bcdfghjklmnpqrstvwxyz", ("",)), ("bel", "a", ("",)),
    ("pel", "a", ("",)), ("ter", "abcdefghijklmnopqstuvwxyz", ("", "r")), ("te", "r", ("",)),
    ("di", "abcdefghijklmnopqrstuvwxyz", ("",)), ("ke", "abcdefghijklmnopqrstuvwxyz", ("",)),
    ("se", "abcdefghijklmnopqrstuvwxyz", ("",)),
)  # fmt: skip
_SHORT = ("menge", "penge")  # before words of one syllable: mengecat is menge+cat
_UNLIKE = {  # suffixes that don't go with a prefix: memakan is me+makan, not me+mak+an
    "di": ("an",), "me": ("an",), "ke": ("i", "kan"), "se": ("i", "kan"), "be": ("i",), "pe": ("kan",), "te": ("an",),
}  # fmt: skip
_SECOND = ("per", "ber", "ter", "pel", "bel", "be", "pe")  # prefixes behind another: diper-, keber-, pember-
_OPENINGS = """
b c d f g h j k l m n p q r s t v w y z bl br dr dw fl fr gl gr kh kl kr kw ny pl pr ps sk sl sp sr st str sw sy tr ts
"""  # of a word; a rest that begins otherwise is none
_BEGINNINGS = frozenset(_OPENINGS.split())
_ENDINGS = ("ng", "ks", "rs", "ns", "sy", "kh", "rm", "rt")


def words(text: str) -> Iterator[str]:
    """The words of the text, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    for match in _WORD.finditer(plain):
        word = match[0][:LONGEST]
        yield word if word.isascii() else "x" + word.encode().hex()


@lru_cache(maxsize=100_000)
def stems(word: str) -> tuple[str, ...]:
    """The forms that the word may be derived from, itself first: memakan has makan among them, protesting protest.

    No list of words says which it is, so several are given; two words are related if they share one. They are never
    taken for what the word means: who wrote it exactly goes first.
    """
    if len(word) < 4 or not word.isalpha() or len(word) == LONGEST:
        return (word,)
    found = dict.fromkeys((word, *_indonesian(word), *_english(word)))
    return tuple(found)[:STEMS_AT_MOST]


def related(one: str, other: str) -> bool:
    """Whether the two words share a stem."""
    return not set(stems(one)).isdisjoint(stems(other))


def _indonesian(word: str) -> Iterator[str]:
    """The word without its endings and prefixes; what is taken apart most goes first."""
    bare = _without(_without(word, _PARTICLES), _POSSESSIVES)
    forms = dict.fromkeys((bare, word))  # of bertemu, -mu is no possessive
    for prefix, begun in (each for form in forms for each in (*_begun(form), ("", form))):
        for suffix in _SUFFIXES:
            stem = begun.removesuffix(suffix)
            if (suffix and stem == begun) or suffix in _UNLIKE.get(prefix[:2], ()):
                continue
            if prefix in _SHORT and len(stem) == 3:
                yield stem
            if not _is_word(stem) or (not prefix and len(stem) < 4):
                continue
            if prefix:
                yield from (rest for second, rest in _begun(stem) if second in _SECOND and _is_word(rest))
            yield stem


def _begun(word: str) -> Iterator[tuple[str, str]]:
    """Each prefix that the word may begin with, and the rest with what the prefix may have swallowed."""
    for prefix, followers, swallowed in _PREFIXES:
        rest = word.removeprefix(prefix)
        if rest == word or not rest or rest[0] not in followers:
            continue
        if prefix == "be" and rest[0] != "r" and rest[1:3] != "er":
            continue  # bekerja, beternak; else it is ber-
        for letter in swallowed:
            if not letter or rest[0] in _VOWELS:
                yield prefix, letter + rest


def _without(word: str, endings: tuple[str, ...]) -> str:
    for ending in endings:
        rest = word.removesuffix(ending)
        if rest != word and _is_word(rest):
            return rest
    return word


def _is_word(text: str) -> bool:
    """Whether this may be an Indonesian word: of two syllables at least, that begins and ends as words do."""
    if len(text) < 3 or sum(letter in _VOWELS for letter in text) < 2:
        return False
    if text[-1] not in _VOWELS and text[-2] not in _VOWELS and text[-2:] not in _ENDINGS:
        return False
    first = next(place for place, letter in enumerate(text) if letter in _VOWELS)
    return not first or text[:first] in _BEGINNINGS


def _english(word: str) -> Iterator[str]:
    """The word without an English ending."""
    if word.endswith("ies") and len(word) > 5:
        yield word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        yield word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is", "as")):
        yield word[:-1]
        yield from _derived(word[:-1])
    yield from _derived(word)


def _derived(word: str) -> Iterator[str]:
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and any(letter in "aeiouy" for letter in rest):
            undoubled = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            yield undoubled
            if rest[-1] in "cgsuvz" or rest[-2] in "aeiou":
                yield rest + "e"
    for ending in ("ation", "ion", "ment", "ly", "er"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 4:
            yield rest
            if ending == "ion" and rest.endswith("at"):
                yield rest + "e"
            return


def misspellings(word: str) -> list[str]:
    """All that the word would be with one letter more, less or another, or two changed over; some hundreds."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {before + behind[1:] for before, behind in splits if behind}
    found |= {before + behind[1] + behind[0] + behind[2:] for before, behind in splits if len(behind) > 1}
    found |= {before + letter + behind[1:] for before, behind in splits if behind for letter in letters}
    found |= {before + letter + behind for before, behind in splits for letter in letters}
    return sorted(found - {word})
