"""Messages about when alerts come, and with what sound: sounds, quiet hours, time zones, one alert's options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from telegram import InlineKeyboardButton

from bot import targets
from bot.config import Newsroom
from bot.i18n import Language
from bot.messages import buttons, paging
from bot.messages.text import Message, Rows, Text
from bot.storage.models import Sound, Story

PRESETS = ((21, 6), (22, 6), (22, 7), (23, 5), (23, 7), (0, 6))  # quiet hours that a button offers
HOME_ZONES = (("WIB", "Asia/Jakarta"), ("WITA", "Asia/Makassar"), ("WIT", "Asia/Jayapura"))
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True, slots=True)
class Quiet:
    """A chat's choices about quiet hours; `hours` in minutes after midnight, `until` when it is quiet no more."""

    zone: ZoneInfo
    now: datetime
    hours: tuple[int, int] | None = None
    update: bool = False
    until: datetime | None = None
    snoozed: bool = False  # it is quiet by a snooze alone


def target_name(newsroom: Newsroom, language: Language, target: str) -> str:
    slug = targets.section_of(target)
    return newsroom.section_name(slug, language.code) if slug else "UPDATE"


def sounds(
    newsroom: Newsroom, language: Language, chosen: Mapping[str, Sound], page: int = 1, target: str = ""
) -> Message:
    """What a chat follows, with the sound of each; the page that `target` is on, if given."""
    _ = language._
    text = Text().bold(_("Loud or silent")).add("\n\n")
    order = [targets.UPDATE, *map(targets.of_section, newsroom.slugs)]
    followed = [each for each in order if each in chosen]
    back = ((buttons.OpenFollowing().labelled("‹ " + _("Following")),),)
    if not followed:
        return Message.of(text.add(_("You follow nothing yet. Tap what you want to receive.")), back)
    text.add(_("🔔 rings, 🔕 comes without a sound. Tap to change it."))
    if target in followed:
        page = paging.page_of(followed.index(target), len(followed))
    if position := paging.position(language, len(followed), page):
        text.add("\n" + position)
    rows = buttons.in_rows(
        [_sound_button(newsroom, language, each, chosen[each]) for each in paging.on_page(followed, page)]
    )
    return Message.of(text, (*rows, *paging.turners(language, len(followed), page, buttons.SoundsPage), *back))


def _sound_button(newsroom: Newsroom, language: Language, target: str, sound: Sound) -> InlineKeyboardButton:
    loud = sound == Sound.LOUD
    label = f"{'🔔' if loud else '🔕'} {target_name(newsroom, language, target)}"
    return buttons.ChooseSound("silent" if loud else "loud", buttons.Target(target)).labelled(label)


def sound_chosen(newsroom: Newsroom, language: Language, target: str, sound: Sound) -> str:
    _ = language._
    loud, silent = _("🔔 {topic} rings from now on."), _("🔕 {topic} comes without a sound from now on.")
    return (loud if sound == Sound.LOUD else silent).format(topic=target_name(newsroom, language, target))


def clock_time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def zone_name(zone: ZoneInfo) -> str:
    """The zone as its people say it, such as WIB; elsewhere its city."""
    names = {iana: name for name, iana in HOME_ZONES}
    return names.get(zone.key) or zone.key.rpartition("/")[2].replace("_", " ")


def quiet(language: Language, state: Quiet) -> Message:
    """The menu of quiet hours: what holds now, in words, and what can be chosen."""
    _ = language._
    text = Text().bold("🌙 " + _("Quiet hours")).add("\n\n")
    now = f"{state.now.astimezone(state.zone):%H:%M}"
    if state.hours is None:
        text.add(_("You have none: alerts come at any time."))
    else:
        begin, until = map(clock_time, state.hours)
        words = _("Every day from {begin} to {until}. Alerts wait, and come in one message afterwards.")
        text.add(words.format(begin=begin, until=until) + "\n")
        text.add(_("An UPDATE comes even then.") if state.update else _("An UPDATE waits too."))
    if state.until is not None and state.until > state.now:
        until_time = f"{state.until.astimezone(state.zone):%H:%M}"
        text.add("\n" + _("It is quiet now, until {time}.").format(time=until_time))
    text.add("\n\n" + _("Your time: {time} ({zone})").format(time=now, zone=zone_name(state.zone)))
    return Message.of(text, _quiet_rows(language, state))


def _quiet_rows(language: Language, state: Quiet) -> Rows:
    _ = language._
    hours = []
    for begin, until in ((begin * 60, until * 60) for begin, until in PRESETS):
        label = f"{clock_time(begin)}–{clock_time(until)}"
        chosen = "✓ " if state.hours == (begin, until) else ""
        hours.append(buttons.ChooseHours(begin, until).labelled(chosen + label))
    rows = [*buttons.in_rows(hours)]
    if state.hours is not None:
        first, last = state.hours
        rows.append(_shifted(_("Begin {time}"), first, lambda minutes: buttons.ChooseHours(minutes, last)))
        rows.append(_shifted(_("End {time}"), last, lambda minutes: buttons.ChooseHours(first, minutes)))
        update = _("Let UPDATE wait too") if state.update else _("Let UPDATE come even then")
        rows.append((buttons.QuietUpdate(not state.update).labelled(update),))
        rows.append((buttons.EndHours().labelled(_("No quiet hours")),))
    if state.snoozed and state.until is not None and state.until > state.now:
        rows.append((buttons.EndSnooze().labelled("▶️ " + _("End the quiet now")),))
    rows.append(tuple(_zone_button(name, zone, state.zone) for name, zone in HOME_ZONES))
    rows.append((buttons.OpenRegions().labelled("🌍 " + _("Another time zone")),))
    return tuple(rows)


def _shifted(label: str, minutes: int, button: Callable[[int], buttons.Button]) -> tuple[InlineKeyboardButton, ...]:
    """Two buttons: half an hour earlier, and later."""
    times = ((minutes + change) % (24 * 60) for change in (-30, 30))
    return tuple(button(each).labelled(label.format(time=clock_time(each))) for each in times)


def _zone_button(name: str, zone: str, chosen: ZoneInfo) -> InlineKeyboardButton:
    return buttons.ChooseZone(buttons.Zone(zone)).labelled(("✓ " if zone == chosen.key else "") + name)


def impossible_hours(language: Language) -> str:
    return language._("Quiet hours can last up to 22 hours. Write for example: /quiet 22:00-06:00")


@cache
def zones() -> frozenset[str]:
    """The time zones that can be chosen: those of a region, and UTC."""
    return frozenset(name for name in available_timezones() if name.partition("/")[0] in REGIONS) | {"UTC"}


def regions(language: Language) -> Message:
    _ = language._
    names = {
        "Africa": _("Africa"),
        "America": _("America"),
        "Antarctica": _("Antarctica"),
        "Asia": _("Asia"),
        "Atlantic": _("Atlantic"),
        "Australia": _("Australia"),
        "Europe": _("Europe"),
        "Indian": _("Indian Ocean"),
        "Pacific": _("Pacific"),
    }
    rows = buttons.in_rows([buttons.ZonesPage(buttons.Zone(region), 1).labelled(names[region]) for region in REGIONS])
    utc = (buttons.ChooseZone(buttons.Zone("UTC")).labelled("UTC"),)
    return Message.of(_("Where are you?"), (*rows, utc, _back_to_quiet(language)))


def zones_of(language: Language, region: str, page: int = 1) -> Message:
    """A page of the region's zones, by their cities."""
    _ = language._
    names = sorted(name for name in zones() if name.startswith(region + "/"))
    rows = buttons.in_rows(
        [
            buttons.ChooseZone(buttons.Zone(name)).labelled(name.partition("/")[2].replace("_", " "))
            for name in paging.on_page(names, page)
        ]
    )
    turners = paging.turners(language, len(names), page, lambda to: buttons.ZonesPage(buttons.Zone(region), to))
    text = "\n".join(filter(None, (_("Which city has your time?"), paging.position(language, len(names), page))))
    return Message.of(text, (*rows, *turners, (buttons.OpenRegions().labelled("‹ " + _("Another region")),)))


def _back_to_quiet(language: Language) -> tuple[InlineKeyboardButton, ...]:
    return (buttons.OpenQuiet().labelled("‹ " + language._("Quiet hours")),)


def zone_chosen(language: Language, zone: ZoneInfo, now: datetime) -> str:
    time = f"{now.astimezone(zone):%H:%M}"
    return language._("Noted: it is {time} with you.").format(time=time)


def snoozed(language: Language, until: datetime, zone: ZoneInfo) -> str:
    time = f"{until.astimezone(zone):%H:%M}"
    return language._("Quiet until {time}. What comes meanwhile, you get in one message then.").format(time=time)


def options_button(language: Language, story_id: int) -> InlineKeyboardButton:
    return buttons.OpenAlert(story_id).labelled("⚙ " + language._("Alerts"))


def targets_of(newsroom: Newsroom, story: Story) -> list[str]:
    """What can bring a story's alert."""
    section = [targets.of_section(story.section)] if story.section in newsroom.slugs else []
    return [targets.UPDATE, *section] if story.is_update else section


def options(newsroom: Newsroom, language: Language, story: Story, chosen: Mapping[str, Sound], morning: str) -> Rows:
    """What can be done about alerts like this one; `morning`: the hour that the chat's morning begins."""
    _ = language._
    rows: list[tuple[InlineKeyboardButton, ...]] = []
    for target in targets_of(newsroom, story):
        name, place = target_name(newsroom, language, target), buttons.Target(target)
        if target not in chosen:
            again = buttons.AlertFollow(story.id, True, place)
            rows.append((again.labelled("🔔 " + _("Follow {section}").format(section=name)),))
            continue
        loud = chosen[target] == Sound.LOUD
        words = "🔕 " + _("{topic}: silent") if loud else "🔔 " + _("{topic}: loud")
        sound = buttons.AlertSound(story.id, "silent" if loud else "loud", place)
        away = buttons.AlertFollow(story.id, False, place)
        rows.append((sound.labelled(words.format(topic=name)), away.labelled(_("Unfollow {topic}").format(topic=name))))
    rows.append(
        (
            buttons.Snooze(story.id, "hour").labelled("🌙 " + _("Quiet for 1 hour")),
            buttons.Snooze(story.id, "morning").labelled("🌙 " + _("Until {time}").format(time=morning)),
        )
    )
    rows.append(
        (
            buttons.ExplainAlert(story.id).labelled(_("Why did I get this?")),
            buttons.CloseAlert(story.id).labelled(_("Close")),
        )
    )
    return tuple(rows)


def why(newsroom: Newsroom, language: Language, story: Story, chosen: Mapping[str, Sound]) -> str:
    """Why the chat got the story's alert, as far as its choices still tell."""
    _ = language._
    reasons = [target_name(newsroom, language, each) for each in targets_of(newsroom, story) if each in chosen]
    if not reasons:
        return _("When this came you followed its topic. You no longer do.")
    return _("Because you follow {topics}. You can change that here or with /following.").format(
        topics=", ".join(reasons)
    )


def no_longer(language: Language) -> str:
    return language._("This story is no longer here.")


def more_button(language: Language, count: int) -> InlineKeyboardButton:
    """Leads from a recap to the list of the newest stories, with how many the recap does not name."""
    words = language.ngettext("{count} more: see the latest", "{count} more: see the latest", count)
    return buttons.OpenLatest().labelled(words.format(count=language.number(count)))


def recap_heading(language: Language, count: int, *, slept: bool) -> str:
    if slept:
        words = language.ngettext("While you slept: {count} story", "While you slept: {count} stories", count)
    else:
        words = language.ngettext("While it was quiet: {count} story", "While it was quiet: {count} stories", count)
    return words.format(count=language.number(count))
