"""WebSub subscriber: a hub delivers a source's document when it changes. https://www.w3.org/TR/websub/ (§ refers to it)

This module stores subscriptions, requests them from hubs, and verifies what hubs send. bot.web.websub serves the hubs'
requests.
"""

import asyncio
import hmac
import random
import re
import secrets
from collections.abc import Iterable

import structlog
from sqlalchemy import case, delete, select, update

from bot import loops
from bot.storage.engine import Database, Session, clock
from bot.storage.models import HubSubscription
from bot.stories.reading.cleaning import safe_url
from bot.stories.reading.fetcher import Fetcher, FetchError

log = structlog.get_logger("kabar.websub")

IDLE_SECONDS = 5.0
LEASE_WISHED = 7 * 86_400  # seconds; the lease that we request
LEASE_AT_LEAST, LEASE_AT_MOST = 60, 30 * 86_400
RENEW_AFTER = 0.8  # share of a lease
UNVERIFIED_AGAIN = 3_600.0  # seconds until a request is repeated that the hub accepted but never verified
DENIED_AGAIN = 3_600.0  # seconds until an active subscription is requested again after a denial
BACKOFF_AT_MOST = 86_400.0  # seconds
SUBSCRIBE, UNSUBSCRIBE = "subscribe", "unsubscribe"
_METHODS = ("sha512", "sha384", "sha256")  # sha1 is too weak
_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))", re.IGNORECASE)


def discover(links: Iterable[str], base: str) -> tuple[str, str]:
    """The hub and the topic (rel="self") in a document's Link headers; "" where there is none. §4"""
    links_by_relation: dict[str, str] = {}
    for header in links:
        for address, parameters in _LINK.findall(header[:8_000]):
            relation = _REL.search(parameters)
            for name in (relation[1] or relation[2] or "").lower().split() if relation else ():
                links_by_relation.setdefault(name, safe_url(address, base))
    return links_by_relation.get("hub", ""), links_by_relation.get("self", "")


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Whether a delivered body has a valid signature with the secret that we sent to the hub. §7.1"""
    method, _, signature = header.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "surrogateescape"))


async def find(session: Session, source_id: str) -> HubSubscription | None:
    return await session.get(HubSubscription, source_id, populate_existing=True)


async def want(session: Session, source_id: str, hub: str, topic: str) -> None:
    """Store the hub and topic that a source's document names; `hub` is "" where it names none."""
    row = await find(session, source_id)
    if row is None:
        if hub:
            await session.execute(
                session.upsert(HubSubscription)
                .values(source_id=source_id, hub=hub, topic=topic)
                .on_conflict_do_nothing(index_elements=["source_id"])
            )
    elif not hub:
        await session.delete(row)  # the hub learns it from our answer to its next delivery
    elif (row.hub, row.topic) != (hub, topic):  # the old subscription expires
        row.hub, row.topic, row.secret, row.asked, row.active, row.failures = hub, topic, "", "", False, 0
        row.ask_at = 0.0


async def verify(session: Session, source_id: str, mode: str, topic: str, lease_seconds: str) -> bool:
    """Answer a hub that verifies a request: True only for a mode and topic that we requested. §5.3

    Stores the lease, which is limited to LEASE_AT_LEAST and LEASE_AT_MOST.
    """
    row = await find(session, source_id)
    if row is None or row.topic != topic or row.asked != mode:
        return False
    if mode == UNSUBSCRIBE:
        await session.delete(row)
        return True
    lease = int(lease_seconds) if lease_seconds.isdecimal() and len(lease_seconds) < 12 else LEASE_WISHED
    lease = min(max(lease, LEASE_AT_LEAST), LEASE_AT_MOST)
    await session.execute(
        update(HubSubscription)
        .where(HubSubscription.source_id == source_id)
        .values(asked="", active=True, failures=0, last_error="", ask_at=clock() + lease * RENEW_AFTER)
    )
    log.info("hub_subscribed", source=source_id, hub=row.hub, lease=lease)
    return True


async def deny(session: Session, source_id: str, topic: str, reason: str) -> bool:
    """Handle a hub's denial of a subscription; False if it is for another topic. §5.2

    Denials are not signed, so anybody can send one: an active subscription stays active, and the hub is asked again.
    """
    row = await find(session, source_id)
    if row is None or row.topic != topic:
        return False
    log.warning("hub_denied", source=source_id, hub=row.hub, reason=reason[:200])
    error = f"denied: {reason[:200]}"
    if row.asked and not row.active:
        await _failed(session, row, error)
        return True
    retry_at = clock() + DENIED_AGAIN
    await session.execute(
        update(HubSubscription)
        .where(HubSubscription.source_id == source_id)
        .values(
            last_error=error, ask_at=case((HubSubscription.ask_at > retry_at, retry_at), else_=HubSubscription.ask_at)
        )
    )
    return True


async def _failed(session: Session, row: HubSubscription, error: str) -> None:
    delay = min(300.0 * 2 ** min(row.failures, 10), BACKOFF_AT_MOST) * random.uniform(0.9, 1.1)
    await session.execute(
        update(HubSubscription)
        .where(HubSubscription.source_id == row.source_id)
        .values(asked="", active=False, failures=row.failures + 1, last_error=error[:500], ask_at=clock() + delay)
    )


class Subscriber:
    """The loop that sends requests to hubs: new subscriptions, renewals, and unsubscriptions of removed sources."""

    def __init__(
        self, *, database: Database, fetcher: Fetcher, public_url: str, source_ids: set[str], stopping: asyncio.Event
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._public_url = public_url.rstrip("/")
        self._source_ids = source_ids
        self._stopping = stopping

    async def run(self) -> None:
        await loops.repeat("websub", self.step, stopping=self._stopping, idle_seconds=IDLE_SECONDS)

    async def step(self) -> bool:
        """Send one request that is due. False if none is."""
        async with self._database.write() as session:
            due = (
                select(HubSubscription)
                .where(HubSubscription.ask_at <= clock())
                .order_by(HubSubscription.ask_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = await session.scalar(due)
            if row is None:
                return False
            mode = SUBSCRIBE if row.source_id in self._source_ids else UNSUBSCRIBE
            if mode == UNSUBSCRIBE and not row.active:
                await session.execute(delete(HubSubscription).where(HubSubscription.source_id == row.source_id))
                return True
            secret = row.secret or secrets.token_hex(24)
            await session.execute(
                update(HubSubscription)
                .where(HubSubscription.source_id == row.source_id)
                .values(asked=mode, secret=secret, ask_at=clock() + UNVERIFIED_AGAIN)
            )
        await self._ask(row, mode, secret)
        return True

    async def _ask(self, row: HubSubscription, mode: str, secret: str) -> None:
        """Send a request. The hub may verify it before it answers, so `step` has stored what that needs. §5.1"""
        form = {
            "hub.mode": mode,
            "hub.topic": row.topic,
            "hub.callback": f"{self._public_url}/websub/{row.source_id}",
        }
        if mode == SUBSCRIBE:
            form |= {"hub.secret": secret, "hub.lease_seconds": str(LEASE_WISHED)}
        try:
            answer = await self._fetcher.post(row.hub, form)
            error = "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except FetchError as failure:
            error = failure.detail
        if error:
            log.warning("hub_refused", source=row.source_id, hub=row.hub, mode=mode, error=error)
            async with self._database.write() as session:
                await _failed(session, row, error)
