"""What editors see: writing a broadcast, its preview, its progress, and what the bot wants to tell them."""

from typing import Any

from telegram import InlineKeyboardButton

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages.text import Message, Rows, Text, button, shorten
from bot.storage.models import Push

EVERYONE = "everyone"
BAR_CELLS = 12


def ask_content(language: Language) -> Message:
    _ = language._
    return Message.of(
        _("Write the announcement now: a text, a photo with a caption, or any other message. Readers get it as it is."),
        ((button(_("Cancel"), "broadcast:drop"),),),
    )


def refused(language: Language) -> str:
    return language._("Telegram does not take this message. Begin again with /broadcast. It said:")


def held_settled(language: Language, count: int, *, released: bool) -> Message:
    """What became of the alerts that were held back."""
    number = language.number(count)
    if released:
        words = language.ngettext("{count} alert is on its way.", "{count} alerts are on their way.", count)
    else:
        words = language.ngettext("{count} alert was dropped.", "{count} alerts were dropped.", count)
    return Message.of(words.format(count=number))


def dropped(language: Language) -> Message:
    return Message.of(language._("Nothing was sent."))


def ask_audience(newsroom: Newsroom, language: Language, push: Push) -> Message:
    """Who shall get it: everyone, or the followers of what is ticked."""
    _ = language._
    everyone = bool(push.audience.get("everyone"))
    targets = set(push.audience.get("targets", []))
    rows: list[tuple[InlineKeyboardButton, ...]] = [
        (_tick(_("Everyone"), everyone, f"audience:{push.id}:{EVERYONE}:on"),),
        (_tick("UPDATE", "update" in targets, _state(push, "update", "update" not in targets)),),
    ]
    choices = [
        _tick(
            newsroom.section_name(slug, language.code),
            f"section:{slug}" in targets,
            _state(push, f"section:{slug}", f"section:{slug}" not in targets),
        )
        for slug in newsroom.slugs
    ]
    rows += [tuple(choices[at : at + 2]) for at in range(0, len(choices), 2)]
    rows.append((button(_("Cancel"), "broadcast:drop"), button(_("Next"), f"broadcast:preview:{push.id}")))
    return Message.of(_("Who shall get it?"), tuple(rows))


def _state(push: Push, target: str, on: bool) -> str:
    return f"audience:{push.id}:{target}:{'on' if on else 'off'}"


def _tick(label: str, on: bool, data: str) -> InlineKeyboardButton:
    return button(f"✓ {label}" if on else label, data)


def preview(newsroom: Newsroom, language: Language, push: Push, count: int, seconds: float) -> Message:
    """Below the copy that shows the broadcast itself: reach, time and cost, and the last question."""
    _ = language._
    text = Text().add(_("This is how readers will see it.")).add("\n\n")
    text.bold(_("To: {audience}").format(audience=audience_name(newsroom, language, push.audience))).add("\n")
    chats = language.ngettext("{count} chat", "{count} chats", count).format(count=language.number(count))
    text.add(_("Reach: {chats}").format(chats=chats) + "\n")
    text.add(_("Time: about {time}").format(time=language.span(seconds)) + "\n")
    text.add(_("Cost: nothing"))
    rows: Rows = (
        (button(_("Send now"), f"broadcast:send:{push.id}"),),
        (button(_("Audience"), f"broadcast:audience:{push.id}"), button(_("Cancel"), "broadcast:drop")),
    )
    return Message.of(text, rows)


def audience_name(newsroom: Newsroom, language: Language, audience: dict[str, Any]) -> str:
    _ = language._
    if audience.get("everyone"):
        return _("Everyone")
    names = [
        "UPDATE" if target == "update" else newsroom.section_name(target.removeprefix("section:"), language.code)
        for target in audience.get("targets", [])
    ]
    return ", ".join(names)


def progress(
    newsroom: Newsroom, language: Language, push: Push, waiting: int, title: str, *, undo: bool = False
) -> Message:
    """How far a push is, with what may be done about it now."""
    _ = language._
    settled = push.sent + push.gone + push.refused + push.lost
    total = max(push.total, settled + waiting)
    text = Text().bold(_headline(language, push, undo)).add("\n")
    if title:
        text.add(title + "\n")
    text.add(_("To: {audience}").format(audience=audience_name(newsroom, language, push.audience)) + "\n\n")
    if not undo:
        share = settled / total if total else 1.0
        text.add("▰" * round(share * BAR_CELLS) + "▱" * (BAR_CELLS - round(share * BAR_CELLS)) + f" {share:.0%}\n")
        text.add(_("{sent} of {total} delivered").format(sent=language.number(push.sent), total=language.number(total)))
        for count, words in (
            (push.gone, _("no longer reachable: {count}")),
            (push.refused, _("refused by Telegram: {count}")),
            (waiting, _("waiting to be tried again: {count}")),
            (push.lost, _("never answered: {count}")),
            (push.doubled, _("possibly received twice: {count}")),
        ):
            if count:
                text.add("\n" + words.format(count=language.number(count)))
        if push.state == "paused" and push.reason:
            text.add("\n\n" + _reason(language, push.reason))
    return Message.of(text, _controls(language, push, undo))


def _headline(language: Language, push: Push, undo: bool) -> str:
    _ = language._
    if push.state == "running":
        return "⏳ " + _("Sending starts in a moment") if undo else "📣 " + _("Sending")
    return {
        "held": "✋ " + _("Waiting for your word"),
        "paused": "⏸ " + _("Paused"),
        "finished": "✅ " + _("Sent"),
        "cancelled": "✖ " + _("Cancelled"),
    }.get(push.state, push.state)


def _reason(language: Language, reason: str) -> str:
    _ = language._
    return {
        "refused": _("Telegram refuses this message. Please check what it says; it was not tried further."),
        "unknown": _("Most sends went unanswered. Resume when the connection is in order."),
        "lost": _("Most sends went unanswered. Resume when the connection is in order."),
    }.get(reason, reason)


def _controls(language: Language, push: Push, undo: bool) -> Rows:
    _ = language._
    cancel = button(_("Cancel"), f"push:cancel:{push.id}")
    if push.state == "running" and undo:
        return ((button(_("Take it back"), f"push:cancel:{push.id}"),),)
    if push.state == "running":
        return ((button(_("Pause"), f"push:pause:{push.id}"), cancel),)
    if push.state == "paused":
        return ((button(_("Resume"), f"push:resume:{push.id}"), cancel),)
    if push.state == "held":
        return ((button(_("Send now"), f"push:release:{push.id}"), cancel),)
    return ()


def no_pushes(language: Language) -> Message:
    return Message.of(language._("Nothing is being sent at the moment."))


def too_late(language: Language) -> str:
    return language._("That is no longer possible.")


def notice(newsroom: Newsroom, language: Language, kind: str, data: dict[str, Any]) -> Message:
    """Something the admins should know or decide."""
    _ = language._
    if kind == "pushes_held":
        count = int(data.get("count", 0))
        words = language.ngettext(
            "The source {source} brought very many new stories at once. {count} alert is held back.",
            "The source {source} brought very many new stories at once. {count} alerts are held back.",
            count,
        ).format(source=data.get("source", ""), count=language.number(count))
        rows = ((button(_("Send them"), "held:release"), button(_("Drop them"), "held:cancel")),)
        return Message.of("✋ " + words, rows)
    if kind == "push_braked":
        words = _("A push has paused itself because most of its sends failed.")
        reason = _reason(language, str(data.get("reason", "")))
        return Message.of(f"⏸ {words} {reason}", ((button(_("Pushes"), "pushes"),),))
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
    return Message.of(kind)
