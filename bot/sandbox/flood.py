"""Flood control (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).

Telegram's own is not public; this is a model that keeps the documented figures.

`bucket`: token buckets for the bot (a second's burst), a private chat (1 a second, burst 5) and a group (20 a minute,
burst 20). `window`: a strict sliding second for the bot. Waits of up to 8 s are absorbed as a slow answer, as the open
part of the server does.
"""

from collections import deque

ABSORBED = 8.0  # seconds
GROUP_RATE, GROUP_BURST = 20 / 60, 20.0
CHAT_RATE, CHAT_BURST = 1.0, 5.0


class _Bucket:
    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst = rate, burst
        self.tokens, self.at = burst, now

    def wait(self, now: float) -> float:
        """Seconds until a token is free; 0 takes one."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1 - 1e-9:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0


class Flood:
    """`mode` is "off", "bucket" or "window"; `rate` is the bot's, in messages a second."""

    def __init__(self, mode: str, rate: float) -> None:
        self.mode, self.rate = mode, rate
        self.refused = 0
        self._bot: _Bucket | None = None
        self._chats: dict[int, _Bucket] = {}
        self._window: deque[float] = deque()

    def wait(self, chat_id: int, now: float) -> float:
        """Seconds that a message to the chat must wait; 0 lets it pass."""
        if self.mode == "window":
            while self._window and now - self._window[0] >= 1:
                self._window.popleft()
            if len(self._window) >= self.rate:
                return self._window[0] + 1 - now
            self._window.append(now)
        elif self.mode == "bucket":
            if self._bot is None:
                self._bot = _Bucket(self.rate, self.rate, now)
            limits = (GROUP_RATE, GROUP_BURST) if chat_id < 0 else (CHAT_RATE, CHAT_BURST)
            bucket = self._chats.setdefault(chat_id, _Bucket(*limits, now))
            return bucket.wait(now) or self._bot.wait(now)
        return 0.0
