"""How the bot receives updates: getUpdates, where a second caller ends the first one's call, or a webhook.

https://core.telegram.org/bots/api#getting-updates
"""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.errors import Refusal
from bot.sandbox.loopback import is_loopback
from bot.sandbox.world import DEFAULT_ALLOWED, World

POLL_AT_MOST = 50.0  # seconds
WEBHOOK_PORTS = (80, 88, 443, 8443)
FAILURE = ("last_error_date", "last_error_message")  # in the webhook from its first failure on
RETRY_SECONDS = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)


class Intake:
    def __init__(self, world: World) -> None:
        self.world = world
        self._poll = 0
        self._busy: set[int] = set()

    async def get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Long polling, `timeout` in seconds. Updates before `offset` are forgotten.

        Raises Refusal (409) while a webhook is set, and when another call takes over.
        """
        world = self.world
        if world.webhook["url"]:
            raise Refusal(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
                409,
            )
        self._allow(params)
        self._poll += 1
        mine = self._poll
        offset = params.get("offset") or 0
        if offset < 0:
            world.updates = world.updates[offset:]
        else:
            world.updates = [update for update in world.updates if update["update_id"] >= offset]
        limit = min(max(params.get("limit") or 100, 1), 100)
        end = time.monotonic() + min(max(params.get("timeout") or 0, 0), POLL_AT_MOST)
        while not world.updates and time.monotonic() < end:
            try:
                async with asyncio.timeout(end - time.monotonic()):
                    await world.changed()
            except TimeoutError:
                break
            if self._poll != mine:
                raise Refusal(
                    "terminated by other getUpdates request; make sure that only one bot instance is running", 409
                )
            if world.webhook["url"]:
                raise Refusal("terminated by setWebhook request", 409)
        return world.updates[:limit]

    def _allow(self, params: dict[str, Any]) -> None:
        if "allowed_updates" in params:
            self.world.allowed = list(params["allowed_updates"] or DEFAULT_ALLOWED)

    def set_webhook(self, params: dict[str, Any]) -> tuple[bool, str]:
        """The result and its description. Loopback may be plain http on any port here, unlike on Telegram."""
        url = str(params.get("url") or "")
        if not url:
            return self.delete_webhook(params)
        parts = urlsplit(url)
        if not is_loopback(parts.hostname or ""):
            if parts.scheme != "https":
                raise Refusal("bad webhook: An HTTPS URL must be provided for webhook")
            if (parts.port or 443) not in WEBHOOK_PORTS:
                raise Refusal("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        self._allow(params)
        if params.get("drop_pending_updates"):
            self.world.updates.clear()
        was_set = self.world.webhook["url"] == url
        self.world.webhook = {"url": url, "secret": str(params.get("secret_token") or "")}
        self.world.emit({"type": "update"})
        return True, "Webhook is already set" if was_set else "Webhook was set"

    def delete_webhook(self, params: dict[str, Any]) -> tuple[bool, str]:
        was_set = bool(self.world.webhook["url"])
        self.world.webhook = {"url": ""}
        if params.get("drop_pending_updates"):
            self.world.updates.clear()
        return True, "Webhook was deleted" if was_set else "Webhook is already deleted"

    def webhook_info(self) -> dict[str, Any]:
        failure = {name: self.world.webhook[name] for name in FAILURE if name in self.world.webhook}
        return {
            "url": self.world.webhook["url"],
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates),
            "allowed_updates": self.world.allowed,
            **failure,
        }

    async def run_webhook(self) -> None:
        """Post updates to the webhook while one is set: one after another within a chat, chats concurrently."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
            asyncio.TaskGroup() as group,
        ):
            while True:
                if self.world.webhook["url"]:
                    for update in list(self.world.updates):
                        chat = _chat_of(update)
                        if chat not in self._busy:
                            self._busy.add(chat)
                            group.create_task(self._hand(session, update, chat))
                await self.world.changed()

    async def _hand(self, session: aiohttp.ClientSession, update: dict[str, Any], chat: int) -> None:
        for wait in (*RETRY_SECONDS, *[RETRY_SECONDS[-1]] * 100):
            hook = self.world.webhook
            if not hook["url"] or update not in self.world.updates:
                break
            if await self._post(session, hook, update):
                self.world.updates.remove(update)
                break
            await asyncio.sleep(wait)
        self._busy.discard(chat)
        self.world.emit({"type": "update"})

    async def _post(self, session: aiohttp.ClientSession, hook: dict[str, Any], update: dict[str, Any]) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
        try:
            async with session.post(hook["url"], json=update, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    return True
                reason = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            reason = "Connection timed out"
        hook |= {"last_error_date": int(time.time()), "last_error_message": reason}
        return False


def _chat_of(update: dict[str, Any]) -> int:
    for payload in update.values():
        if isinstance(payload, dict):
            place = payload.get("chat") or payload.get("message", {}).get("chat") or payload.get("from")
            return int(place["id"]) if place else 0
    return 0
