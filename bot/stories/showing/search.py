"""Search: the stories that say what a reader asks for, the best first.

The index gives the newest stories that have the words, a bounded number of them for each way in which they may have
them; the order among these is made here, so it is the same on both databases. A query is taken apart into words before
the database sees it, and only so many of them count, so no query breaks it or costs more than another.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from sqlalchemy import exists, literal, select, union_all

from bot.storage.engine import Session
from bot.storage.fulltext import BODY, INDEX, LEAD, STEM_OF, TITLE, AllOf, AnyOf, Phrase, Query, Word
from bot.storage.models import KnownWord, Story, StoryState, StoryWords
from bot.stories.showing import browse
from bot.stories.showing.browse import LATEST, Stretch
from bot.words import misspellings, stems, words

LETTERS_AT_MOST = 300  # of a query
TERMS_AT_MOST = 8
WORDS_OF_PHRASE = 8
POOL = 100  # stories of one statement
SHORTEST_BEGINNING = 3  # letters of a last word that may be unfinished
SHORTEST_MISSPELLED = 4
MISSPELLED_AT_MOST = 3  # terms
SPELLINGS = 4  # of one term
NEAREST = 5  # stories
SIMILAR_AT_LEAST = 0.6
SAME_BEGINNING = 300  # known words that are compared with one that nobody knows
_COMMON = """
yang di dan ke dari untuk dengan pada ini itu dalam oleh akan atau
the a an of in on to and for at by is are with from
"""
COMMON = frozenset(_COMMON.split())
_QUOTES = str.maketrans("“”„«»", '"""""')


class How(Enum):
    """How far what was found is what was asked for."""

    ALL = auto()
    SPELLED = auto()  # with one letter of a word otherwise
    SOME = auto()  # not all of the words
    NEAREST = auto()  # none of them, but similar ones
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found. `spelled`: the words that took the place of those that nobody knows."""

    stretch: Stretch
    how: How
    spelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or the words of a phrase. `begins`: it may be unfinished. `spellings`: what it may be meant for."""

    words: tuple[str, ...]
    begins: bool = False
    spellings: tuple[str, ...] = ()

    @property
    def is_phrase(self) -> bool:
        return len(self.words) > 1

    def exactly(self, *marks: str) -> Query:
        if self.is_phrase:
            return AnyOf(tuple(Phrase(tuple(mark + word for word in self.words)) for mark in marks))
        return AnyOf(tuple(Word(mark + self.words[0]) for mark in marks))

    def in_any_form(self, *marks: str) -> Query:
        """The word, what it is derived from, and what is derived from that; a phrase only as it is written."""
        if self.is_phrase:
            return self.exactly(*marks)
        forms = dict.fromkeys(form for word in (*self.words, *self.spellings) for form in stems(word))
        found = [Word(kind + form) for form in forms for mark in marks for kind in (mark, STEM_OF[mark])]
        if self.begins and len(self.words[0]) >= SHORTEST_BEGINNING:
            found += [Word(mark + self.words[0], begins=True) for mark in marks if mark != BODY]
        return AnyOf(tuple(found))

    def weight(self, lead: str, tokens: frozenset[str]) -> int:
        """What it counts for a story with this `story_words.lead`: most in the title, more as it is written."""
        its = [" ".join(mark + word for word in self.words) for mark in (TITLE, LEAD)]
        exact = [f" {each} " in f" {lead} " if self.is_phrase else each in tokens for each in its]
        if exact[0]:
            return 10
        if exact[1]:
            return 6
        if self.is_phrase:
            return 0
        forms = [form for word in (*self.words, *self.spellings) for form in stems(word)]
        for mark, worth in ((TITLE, 5), (LEAD, 3)):
            if any(kind + form in tokens for form in forms for kind in (mark, STEM_OF[mark])):
                return worth
            if self.begins and any(token.startswith(mark + self.words[0]) for token in tokens):
                return worth
        return 0


def terms_of(text: str) -> list[Term]:
    """What a query asks for: words, and "phrases" in quotes; common words only if there is nothing else."""
    parts = text[:LETTERS_AT_MOST].translate(_QUOTES).split('"')
    if len(parts) % 2 == 0:  # the last quotation mark has no other
        parts[-2:] = [" ".join(parts[-2:])]
    found: list[Term] = []
    for number, part in enumerate(parts):
        its = tuple(words(part))
        if number % 2 and its:
            found.append(Term(its[:WORDS_OF_PHRASE]))
        else:
            found += [Term((word,)) for word in its]
    if found and len(parts) % 2 and not found[-1].is_phrase and re.search(r"\w$", text):
        found[-1] = replace(found[-1], begins=True)
    telling = [term for term in found if term.is_phrase or term.words[0] not in COMMON]
    unique = {term.words: term for term in telling or found}
    return list(unique.values())[:TERMS_AT_MOST]


async def search(session: Session, text: str, *, anchor: int = 0, offset: int = 0, size: int = LATEST) -> Found:
    """Stories with all that is asked for; where there are none, with other spellings, then with some of it."""
    anchor = anchor or await browse.newest_id(session)
    offset = max(0, offset)
    terms = terms_of(text)
    how, spelled = How.ALL, terms
    ranked = await _with_all(session, terms, anchor) if terms else []
    if terms and not ranked:
        how, spelled = How.SPELLED, await _spelled(session, terms)
        ranked = await _with_all(session, spelled, anchor) if spelled != terms else []
    if len(terms) > 1 and not ranked:
        how, ranked = How.SOME, await _with_some(session, spelled, anchor)
    if terms and not ranked:
        how, ranked = How.NEAREST, await _nearest(session, terms, anchor)
    if not ranked:
        how = How.NOTHING
    page = await _stories(session, ranked[offset : offset + size])
    instead = tuple(word for term in spelled for word in term.spellings[:1]) if how is How.SPELLED else ()
    return Found(Stretch(page, anchor, offset, len(ranked) > offset + size), how, instead)


async def _stories(session: Session, ids: Sequence[int]) -> list[Story]:
    rows = await session.scalars(select(Story).where(Story.id.in_(ids)))
    stories = {story.id: story for story in rows}
    return [stories[story_id] for story_id in ids if story_id in stories]


async def _with_all(session: Session, terms: Sequence[Term], anchor: int) -> list[int]:
    everywhere, above = (TITLE, LEAD, BODY), (TITLE, LEAD)
    ways = (
        [term.exactly(TITLE) for term in terms],
        [term.exactly(*everywhere) for term in terms],
        [term.in_any_form(*above) for term in terms],
        [term.in_any_form(*everywhere) for term in terms],
    )
    pools = await _newest(session, [AllOf(tuple(parts)) for parts in ways], anchor)
    found, exact = {story_id for pool in pools for story_id in pool}, frozenset(pools[1])
    return await _ranked(session, found, terms, elsewhere=1, exact=exact)


async def _with_some(session: Session, terms: Sequence[Term], anchor: int) -> list[int]:
    """Stories with all words but one, else with any; most of them first."""
    parts = [term.in_any_form(TITLE, LEAD, BODY) for term in terms]
    rests = [AllOf((*parts[:at], *parts[at + 1 :])) for at in range(len(parts))]
    found = {story_id for pool in await _newest(session, rests, anchor) for story_id in pool}
    if not found:
        (any_of_them,) = await _newest(session, [AnyOf(tuple(parts))], anchor)
        found = set(any_of_them)
    return await _ranked(session, found, terms)


async def _newest(session: Session, queries: Sequence[Query], anchor: int) -> list[list[int]]:
    """For each query the newest stories that answer it, by their ids. One statement, since a round trip costs most."""
    shown = exists().where(Story.id == INDEX.c.rowid, Story.state == StoryState.LIVE, Story.copy_of.is_(None))
    found: list[list[int]] = [[] for _ in queries]
    newest = [
        select(literal(number).label("number"), INDEX.c.rowid)
        .where(session.matching(query), INDEX.c.rowid <= anchor, shown)
        .order_by(INDEX.c.rowid.desc())
        .limit(POOL)
        .subquery()
        for number, query in enumerate(queries)
    ]
    for number, story_id in await session.execute(union_all(*map(select, newest))):
        found[number].append(story_id)
    return found


async def _ranked(
    session: Session,
    ids: Iterable[int],
    terms: Sequence[Term],
    *,
    elsewhere: int = 0,
    exact: frozenset[int] = frozenset(),
) -> list[int]:
    """By what the terms weigh, then the newest. `elsewhere` is the weight of a term that only the story's text has,
    twice as much in the stories that have all terms as they are written."""
    rows = await session.execute(
        select(StoryWords.story_id, StoryWords.lead, Story.published_at)
        .join(Story, Story.id == StoryWords.story_id)
        .where(StoryWords.story_id.in_(list(ids)))
    )
    found = []
    for story_id, lead, published_at in rows:
        tokens = frozenset(lead.split())
        least = elsewhere * (2 if story_id in exact else 1)
        weight = sum(max(term.weight(lead, tokens), least) for term in terms)
        found.append((weight, published_at, story_id))
    return [story_id for _, _, story_id in sorted(found, reverse=True)]


async def _spelled(session: Session, terms: Sequence[Term]) -> list[Term]:
    """The terms, with other spellings for words that no story has in its title, summary or author."""
    unknown = [term for term in terms if not term.is_phrase and not await _is_known(session, term.words[0])]
    corrected: dict[tuple[str, ...], Term] = {}
    for term in unknown[:MISSPELLED_AT_MOST]:
        word = term.words[0]
        if len(word) >= SHORTEST_MISSPELLED and word.isalpha():
            rows = await session.scalars(select(KnownWord.word).where(KnownWord.word.in_(misspellings(word))))
            likely = sorted(rows, key=lambda known: (known[0] != word[0], abs(len(known) - len(word)), known))
            corrected[term.words] = replace(term, spellings=tuple(likely[:SPELLINGS]))
    return [corrected.get(term.words, term) for term in terms]


async def _is_known(session: Session, word: str) -> bool:
    return await session.scalar(select(KnownWord.word).where(KnownWord.word.in_(stems(word))).limit(1)) is not None


async def _nearest(session: Session, terms: Sequence[Term], anchor: int) -> list[int]:
    """A few stories with words in their titles that begin like those that were asked for, and are similar."""
    asked = [word for term in terms for word in term.words if len(word) > SHORTEST_BEGINNING][:MISSPELLED_AT_MOST]
    similar: list[str] = []
    for word in asked:
        begin = word[:SHORTEST_BEGINNING]
        same = select(KnownWord.word).where(KnownWord.word.between(begin, begin + "zzzz")).limit(SAME_BEGINNING)
        known = list(await session.scalars(same.order_by(KnownWord.word)))
        similar += difflib.get_close_matches(word, known, SPELLINGS, SIMILAR_AT_LEAST)
    if not similar:
        return []
    as_written = AnyOf(tuple(Word(mark + word) for word in similar for mark in (TITLE, LEAD)))
    (found,) = await _newest(session, [as_written], anchor)
    ranked = await _ranked(session, found, [Term((word,)) for word in similar])
    return ranked[:NEAREST]
