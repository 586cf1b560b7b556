"""Decide: what becomes of a story when one of its sources has said something. Pure.

Story before, story after, what was said, now: the change, and whether the story is pushed or why not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.stories.telling.appearances import CARRIED_OVER, Appearance, Kind, says_less
from bot.stories.telling.compose import Shown

HELD_ABOVE = 50  # new stories in one poll; more are stored, and an admin says whether they are pushed
COMPLETED_WITHIN = timedelta(minutes=5)  # of its first sight a story's copies are completed without a word
_WORDS = ("title", "summary", "author", "image_caption")
_THINGS = ("image_url", "url")


class Change(StrEnum):
    NEW = "new"
    CORRECTED = "corrected"  # its newsroom's words changed: copies follow, and say so
    EXCHANGED = "exchanged"  # its newsroom exchanged the photo or the address: copies follow without a word
    COMPLETED = "completed"  # a source, or the article's page, says more: nothing was wrong
    PROMOTED = "promoted"  # to an UPDATE
    RETURNED = "returned"  # said again by the CMS that withdrew it
    WITHDRAWN = "withdrawn"
    UNCHANGED = "unchanged"


class Verdict(StrEnum):
    """Whether a story was pushed, or why not; kept with it (`stories.verdict`)."""

    PUSHED = "pushed"
    HELD = "held"  # one of very many in one poll: an admin decides
    FIRST_POLL = "first_poll"  # its source was read for the first time
    ONLY_RANKED = "only_ranked"  # only a popular list names it
    COPY = "copy"  # another site's text, which was pushed
    ORIGINAL_GONE = "original_gone"  # it was a copy until its original, which was pushed, was withdrawn
    TOO_OLD = "too_old"
    NO_SECTION = "no_section"  # nobody follows it
    CARRIED_OVER = ""  # from before reasons were kept


@dataclass(frozen=True, slots=True)
class Before:
    """A story as it was."""

    shown: Shown
    first_seen: datetime
    verdict: Verdict
    retracted: bool = False
    is_copy: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What was said: by whom, instead of what, and whether it is news (the first poll of a source is none).

    `flood`: it came with very many others; `repeats`: it is a copy of another site's text.
    """

    appearance: Appearance
    previous: Appearance | None
    is_news: bool = True
    flood: bool = False
    repeats: bool = False

    @property
    def kind(self) -> Kind:
        return self.appearance.fields.kind


@dataclass(frozen=True, slots=True)
class Decision:
    """`push`: an alert is queued, or widened; `recall`: one that waits for its page is taken back; `promoted` may come
    with a correction; `quiet`: copies follow without the line that says "Corrected"."""

    change: Change
    verdict: Verdict
    push: bool = False
    recall: bool = False
    promoted: bool = False
    separated: bool = False

    @property
    def quiet(self) -> bool:
        return self.change is not Change.CORRECTED


def decide(before: Before | None, after: Shown | None, said: Said, max_age: timedelta, now: datetime) -> Decision:
    """What becomes of the story. `before` is None for one that was not known, `after` where it is taken down."""
    if before is None:
        if after is None:
            raise ValueError("a story that was not known is taken down")
        reason = _reason(after, said, max_age, now)
        return Decision(Change.NEW, reason, push=reason in (Verdict.PUSHED, Verdict.HELD))
    if after is None:
        return Decision(Change.UNCHANGED if before.retracted else Change.WITHDRAWN, before.verdict)
    if before.retracted:
        returned = said.kind is Kind.CMS
        return Decision(Change.RETURNED if returned else Change.UNCHANGED, before.verdict)
    promoted = after.is_update and not before.shown.is_update
    separated = before.is_copy and (promoted or said.kind is Kind.CMS)  # which publishes what it means to be read
    decision = _pushed(before, after, said, promoted or separated, max_age, now)
    return Decision(
        _change(before.shown, after, said, promoted),
        decision.verdict,
        push=decision.push,
        recall=decision.recall,
        promoted=promoted,
        separated=separated,
    )


def _reason(after: Shown, said: Said, max_age: timedelta, now: datetime) -> Verdict:
    """PUSHED, or why not."""
    if said.repeats and not after.is_update:
        return Verdict.COPY
    if after.only_ranked:
        return Verdict.ONLY_RANKED
    if not said.is_news:
        return Verdict.FIRST_POLL
    if is_too_old(after.published_at, max_age, now):
        return Verdict.TOO_OLD
    if not after.section and not after.is_update:
        return Verdict.NO_SECTION
    return Verdict.HELD if said.flood else Verdict.PUSHED


def _pushed(before: Before, after: Shown, said: Said, risen: bool, max_age: timedelta, now: datetime) -> Decision:
    """Whether a known story has become an alert: it has a section now, or is more than ranked.

    `risen`: it is an UPDATE now, or no copy any more.
    """
    has_section_now = bool(after.section) and not before.shown.section
    followed_now = has_section_now and before.verdict in (Verdict.NO_SECTION, Verdict.PUSHED, Verdict.HELD)
    found = followed_now or (before.shown.only_ranked and not after.only_ranked)
    if before.is_copy and not risen:
        return Decision(Change.UNCHANGED, before.verdict)
    if said.kind is Kind.PAGE and before.verdict in (Verdict.FIRST_POLL, Verdict.ONLY_RANKED, Verdict.CARRIED_OVER):
        return Decision(Change.UNCHANGED, before.verdict)  # what a page says makes no news of an old story
    if not risen and not found:
        aged = before.verdict is Verdict.PUSHED and said.kind is Kind.PAGE and said.previous is None
        if aged and is_too_old(after.published_at, max_age, now):  # its list had no time: the page says how old it is
            return Decision(Change.UNCHANGED, Verdict.TOO_OLD, recall=True)
        return Decision(Change.UNCHANGED, before.verdict)
    reason = _reason(after, said, max_age, now)
    push = reason in (Verdict.PUSHED, Verdict.HELD)
    if before.verdict in (Verdict.PUSHED, Verdict.HELD):
        reason = before.verdict  # it has its alert, which goes on to more
    return Decision(Change.UNCHANGED, reason, push=push)


def _change(before: Shown, after: Shown, said: Said, promoted: bool) -> Change:
    if _is_corrected(before, after, said):
        return Change.CORRECTED
    if promoted:
        return Change.PROMOTED
    if said.previous is not None and _changed_by(before, after, said, _THINGS):
        return Change.EXCHANGED
    return Change.COMPLETED if before != after else Change.UNCHANGED


def _is_corrected(before: Shown, after: Shown, said: Said) -> bool:
    """Whether words that were shown are other words now, since who said them says so, or the CMS does.

    Not where a source or the page only adds to them, nor where a better source joins.
    """
    if said.kind is Kind.CMS:
        return any(getattr(before, name) and getattr(before, name) != getattr(after, name) for name in _WORDS)
    if said.previous is None or said.kind is Kind.POPULAR:
        return False
    carried_over = said.previous.digest == CARRIED_OVER  # what was kept then was every source's word in one
    return _changed_by(before, after, said, ("title",) if carried_over else _WORDS)


def _changed_by(before: Shown, after: Shown, said: Said, names: Sequence[str]) -> bool:
    """Whether one of these fields is shown otherwise, since who said what was shown says otherwise, and not more."""
    if said.previous is None:
        return False
    previous, present = said.previous.fields, said.appearance.fields
    return any(
        bool(old := getattr(before, name))
        and not says_less(old, getattr(after, name))
        and old == getattr(previous, name) != getattr(present, name)
        for name in names
    )


def is_too_old(published_at: datetime, max_age: timedelta, now: datetime) -> bool:
    return now - published_at > max_age
