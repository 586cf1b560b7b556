"""The brake: decides when a push should pause, because most of its recent sends fail for one reason. Pure.

Failures that concern only one chat (it blocked the bot, or was deleted) don't count.
"""

from collections import Counter, deque

from bot.delivery.outcomes import Mark

WINDOW = 200  # the most recent sends that are considered
REFUSALS_AT_LEAST = 3  # fewer could come from one unusual chat; three refusals mean that all chats refuse
UNANSWERED = (Mark.UNKNOWN, Mark.LOST)
FAILURES_AT_LEAST = 20  # a short failure of a proxy passes, and those sends are tried again


class Brake:
    """The outcomes of the most recent sends of one push, in this process."""

    def __init__(self) -> None:
        self._window: deque[Mark | None] = deque(maxlen=WINDOW)
        self._answered: bool | None = None

    def note(self, mark: Mark, *, again: bool = False) -> None:
        """Add an outcome. GONE is no failure; WAITING (nothing was sent) and retries (`again`) are ignored."""
        if mark == Mark.WAITING:
            return
        self._answered = bool(self._answered) or mark not in UNANSWERED
        if not again:
            self._window.append(None if mark in (Mark.SENT, Mark.GONE) else mark)

    def answered(self) -> bool | None:
        """Whether Telegram answered a send since the last call; None if nothing was sent."""
        answered, self._answered = self._answered, None
        return answered

    def reason(self, total: int) -> Mark | None:
        """The outcome that should pause a push to `total` chats now, or None. An outcome clears the window."""
        if not self._window:
            return None
        mark, count = Counter(self._window).most_common(1)[0]
        if mark is None or count * 2 <= len(self._window):
            return None
        if count < (min(REFUSALS_AT_LEAST, total) if mark == Mark.REFUSED else FAILURES_AT_LEAST):
            return None
        self._window.clear()
        return mark
