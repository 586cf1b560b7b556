"""The brake: a push most of whose sends fail for one reason that is not the chats' own stops itself. Pure."""

from collections import Counter, deque

from bot.delivery.outcomes import Mark

WINDOW = 200  # sends that are looked at
REFUSALS_AT_LEAST = 3  # before that many, one odd chat could stop a push; what is refused thrice is refused everywhere
FAILURES_AT_LEAST = 20  # a proxy's bad moment passes; those sends are tried again anyway


class Brake:
    """What came of the last sends of one push, in this process."""

    def __init__(self) -> None:
        self._window: deque[Mark | None] = deque(maxlen=WINDOW)

    def note(self, mark: Mark, *, again: bool = False) -> None:
        """A chat that is gone is the chat's own reason; one that waits was not tried; a try `again` counts once."""
        if mark != Mark.WAITING and not again:
            self._window.append(None if mark in (Mark.SENT, Mark.GONE) else mark)

    def reason(self, total: int) -> Mark | None:
        """Why a push to `total` chats should stop now, or None; the window begins anew after a reason."""
        if not self._window:
            return None
        mark, count = Counter(self._window).most_common(1)[0]
        if mark is None or count * 2 <= len(self._window):
            return None
        if count < (min(REFUSALS_AT_LEAST, total) if mark == Mark.REFUSED else FAILURES_AT_LEAST):
            return None
        self._window.clear()
        return mark
