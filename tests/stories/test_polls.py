"""When a source is asked again, and what an editor reads of its status: pure cases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import utcnow
from bot.config import SourceTable
from bot.storage.models import Source
from bot.stories.polls import Failed, Unchanged, next_in, said
from bot.stories.reading.fetcher import Response

NOW = utcnow()
TABLE = SourceTable(id="dunia", url="https://news.example/rss", every=timedelta(minutes=5))
ANSWER = Response(url=TABLE.url, status=200, body=b"", content_type="")
FIVE, HOUR, DAY = 300.0, 3600.0, 86_400.0


def seconds(found: Any, *, failures: int = 0, still: float | None = None, changed: bool = False, **table: Any) -> float:
    last_change = None if still is None else NOW - timedelta(seconds=still)
    source = Source(id="dunia", url=TABLE.url, failures=failures, last_change_at=last_change)
    return next_in(found, source, TABLE.model_copy(update=table), changed=changed, now=NOW)


def unchanged(**answer: Any) -> Unchanged:
    return Unchanged(replace(ANSWER, **answer), "x")


@pytest.mark.parametrize(
    ("found", "how", "wait"),
    [
        pytest.param(unchanged(), {}, FIVE, id="as set"),
        pytest.param(unchanged(), {"still": 60.0}, FIVE, id="as set after a change a minute ago"),
        pytest.param(unchanged(), {"still": 30_000.0}, 600.0, id="a fiftieth of the time without a change"),
        pytest.param(unchanged(), {"still": 10 * DAY}, 3 * FIVE, id="at most three times the setting"),
        pytest.param(unchanged(), {"still": 10 * DAY, "changed": True}, FIVE, id="as set when it has changed"),
        pytest.param(unchanged(), {"still": 10 * DAY, "adaptive": False}, FIVE, id="as set where it may not adapt"),
        pytest.param(unchanged(max_age=HOUR), {"update": True}, FIVE, id="a source of UPDATEs is never asked later"),
        pytest.param(unchanged(max_age=900.0), {}, 900.0, id="as long as the source stays as it is"),
        pytest.param(unchanged(max_age=DAY), {}, HOUR, id="an hour at most, whatever it says"),
        pytest.param(Failed("x"), {}, 2 * FIVE, id="twice the setting after the first failure"),
        pytest.param(Failed("x"), {"failures": 1}, 4 * FIVE, id="doubled with every failure"),
        pytest.param(Failed("x"), {"failures": 50}, HOUR, id="an hour at most after failures"),
        pytest.param(Failed("x"), {"every": timedelta(hours=2)}, 2 * HOUR, id="never sooner than set"),
        pytest.param(Failed("x", 429, 7200.0), {}, 7200.0, id="as long as a failing source asks for"),
        pytest.param(Failed("x", 503, 1.0), {}, 2 * FIVE, id="no sooner because it asks for less"),
        pytest.param(Failed("x", 410), {}, DAY, id="once a day where it is gone for good"),
    ],
)
def test_when_a_source_is_asked_again(found: Any, how: dict[str, Any], wait: float) -> None:
    assert seconds(found, **how) == wait


def test_sources_that_began_together_are_spread_but_what_a_source_asks_for_is_kept_to() -> None:
    source = Source(id="dunia", url=TABLE.url)
    assert next_in(unchanged(), source, TABLE, changed=True, now=NOW, spread=1.1) == pytest.approx(330)
    asked = Failed("x", 429, 604_800.0)
    assert next_in(asked, source, TABLE, changed=False, now=NOW, spread=1.1) == 604_800.0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "HTTP 401: the address asks for a password"),
        (403, "HTTP 403: the address refuses us"),
        (404, "HTTP 404: the address is not there"),
        (410, "HTTP 410: the address is gone for good"),
        (429, "HTTP 429: the address asks us to come less often"),
        (500, "HTTP 500: the address is broken"),
        (502, "HTTP 502: the address is broken"),
        (503, "HTTP 503: the address is overloaded"),
        (418, "HTTP 418"),
    ],
)
def test_a_status_is_told_to_an_editor_in_words(status: int, words: str) -> None:
    assert said(status) == words
