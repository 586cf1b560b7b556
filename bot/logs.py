"""Logs: one event per line with its fields, as text for people or as JSON."""

import logging
import sys
import time

import structlog

LOG_AGAIN_SECONDS = 60.0


class OngoingFailure:
    """Rate-limits the log of an ongoing failure: one line when it begins, one a minute, and one when it has ended."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, event: str) -> None:
        self._log, self._event = log, event
        self._since: float | None = None
        self._logged_at = 0.0

    def note(self, error: BaseException | str) -> None:
        now = time.monotonic()
        if self._since is None or now - self._logged_at > LOG_AGAIN_SECONDS:
            self._since = self._since or now
            self._logged_at = now
            text = error if isinstance(error, str) else f"{type(error).__name__}: {error}".splitlines()[0]
            self._log.error(self._event, error=text, for_seconds=round(now - self._since))

    def clear(self) -> None:
        if self._since is not None:
            self._log.info(f"{self._event}_over", after_seconds=round(time.monotonic() - self._since))
            self._since = None


def configure(level: str, form: str) -> None:
    """Send all logs of this process, including those of libraries, to stderr. `form` is "text" or "json"."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]
    renderer: structlog.typing.Processor
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
        shared.append(structlog.processors.format_exc_info)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiohttp.access", "telegram", "alembic", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
