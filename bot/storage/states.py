"""The states that rows can have."""

from enum import IntEnum, StrEnum


class StoryState(StrEnum):
    LIVE = "live"
    RETRACTED = "retracted"  # withdrawn from every list and every chat


class SubscriberState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"  # a person stopped the bot
    LEFT = "left"  # the bot was removed, or the chat no longer exists
    SILENT = "silent"  # the bot may not write there
    MOVED = "moved"  # the group has become a supergroup with another chat id
    ERASED = "erased"  # the chat had everything deleted; the row says nothing of it (bot.delivery.personal)


class Sound(IntEnum):
    """How alerts of a subscription arrive; of several the lowest counts, so the loudest."""

    LOUD = 0
    SILENT = 1


class PushKind(StrEnum):
    UPDATE = "update"
    SECTION = "section"
    BROADCAST = "broadcast"
    DIGEST = "digest"
    CORRECTION = "correction"
    RETRACTION = "retraction"


class PushState(StrEnum):
    DRAFT = "draft"  # a person is writing it
    HELD = "held"  # an admin must release it
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # an alert whose story had become too old before all had it
