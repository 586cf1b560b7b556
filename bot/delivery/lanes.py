"""Lanes: which push goes before which. A push of a lower lane overtakes those of higher ones, in all processes."""

from bot.storage.models import PushKind

LANES = {
    PushKind.UPDATE: 1,
    PushKind.RETRACTION: 1,
    PushKind.SECTION: 2,
    PushKind.BROADCAST: 3,
    PushKind.DIGEST: 4,
    PushKind.CORRECTION: 5,
}
