"""What becomes of a story, as tables: before, what was said, after."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.stories.telling.appearances import CARRIED_OVER, Appearance, Kind
from bot.stories.telling.compose import Shown
from bot.stories.telling.decide import Before, Change, Said, Verdict, decide
from tests.stories.telling.test_compose import NOW, URL, said

MAX_AGE = timedelta(hours=6)
SHOWN = Shown(
    source_id="feed",
    title="Sepuluh orang mengungsi",
    url=URL,
    published_at=NOW,
    summary="Warga pergi ke posko.",
    section="dunia",
)
FEED = said(Kind.FEED, title=SHOWN.title, summary=SHOWN.summary)


def before(verdict: Verdict = Verdict.PUSHED, **more: Any) -> Before:
    flags = {name: more.pop(name) for name in ("retracted", "is_copy") if name in more}
    return Before(replace(SHOWN, **more), NOW, verdict, **flags)


def changed(kind: Kind = Kind.FEED, previous: Appearance | None = FEED, **fields: Any) -> Said:
    words = {"title": SHOWN.title, "summary": SHOWN.summary} | fields
    return Said(said(kind, **words), previous)


@pytest.mark.parametrize(
    ("after", "how", "verdict"),
    [
        ({}, {}, Verdict.PUSHED),
        ({}, {"is_news": False}, Verdict.FIRST_POLL),
        ({}, {"flood": True}, Verdict.HELD),
        ({}, {"repeats": True}, Verdict.COPY),
        ({"is_update": True}, {"repeats": True}, Verdict.PUSHED),
        ({"only_ranked": True}, {}, Verdict.ONLY_RANKED),
        ({"published_at": NOW - timedelta(hours=7)}, {}, Verdict.TOO_OLD),
        ({"section": ""}, {}, Verdict.NO_SECTION),
        ({"section": "", "is_update": True}, {}, Verdict.PUSHED),
    ],
)
def test_a_new_story_is_pushed_or_the_reason_is_kept(
    after: dict[str, Any], how: dict[str, bool], verdict: Verdict
) -> None:
    decision = decide(None, replace(SHOWN, **after), Said(FEED, None, **how), MAX_AGE, NOW)
    assert (decision.change, decision.verdict) == (Change.NEW, verdict)
    assert decision.push is (verdict in (Verdict.PUSHED, Verdict.HELD))


@pytest.mark.parametrize(
    ("what", "after", "change"),
    [
        (changed(title="Sebelas orang mengungsi"), {"title": "Sebelas orang mengungsi"}, Change.CORRECTED),
        (changed(summary="Warga pulang."), {"summary": "Warga pulang."}, Change.CORRECTED),
        (changed(), {}, Change.UNCHANGED),
        (changed(author="Rina"), {"author": "Rina"}, Change.COMPLETED),
        (changed(summary=SHOWN.summary + " Lagi."), {"summary": SHOWN.summary + " Lagi."}, Change.CORRECTED),
        (changed(Kind.PAGE, None, author="Rina"), {"author": "Rina"}, Change.COMPLETED),
        (changed(Kind.PAGE, None, summary="Lain."), {"summary": "Lain."}, Change.COMPLETED),
        (
            changed(Kind.PAGE, said(Kind.PAGE, summary=SHOWN.summary), summary="Lain."),
            {"summary": "Lain."},
            Change.CORRECTED,
        ),
        (changed(Kind.FEED, None, title="Kata lain"), {"title": "Kata lain"}, Change.COMPLETED),
        (changed(Kind.POPULAR, None, title="Kata lain"), {}, Change.UNCHANGED),
        (changed(Kind.CMS, None, title="Kata lain"), {"title": "Kata lain"}, Change.CORRECTED),
        (changed(Kind.CMS, None, author="Rina"), {"author": "Rina"}, Change.COMPLETED),
        (
            changed(Kind.POPULAR, said(Kind.POPULAR, title=SHOWN.title), title="Kata lain"),
            {"title": "Kata lain"},
            Change.COMPLETED,
        ),
        (changed(update=True), {"is_update": True}, Change.PROMOTED),
        (changed(url=URL + "-baru"), {"url": URL + "-baru"}, Change.EXCHANGED),
        (
            changed(previous=replace(FEED, digest=CARRIED_OVER), summary="Warga…"),
            {"summary": "Warga…"},
            Change.COMPLETED,
        ),
        (
            changed(previous=replace(FEED, digest=CARRIED_OVER), title="Sebelas"),
            {"title": "Sebelas"},
            Change.CORRECTED,
        ),
    ],
)
def test_only_other_words_of_who_said_the_shown_ones_are_a_correction(
    what: Said, after: dict[str, Any], change: Change
) -> None:
    decision = decide(before(), replace(SHOWN, **after), what, MAX_AGE, NOW)
    assert decision.change is change
    assert decision.quiet is (change is not Change.CORRECTED)


@pytest.mark.parametrize(
    ("was", "after", "what", "push", "verdict"),
    [
        (before(Verdict.NO_SECTION, section=""), {}, changed(Kind.PAGE, None), True, Verdict.PUSHED),
        (before(section="", is_update=True), {"is_update": True}, changed(Kind.PAGE, None), True, Verdict.PUSHED),
        (before(Verdict.FIRST_POLL, section=""), {}, changed(Kind.PAGE, None), False, Verdict.FIRST_POLL),
        (before(Verdict.ONLY_RANKED, only_ranked=True), {}, changed(previous=None), True, Verdict.PUSHED),
        (before(Verdict.PUSHED), {"is_update": True}, changed(update=True), True, Verdict.PUSHED),
        (before(Verdict.FIRST_POLL), {"is_update": True}, changed(update=True), True, Verdict.PUSHED),
        (before(Verdict.FIRST_POLL), {}, changed(Kind.FEED, None), False, Verdict.FIRST_POLL),
        (before(Verdict.COPY, is_copy=True), {"title": "Kata lain"}, changed(title="Kata lain"), False, Verdict.COPY),
        (before(Verdict.COPY, is_copy=True), {"is_update": True}, changed(update=True), True, Verdict.PUSHED),
        (before(Verdict.COPY, is_copy=True), {}, changed(Kind.CMS, None), True, Verdict.PUSHED),
        (
            before(Verdict.COPY, is_copy=True, section=""),
            {"section": ""},
            changed(Kind.CMS, None),
            False,
            Verdict.NO_SECTION,
        ),
        (before(Verdict.ORIGINAL_GONE, section=""), {}, changed(), False, Verdict.ORIGINAL_GONE),
        (before(Verdict.ORIGINAL_GONE), {"is_update": True}, changed(update=True), True, Verdict.PUSHED),
        (before(Verdict.HELD), {"is_update": True}, changed(update=True), True, Verdict.HELD),
        (before(Verdict.PUSHED), {}, changed(title="Sebelas"), False, Verdict.PUSHED),
    ],
)
def test_a_known_story_becomes_news_only_when_it_becomes_more(
    was: Before, after: dict[str, Any], what: Said, push: bool, verdict: Verdict
) -> None:
    decision = decide(was, replace(SHOWN, **after), what, MAX_AGE, NOW)
    assert (decision.push, decision.verdict) == (push, verdict)


def test_an_alert_that_waits_is_recalled_when_the_page_says_that_the_story_is_old() -> None:
    old = replace(SHOWN, published_at=NOW - timedelta(days=3))
    decision = decide(before(), old, changed(Kind.PAGE, None), MAX_AGE, NOW)
    assert (decision.recall, decision.verdict) == (True, Verdict.TOO_OLD)


def test_what_was_withdrawn_returns_only_by_the_cms() -> None:
    withdrawn = before(retracted=True)
    assert decide(before(), None, changed(), MAX_AGE, NOW).change is Change.WITHDRAWN
    assert decide(withdrawn, None, changed(), MAX_AGE, NOW).change is Change.UNCHANGED
    assert decide(withdrawn, replace(SHOWN, title="Lain"), changed(), MAX_AGE, NOW).change is Change.UNCHANGED
    assert decide(withdrawn, SHOWN, changed(Kind.CMS, None), MAX_AGE, NOW).change is Change.RETURNED


def test_the_rest_of_a_summary_that_was_cut_off_is_no_correction() -> None:
    cut = changed(previous=replace(FEED, fields=replace(FEED.fields, summary="Warga pergi…")))
    assert decide(before(summary="Warga pergi…"), SHOWN, cut, MAX_AGE, NOW).change is Change.COMPLETED
