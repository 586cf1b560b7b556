"""Lanes: the priority of each kind of push. A push with a lower number goes first, in all processes."""

from bot.storage.models import PushKind

LANES = {
    PushKind.UPDATE: 1,
    PushKind.RETRACTION: 1,
    PushKind.SECTION: 2,
    PushKind.BROADCAST: 3,
    PushKind.DIGEST: 4,
    PushKind.CORRECTION: 5,
}


def share(lane: int | None) -> float:
    """The part of the rate that pushes have for themselves while one in this lane waits; None: none waits."""
    if lane is None:
        return 0.0
    return 1 / 2 if lane == LANES[PushKind.UPDATE] else 1 / 3
