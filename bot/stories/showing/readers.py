"""Readers: who was counted for which story today, so that one reader counts once per story and day.

Only hashes with a salt are kept, in this process's memory. The salt is random, is neither logged nor stored, and is
thrown away with the hashes at the newsroom's midnight and when the process ends. Each process has a set of its own.
"""

import secrets
from collections import OrderedDict
from datetime import date, datetime
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address
from zoneinfo import ZoneInfo

AT_MOST = 100_000  # pairs of reader and story, about 20 MB; beyond, the oldest is forgotten and may be counted again
IPV6_HOUSEHOLD = 64  # bits that name a connection; its devices change the others every day (RFC 8981)


class Readers:
    """What each reader has earned each story today."""

    def __init__(self, zone: ZoneInfo, at_most: int = AT_MOST) -> None:
        self._zone = zone
        self._at_most = at_most
        self._day: date | None = None
        self._salt = b""
        self._earned: OrderedDict[int, float] = OrderedDict()  # by the salted hash of story and reader

    def earn(self, story_id: int, reader: str, weight: float, now: datetime) -> float:
        """How much the story's popularity rises: the reader counts with the highest weight of the day.

        So a reader who opened a card (1) and then comes through a shared link (3) adds 2, and nothing after that.
        """
        self._begin_day(now)
        key = int.from_bytes(blake2b(f"{story_id} {reader}".encode(), key=self._salt, digest_size=8).digest())
        earned = self._earned.get(key, 0.0)
        if weight <= earned:
            return 0.0
        self._earned[key] = weight
        if len(self._earned) > self._at_most:
            self._earned.popitem(last=False)
        return weight - earned

    def _begin_day(self, now: datetime) -> None:
        day = now.astimezone(self._zone).date()
        if day != self._day:
            self._day, self._salt, self._earned = day, secrets.token_bytes(16), OrderedDict()


def of_chat(sender_id: int) -> str:
    """The reader who writes to the bot or presses its buttons: a user, or the chat that a message was sent as."""
    return f"chat {sender_id}"


def of_browser(peer: str | None, forwarded: list[str], agent: str) -> str:
    """The reader who follows a counted link, by address and User-Agent. `forwarded`: the X-Forwarded-For headers."""
    return f"browser {client_address(peer, forwarded)} {agent}"


def client_address(peer: str | None, forwarded: list[str]) -> str:
    """The client's address; of IPv6 the network, since a device changes the rest.

    Anybody can send X-Forwarded-For, so it is believed only where the peer is on loopback or a private network, which a
    reverse proxy is, and only its last entry, which that proxy appended.
    """
    near = _address(peer or "")
    if near is None or near.is_loopback or near.is_private:
        last = ",".join(forwarded).rpartition(",")[2]
        near = _address(last.strip()) or near
    if isinstance(near, IPv6Address):
        return str(IPv6Address(int(near) >> (128 - IPV6_HOUSEHOLD) << (128 - IPV6_HOUSEHOLD)))
    return str(near or "")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
