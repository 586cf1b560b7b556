"""Full-text search: how a story's words are written for the index, and what can be asked of it.

SQLite's FTS5 and PostgreSQL's tsvector index the same words, made here: each with a mark before it that says where it
stands, and whether it is the word itself or a stem (bot.words). Ranking by marks gives the same answers on both, and
neither's own idea of a word counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, column, table

from bot.words import stems, words

INDEX_TABLE = "story_index"
INDEX = table(INDEX_TABLE, column("rowid", BigInteger))  # made by migration 0011 from story_words
WORDS_OF_BODY = 2_000  # of an article's text; the news is in the beginning
TITLE, LEAD, BODY = "a", "c", "e"  # marks of words as they are written; LEAD: summary and author
STEM_OF = {TITLE: "b", LEAD: "d", BODY: "f"}  # marks of their stems
GAP = "z"  # between two fields, so that no phrase reaches from one into the other


def is_modelled(name: str | None, kind: str, parents: Mapping[Any, str | None]) -> bool:
    """For Alembic's `include_name`: all but the index, which migration 0011 makes of what each database has for it."""
    vector = parents.get("table_name") == "story_words" and name in ("vector", "ix_story_words_vector")
    return not vector and not (kind == "table" and (name or "").startswith(INDEX_TABLE))


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its mark. `begins`: or any longer one that begins with it."""

    text: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words with their marks that follow each other."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Query", ...]


Query = Word | Phrase | AllOf | AnyOf


def lead_of(title: str, summary: str, author: str) -> str:
    """What `story_words.lead` holds for a story."""
    of_title, of_summary, of_author = list(words(title)), list(words(summary)), list(words(author))
    first = [TITLE + word for word in of_title]
    rest = [*(LEAD + word for word in of_summary), GAP, *(LEAD + word for word in of_author)]
    return " ".join([*first, GAP, *rest, *_stems(TITLE, of_title), *_stems(LEAD, [*of_summary, *of_author])])


def body_of(text: str) -> str:
    """What `story_words.body` holds for an article's text."""
    its = list(islice(words(text), WORDS_OF_BODY))
    return " ".join([*(BODY + word for word in its), *_stems(BODY, its)])


def _stems(mark: str, its: Iterable[str]) -> list[str]:
    """The stems that are not the words themselves, each once."""
    written = set(its)
    found = dict.fromkeys(stem for word in its for stem in stems(word))
    return [STEM_OF[mark] + stem for stem in found if stem not in written]


def written(query: Query, *, fts5: bool) -> str:
    """The query for FTS5, or as a tsquery. Words hold nothing but letters and digits, so nothing is to be escaped.

    https://www.sqlite.org/fts5.html#full_text_query_syntax
    https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY
    """
    match query:
        case Word(text, begins):
            return _checked(text) + ("*" if fts5 else ":*") * begins
        case Phrase(its) if fts5:
            return '"' + " ".join(map(_checked, its)) + '"'
        case Phrase(its):
            return "(" + " <-> ".join(map(_checked, its)) + ")"
        case AllOf(parts):
            joint = " AND " if fts5 else " & "
        case AnyOf(parts):
            joint = " OR " if fts5 else " | "
    return "(" + joint.join(written(part, fts5=fts5) for part in parts) + ")"


def _checked(word: str) -> str:
    if not (word.isascii() and word.isalnum() and word.islower()):
        raise ValueError(f"no word of the index: {word[:60]!r}")
    return word
