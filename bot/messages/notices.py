"""Notices: messages that the bot sends to the admins on its own initiative."""

from typing import Any

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons
from bot.messages.text import Message, shorten


def notice(newsroom: Newsroom, language: Language, kind: str, data: dict[str, Any]) -> Message:
    """The message for a notice of this `kind` (bot.delivery.notices), made from its `data`."""
    _ = language._
    if kind == "pushes_held":
        count = int(data.get("count", 0))
        words = language.ngettext(
            "The source {source} published unusually many stories at once. {count} alert is on hold.",
            "The source {source} published unusually many stories at once. {count} alerts are on hold.",
            count,
        ).format(source=data.get("source", ""), count=language.number(count))
        send, drop = buttons.SettleHeld("release"), buttons.SettleHeld("cancel")
        rows = ((send.labelled(_("Send them")), drop.labelled(_("Drop them"))),)
        return Message.of("✋ " + words, rows)
    if kind == "push_braked":
        words = _("A push was paused automatically because most of its messages failed.")
        reason = pause_reason(language, str(data.get("reason", "")))
        return Message.of(f"⏸ {words} {reason}", ((buttons.OpenPushes().labelled(_("Pushes")),),))
    if kind == "pushes_go_on":
        return Message.of("▶️ " + _("Telegram answers again. What was paused is being sent."))
    if kind == "source_failing":
        words = _("The source {source} has been failing for over an hour: {error}").format(
            source=data.get("source", ""), error=data.get("error", "")
        )
        return Message.of("🔌 " + words)
    if kind == "source_recovered":
        return Message.of("✅ " + _("The source {source} is being read again.").format(source=data.get("source", "")))
    if kind == "story_gone":
        words = _("“{title}” is gone from its site, and was withdrawn from the chats that had it.")
        return Message.of("🗑 " + words.format(title=shorten(str(data.get("title", "")), 120)))
    if kind == "story_flaps":
        words = _(
            "The story “{title}” of the source {source} keeps changing back and forth. It is no longer corrected in "
            "the chats that have it."
        ).format(title=shorten(str(data.get("title", "")), 120), source=data.get("source", ""))
        return Message.of("🔁 " + words)
    if kind == "alerts_expired":
        count = int(data.get("count", 0))
        words = language.ngettext(
            "An alert was not sent to everybody, because its story became too old: “{title}”.",
            "{count} alerts were not sent to everybody, because their stories became too old; the last is “{title}”.",
            count,
        ).format(title=shorten(str(data.get("title", "")), 120), count=language.number(count))
        return Message.of("⌛ " + words)
    if kind.startswith("clock_"):
        return Message.of(_clock(language, kind, data))
    if kind == "registration_refused":
        words = _("Telegram refuses a part of the bot's setup, {call}: {reason}")
        return Message.of("⚠️ " + words.format(call=data.get("name", ""), reason=data.get("reason", "")))
    if kind == "registration_accepted":
        words = _("Telegram accepts this part of the bot's setup again: {call}.")
        return Message.of("✅ " + words.format(call=data.get("name", "")))
    if kind == "webhook_failing":
        count = int(data.get("count", 0))
        words = language.ngettext(
            "Telegram cannot hand over updates, so the bot does not answer: {reason}. {count} update waits.",
            "Telegram cannot hand over updates, so the bot does not answer: {reason}. {count} updates wait.",
            count,
        ).format(reason=data.get("reason", ""), count=language.number(count))
        return Message.of("🔌 " + words)
    if kind == "webhook_recovered":
        return Message.of("✅ " + _("Telegram hands over updates again."))
    return Message.of(kind)


def _clock(language: Language, kind: str, data: dict[str, Any]) -> str:
    """The words for a clock that was set back, is wrong, or is right again."""
    _ = language._
    seconds = int(data.get("seconds", 0))
    span = language.span(abs(seconds))
    if kind == "clock_set_back":
        words = _(
            "The database's clock was set back by about {span}. Pushes and polls would have waited for so long; they "
            "go on."
        )
        return "🕰 " + words.format(span=span)
    name = str(data.get("name", ""))
    whose = _("of the database") if name == "database" else _("of the machine {name}").format(name=name)
    if kind == "clock_right":
        return "✅ " + _("The clock {whose} is right again.").format(whose=whose)
    if seconds > 0:
        words = _("The clock {whose} is {span} ahead of Telegram's. Please set it right.")
    else:
        words = _("The clock {whose} is {span} behind Telegram's. Please set it right.")
    return "🕰 " + words.format(whose=whose, span=span)


def pause_reason(language: Language, reason: str) -> str:
    """A sentence for the reason that the sender stored when it paused a push."""
    _ = language._
    unanswered = _("Telegram did not answer most of the messages. It continues by itself as soon as Telegram answers.")
    return {
        "refused": _("Telegram rejects this message. Please check its text; sending has stopped."),
        "unknown": unanswered,
        "lost": unanswered,
    }.get(reason, reason)
