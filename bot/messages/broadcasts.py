"""Messages about a broadcast, for editors: writing it, its preview, and its progress."""

from functools import partial
from typing import Any

from telegram import InlineKeyboardButton

from bot import targets
from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons, paging
from bot.messages.notices import pause_reason
from bot.messages.text import Message, Rows, Text
from bot.storage.models import Push, PushState

BAR_CELLS = 12


def ask_content(language: Language) -> Message:
    _ = language._
    return Message.of(
        _(
            "Write the announcement now: a text, a photo with a caption, or any other message. "
            "Readers get it exactly as you write it."
        ),
        ((buttons.DropDraft().labelled(_("Cancel")),),),
    )


def refused(language: Language) -> str:
    return language._("Telegram rejects this message. Start again with /broadcast. Its answer:")


def held_settled(language: Language, count: int, *, released: bool) -> Message:
    """Report that the held alerts were sent or dropped."""
    number = language.number(count)
    if released:
        words = language.ngettext("{count} alert is on its way.", "{count} alerts are on their way.", count)
    else:
        words = language.ngettext("{count} alert was dropped.", "{count} alerts were dropped.", count)
    return Message.of(words.format(count=number))


def dropped(language: Language) -> Message:
    return Message.of(language._("Nothing was sent."))


def ask_audience(newsroom: Newsroom, language: Language, push: Push, page: int = 1) -> Message:
    """Ask for the audience: everyone, or the followers of the ticked targets."""
    _ = language._
    chosen = set(push.audience.get("targets", []))

    def choice(label: str, target: str) -> InlineKeyboardButton:
        on = target in chosen
        return buttons.ChooseAudience(push.id, buttons.Target(target), not on).labelled(_ticked(label, on))

    slugs = newsroom.slugs
    rows: list[tuple[InlineKeyboardButton, ...]] = []
    if paging.nearest(page, len(slugs)) == 1:
        everyone = buttons.ChooseAudience(push.id, buttons.EVERYONE, True)
        rows.append((everyone.labelled(_ticked(_("Everyone"), bool(push.audience.get("everyone")))),))
        rows.append((choice("UPDATE", targets.UPDATE),))
    shown = paging.on_page(slugs, page)
    rows += buttons.in_rows(
        [choice(newsroom.section_name(slug, language.code), targets.of_section(slug)) for slug in shown]
    )
    rows += paging.turners(language, len(slugs), page, partial(buttons.AudiencePage, push.id))
    rows.append((buttons.DropDraft().labelled(_("Cancel")), buttons.PreviewDraft(push.id).labelled(_("Next"))))
    text = _("Who should receive this?")
    if position := paging.position(language, len(slugs), page):
        chosen_names = audience_name(newsroom, language, push.audience)
        text += "\n\n" + _("To: {audience}").format(audience=chosen_names) + f"\n{position}"
    return Message.of(text, tuple(rows))


def _ticked(label: str, on: bool) -> str:
    return f"✓ {label}" if on else label


def preview(newsroom: Newsroom, language: Language, push: Push, count: int, seconds: float) -> Message:
    """The message below the preview: audience, reach (chats), time (`seconds`), cost, and the send button."""
    _ = language._
    text = Text().add(_("This is how readers will see it.")).add("\n\n")
    text.bold(_("To: {audience}").format(audience=audience_name(newsroom, language, push.audience))).add("\n")
    chats = language.ngettext("{count} chat", "{count} chats", count).format(count=language.number(count))
    text.add(_("Reach: {chats}").format(chats=chats) + "\n")
    text.add(_("Time: about {time}").format(time=language.span(seconds)) + "\n")
    text.add(_("Cost: nothing"))
    rows: Rows = (
        (buttons.SendDraft(push.id).labelled(_("Send now")),),
        (buttons.DraftAudience(push.id).labelled(_("Audience")), buttons.DropDraft().labelled(_("Cancel"))),
    )
    return Message.of(text, rows)


def audience_name(newsroom: Newsroom, language: Language, audience: dict[str, Any]) -> str:
    _ = language._
    if audience.get("everyone"):
        return _("Everyone")
    names = [
        "UPDATE" if target == targets.UPDATE else newsroom.section_name(targets.section_of(target), language.code)
        for target in audience.get("targets", [])
    ]
    return paging.some_of(language, names)


def progress(
    newsroom: Newsroom, language: Language, push: Push, waiting: int, title: str, *, undo: bool = False
) -> Message:
    """The progress of a push, with the buttons that its state allows. `undo`: it can still be taken back unsent."""
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
        if push.state == PushState.PAUSED and push.reason:
            text.add("\n\n" + pause_reason(language, push.reason))
    return Message.of(text, _controls(language, push, undo))


def _headline(language: Language, push: Push, undo: bool) -> str:
    _ = language._
    if push.state == PushState.RUNNING:
        return "⏳ " + _("Sending starts in a moment") if undo else "📣 " + _("Sending")
    return {
        PushState.HELD: "✋ " + _("Waiting for your decision"),
        PushState.PAUSED: "⏸ " + _("Paused"),
        PushState.FINISHED: "✅ " + _("Sent"),
        PushState.CANCELLED: "✖ " + _("Cancelled"),
        PushState.EXPIRED: "⌛ " + _("Expired"),
    }.get(PushState(push.state), push.state)


def _controls(language: Language, push: Push, undo: bool) -> Rows:
    _ = language._
    cancel = buttons.ChangePush("cancel", push.id).labelled(_("Cancel"))
    if push.state == PushState.RUNNING and undo:
        return ((buttons.ChangePush("cancel", push.id).labelled(_("Take it back")),),)
    if push.state == PushState.RUNNING:
        return ((buttons.ChangePush("pause", push.id).labelled(_("Pause")), cancel),)
    if push.state == PushState.PAUSED:
        return ((buttons.ChangePush("resume", push.id).labelled(_("Resume")), cancel),)
    if push.state == PushState.HELD:
        return ((buttons.ChangePush("release", push.id).labelled(_("Send now")), cancel),)
    return ()


def no_pushes(language: Language) -> Message:
    return Message.of(language._("Nothing is being sent at the moment."))


def too_late(language: Language) -> str:
    return language._("That is no longer possible.")
