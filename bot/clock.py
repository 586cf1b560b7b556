"""The only place that reads the wall clock; everything else takes `now` as an argument, so that tests can set it."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)
