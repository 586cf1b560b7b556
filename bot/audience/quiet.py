"""Quiet hours and snoozes, as holds: from when to when alerts are held for a chat. Pure.

A hold is kept in the chat's row as two moments, so that an alert's page only compares numbers: it is held if its push
has its audience since before the hold's end, be it during the hold or after it. What began before the end is the
recap's, what began after it is the push's, so neither brings what the other does. A minute after the end, when every
push that began before it is stored, the recap comes and the next hold is set (bot.delivery.recaps). A hold whose recap
is over an hour late, since nothing ran, holds on: the next quiet hours may have begun.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.storage.models import Subscriber

LAG_SECONDS = 60.0  # from the end of a hold to its recap; longer than a transaction that queues a push takes
STALE_SECONDS = 3600.0  # a recap that is so late first prolongs its hold until now
LONGEST_MINUTES = 22 * 60  # so that STALE_SECONDS after quiet hours they have not begun again
DAY = 24 * 60
_WRITTEN = re.compile(r"(\d{1,2})(?:[.:](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[.:](\d\d))?", re.ASCII)
MORNING = 6 * 60  # until when a snooze lasts that ends in the morning, for who has no quiet hours


@dataclass(frozen=True, slots=True)
class Hold:
    """Alerts are held from `start` to `end`, in seconds since 1970."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet hours of every day: minutes after midnight in `zone`; they end the next day if `until` is not later."""

    begin: int
    until: int
    zone: ZoneInfo

    def around(self, now: float) -> Hold:
        """The quiet hours that are now, or else the next."""
        today = datetime.fromtimestamp(now, self.zone).date()
        for days in (-1, 0, 1, 2):
            day = today + timedelta(days=days)
            last = day + timedelta(days=self.until <= self.begin)
            # An hour that the clocks repeat is quiet both times; one that they skip is the hour after.
            start = datetime.combine(day, _clock(self.begin), self.zone)
            end = datetime.combine(last, _clock(self.until), self.zone)
            hold = Hold(start.timestamp(), max(end.timestamp(), end.replace(fold=1).timestamp()))
            if hold.end > now and hold.end > hold.start:
                return hold
        raise AssertionError("quiet hours come every day")

    def through(self, moment: float) -> float:
        """When it is not quiet any more: `moment`, or the end of the quiet hours that it lies in."""
        hold = self.around(moment)
        return hold.end if hold.start <= moment else moment


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def is_possible(begin: int, until: int) -> bool:
    """Whether these can be quiet hours: not empty, and not almost the whole day."""
    return 0 < (until - begin) % DAY <= LONGEST_MINUTES


def parse_hours(text: str) -> tuple[int, int] | None:
    """Hours as a reader writes them, "22-6" or "22.30–05:00", in minutes after midnight; None if they are none."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    begin_hour, begin_minute, until_hour, until_minute = (int(part or 0) for part in match.groups())
    if max(begin_hour, until_hour) > 24 or max(begin_minute, until_minute) > 59:
        return None
    begin, until = (begin_hour * 60 + begin_minute) % DAY, (until_hour * 60 + until_minute) % DAY
    return (begin, until) if is_possible(begin, until) else None


def hours_of(subscriber: Subscriber, zone: ZoneInfo) -> Hours | None:
    """The chat's quiet hours in its own zone, or else in `zone`, the newsroom's; None if it has none."""
    if subscriber.quiet_from is None or subscriber.quiet_until is None:
        return None
    return Hours(subscriber.quiet_from, subscriber.quiet_until, zone_of(subscriber, zone))


def zone_of(subscriber: Subscriber, zone: ZoneInfo) -> ZoneInfo:
    """The chat's own zone; the newsroom's if it has none, or one that this machine does not know any more."""
    try:
        return ZoneInfo(subscriber.zone) if subscriber.zone else zone
    except (KeyError, ValueError, OSError):
        return zone


def hold_of(subscriber: Subscriber) -> Hold | None:
    if subscriber.hold_from is None or subscriber.hold_until is None:
        return None
    return Hold(subscriber.hold_from, subscriber.hold_until)


def next_hold(hours: Hours | None, now: float) -> Hold | None:
    """The hold of a chat for which none is open."""
    if hours is None:
        return None
    hold = hours.around(now)
    return Hold(max(hold.start, now), hold.end)


def rearranged(hold: Hold | None, hours: Hours | None, now: float) -> Hold | None:
    """After the quiet hours changed: an open hold ends with them, or now; what it has held still comes."""
    if hold is None or hold.start > now:
        return next_hold(hours, now)
    if hold.end <= now:  # its recap is on the way, and will set the next
        return hold
    return Hold(hold.start, now if hours is None else hours.through(now))


def snoozed(hold: Hold | None, hours: Hours | None, until: float, now: float) -> Hold:
    """After a snooze, which goes on into quiet hours that it ends in."""
    end = until if hours is None else hours.through(until)
    if hold is None or hold.start > now:
        return Hold(now, end)
    return Hold(hold.start, max(hold.end, end))


def morning(hours: Hours | None, zone: ZoneInfo, now: float) -> float:
    """The end of the next quiet hours, or else the next 06:00 in the chat's `zone`."""
    if hours is not None:
        return hours.around(now).end
    return Hours(0, MORNING, zone).around(now).end


def late(hold: Hold, hours: Hours | None, now: float) -> Hold | None:
    """The hold that a recap must wait for: quiet hours that have begun again, or one that was stale; None: send it."""
    quiet_until = now if hours is None else hours.through(now)
    if quiet_until > now or hold.end < now - STALE_SECONDS:
        return Hold(hold.start, quiet_until)
    return None


def slept(hold: Hold, zone: ZoneInfo) -> bool:
    """Whether a hold was at night, so that a recap may speak of sleep: it spans 3 o'clock."""
    return Hours(3 * 60, 3 * 60 + 1, zone).around(hold.start).end <= hold.end
