"""The forms in which a photo is offered to Telegram: by file_id or address, else as a JPEG that we made, else none.

What Telegram refuses by its address (WebP, more than 5 MB, an address that it was given too early and remembers as
broken: https://core.telegram.org/bots/api#sending-files) it mostly takes as a file.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from enum import Enum

import structlog

log = structlog.get_logger("kabar.photos")

UPDATE_SECONDS = 2.0  # an UPDATE waits no longer for its photo
SECONDS = 12.0  # what is not urgent: the fetch may take 10 s
REMEMBERED_SECONDS = 600.0  # what failed is not tried again; what we made is used again, if nothing came of the upload
FAILURES_REMEMBERED = 1_000
MADE_REMEMBERED = 8  # JPEGs, of 1 MB each as a rule

Photo = str | bytes  # a file_id or an address, or a JPEG; "" for none


class NoPhoto(Exception):
    """No photo could be made of what stands at an address. `turned_away`: the site refuses us; perhaps us alone."""

    def __init__(self, reason: str, *, turned_away: bool = False) -> None:
        super().__init__(reason)
        self.turned_away = turned_away


class Lack(Enum):
    """Why we have no photo of our own, or not yet."""

    LATE = "late"
    TURNED_AWAY = "turned away"
    FAILED = "failed"


class Remembered:
    """Values by address, the latest `at_most` of them, each for REMEMBERED_SECONDS."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._values: OrderedDict[str, tuple[float, bytes | Lack]] = OrderedDict()

    def get(self, address: str) -> bytes | Lack | None:
        until, value = self._values.get(address, (0.0, None))
        return value if time.monotonic() < until else None

    def put(self, address: str, value: bytes | Lack) -> None:
        self._values[address] = time.monotonic() + REMEMBERED_SECONDS, value
        self._values.move_to_end(address)
        while len(self._values) > self._at_most:
            self._values.popitem(last=False)

    def forget(self, address: str) -> None:
        self._values.pop(address, None)


class Photos:
    """One process's photos. `fetch` makes a JPEG of what stands at an address, or raises NoPhoto.

    Each address is fetched once, however many chats wait for it; so is one that fails.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]]) -> None:
        self._fetch = fetch
        self._running: dict[str, asyncio.Task[bytes | Lack]] = {}
        self._made = Remembered(MADE_REMEMBERED)
        self._failed = Remembered(FAILURES_REMEMBERED)
        self._refused = Remembered(FAILURES_REMEMBERED)  # by Telegram, by address

    async def first(self, photo: Photo, address: str, *, urgent: bool) -> Photo:
        """The form to begin with, for a story's `photo` (its file_id, else its address).

        What is urgent begins with our own file: Telegram's fetch of an address has no limit that we could set, and
        once asked it cannot be taken back. So does an address that Telegram has refused already.
        """
        refused = self._refused.get(address) is not None
        if not address or photo != address or not (urgent or refused):
            return photo
        made = await self._jpeg(address, urgent)
        if isinstance(made, bytes):
            return made
        return address if made is Lack.TURNED_AWAY and not refused else ""

    async def next(self, refused: Photo, address: str, *, urgent: bool) -> Photo:
        """The form to try after Telegram has refused this one."""
        if not address:
            return ""
        if isinstance(refused, bytes):
            self._made.forget(address)
            self._failed.put(address, Lack.FAILED)
            return ""
        if refused == address:
            self._refused.put(address, Lack.FAILED)
        made = await self._jpeg(address, urgent)
        return made if isinstance(made, bytes) else ""

    async def close(self) -> None:
        """End the fetches that nobody waits for any more."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _jpeg(self, address: str, urgent: bool) -> bytes | Lack:
        known = self._made.get(address) or self._failed.get(address)
        if known is not None:
            return known
        task = self._running.get(address)
        if task is None:
            task = self._running[address] = asyncio.get_running_loop().create_task(self._make(address))
        done, _ = await asyncio.wait([task], timeout=UPDATE_SECONDS if urgent else SECONDS)
        if done:
            return task.result()
        log.info("photo_late", address=address, urgent=urgent)
        return Lack.LATE

    async def _make(self, address: str) -> bytes | Lack:
        try:
            made = await self._fetch(address)
        except NoPhoto as error:
            log.info("photo_not_made", address=address, reason=str(error))
            lack = Lack.TURNED_AWAY if error.turned_away else Lack.FAILED
            self._failed.put(address, lack)
            return lack
        except Exception:  # a bug that one picture triggers must not stop a push
            log.exception("photo_failed", address=address)
            self._failed.put(address, Lack.FAILED)
            return Lack.FAILED
        else:
            self._made.put(address, made)
            return made
        finally:
            del self._running[address]
