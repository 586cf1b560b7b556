"""Polls: what asking a source found, and when it is asked again. Pure, save for `look`, which asks."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.config import Newsroom, SourceTable
from bot.storage.models import Source
from bot.stories.reading.documents import ACCEPT, Document, body_digest_of, read
from bot.stories.reading.feeds import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError, Response

log = structlog.get_logger("kabar.poller")

STILL_SHARE = 0.02  # of the time since the last change: what has not changed for a day is asked every half hour
SLOWER_AT_MOST = 3  # times the setting; a source of UPDATEs is never asked less often
BACKOFF_AT_MOST = 3600.0  # seconds
ASKED_AT_LEAST = 3600.0  # seconds, however long a source says that it stays as it is
GONE_AGAIN = 86_400.0  # a source that answers 410 is asked once a day whether it is back


@dataclass(frozen=True, slots=True)
class Failed:
    """The source could not be read; `error` in words for an editor."""

    error: str
    status: int = 0
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """It says what it said before. `document` was read all the same where its bytes were others."""

    response: Response
    body_digest: str
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """It says something else."""

    response: Response
    body_digest: str
    document: Document


Found = Failed | Unchanged | Read


async def look(
    fetcher: Fetcher, address: str, source: Source, table: SourceTable, newsroom: Newsroom, now: datetime
) -> Found:
    """Ask a source for its document, and read it if it is not the one that we have."""
    response: Response | None = None
    try:
        response = await fetcher.fetch(address, etag=source.etag, last_modified=source.last_modified, accept=ACCEPT)
        return await _read(fetcher, response, source, table, newsroom, now)
    except FetchError as error:
        words = error.detail
    except Unreadable as error:
        words = str(error)
    except Exception as error:
        log.exception("poll_failed", source=source.id)
        words = f"a mistake of ours ({type(error).__name__})"
    if response is None:
        return Failed(words)
    return Failed(words, response.status, response.retry_after)


async def _read(
    fetcher: Fetcher, response: Response, source: Source, table: SourceTable, newsroom: Newsroom, now: datetime
) -> Found:
    """Raises Unreadable. An index of sitemaps may stay while they change."""
    if response.status not in (200, 304):
        raise Unreadable(said(response.status))
    if response.status == 304:
        if not (source.etag or source.last_modified):
            raise Unreadable("HTTP 304: nothing has changed, it says, since we never asked")
        return Unchanged(response, source.body_digest)
    body_digest = body_digest_of(response.body, table.kind)
    if body_digest == source.body_digest and table.kind != "sitemap":
        return Unchanged(response, body_digest)
    document = await read(fetcher, table, response, newsroom, now)
    if document.failed:
        log.warning("source_in_part", source=source.id, error=document.failed)
        if not source.primed:
            raise Unreadable(document.failed)  # else what it lacks would be news at the next poll
    if document.digest == source.digest:
        return Unchanged(response, body_digest, document)
    return Read(response, body_digest, document)


def next_in(found: Found, source: Source, table: SourceTable, *, changed: bool, now: datetime) -> float:
    """Seconds until the next poll: as set; longer where the source asks for it, fails, or has been still for long."""
    every = table.every.total_seconds()
    if isinstance(found, Failed):
        if found.status == 410:
            return GONE_AGAIN
        backoff = min(every * 2.0 ** min(source.failures + 1, 12), BACKOFF_AT_MOST)
        return max(every, backoff, found.retry_after or 0.0)
    if not table.adaptive or table.update:
        return every
    still = (now - source.last_change_at).total_seconds() if source.last_change_at else 0.0
    wait = every if changed else min(max(every, still * STILL_SHARE), every * SLOWER_AT_MOST)
    return max(wait, min(found.response.max_age or 0.0, ASKED_AT_LEAST))


def said(status: int) -> str:
    """A status in words for an editor."""
    words = {401: "asks for a password", 403: "refuses us", 404: "is not there", 410: "is gone for good"}
    words |= {429: "asks us to come less often", 500: "is broken", 502: "is broken", 503: "is overloaded"}
    return f"HTTP {status}" + (f": the address {words[status]}" if status in words else "")
