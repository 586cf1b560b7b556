"""Logs: the log of an ongoing failure is rate-limited, and lines are JSON or text as configured."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest
import structlog

from bot import logs
from bot.logs import LOG_AGAIN_SECONDS, OngoingFailure


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(logs, "time", clock)
    return clock


@pytest.fixture
def lines() -> Any:
    with structlog.testing.capture_logs() as lines:
        yield lines


def test_an_ongoing_failure_is_logged_at_its_start_once_a_minute_and_at_its_end(clock: Clock, lines: Any) -> None:
    failure = OngoingFailure(structlog.get_logger(), "telegram_away")
    for _ in range(130):
        failure.note(ConnectionError("refused"))
        clock.now += 1
    failure.clear()
    failure.clear()
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("telegram_away", "error"),
        ("telegram_away", "error"),
        ("telegram_away", "error"),
        ("telegram_away_over", "info"),
    ]
    assert [line["for_seconds"] for line in lines[:3]] == [0, LOG_AGAIN_SECONDS + 1, 2 * (LOG_AGAIN_SECONDS + 1)]
    assert lines[3]["after_seconds"] == 130
    assert lines[0]["error"] == "ConnectionError: refused"


def test_a_failure_that_returns_is_logged_at_once_and_its_duration_starts_anew(clock: Clock, lines: Any) -> None:
    failure = OngoingFailure(structlog.get_logger(), "database_away")
    failure.note("first")
    failure.clear()
    clock.now += 5
    failure.note("second")
    assert [line["event"] for line in lines] == ["database_away", "database_away_over", "database_away"]
    assert (lines[2]["error"], lines[2]["for_seconds"]) == ("second", 0)


def test_success_without_a_failure_logs_nothing(lines: Any) -> None:
    OngoingFailure(structlog.get_logger(), "database_away").clear()
    assert lines == []


def test_an_error_of_many_lines_is_logged_as_its_first(lines: Any) -> None:
    OngoingFailure(structlog.get_logger(), "x").note(ValueError("one\ntwo"))
    assert lines[0]["error"] == "ValueError: one"


SCRIPT = """
import logging, structlog
from bot import logs
logs.configure("{level}", "{form}")
structlog.get_logger("bot.x").info("started", roles="chat")
logging.getLogger("telegram.ext").info("chatter")
logging.getLogger("some.library").warning("beware")
try:
    raise ValueError("broken")
except ValueError:
    structlog.get_logger("bot.x").exception("failed")
"""


def written(level: str, form: str) -> list[str]:
    """The log lines of a separate process, because the configuration applies to a whole process."""
    script = SCRIPT.format(level=level, form=form)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    return run.stderr.splitlines()


def test_json_logs_are_one_object_a_line_tracebacks_included() -> None:
    started, beware, failed = map(json.loads, written("info", "json"))
    assert (started["event"], started["roles"], started["level"], started["logger"]) == (
        "started", "chat", "info", "bot.x",
    )  # fmt: skip
    assert started["timestamp"].endswith("Z")
    assert (beware["event"], beware["logger"]) == ("beware", "some.library")
    assert "ValueError: broken" in failed["exception"]


def test_the_level_applies_to_our_logs_and_those_of_libraries() -> None:
    text = "\n".join(written("error", "text"))
    assert "started" not in text
    assert "beware" not in text
    assert "ValueError: broken" in text
    assert logging.getLogger("telegram").level == logging.WARNING
