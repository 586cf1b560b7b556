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
