"""The one clock at the edge. Everything below an edge takes `now` as an argument."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
