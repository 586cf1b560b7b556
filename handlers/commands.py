"""The table of commands: it feeds the handlers, the command menus, /help and docs/commands.md."""

from bot.commands import N_, Command, Role
from handlers import (
    broadcast,
    following,
    latest,
    popular,
    privacy,
    pushes,
    quiet,
    saved,
    search,
    sections,
    settings,
    sources,
    start,
    updates,
)

COMMANDS = (
    Command("start", start.start, N_("Greeting and choices"), in_menu=False),
    Command(N_("latest"), latest.latest, N_("The newest stories")),
    Command(N_("popular"), popular.popular, N_("What others read most")),
    Command("update", updates.updates, N_("Breaking news")),
    Command(N_("sections"), sections.sections, N_("Stories by section")),
    Command(N_("search"), search.search, N_("Find stories by words")),
    Command(N_("following"), following.following, N_("What you follow")),
    Command(N_("saved"), saved.saved, N_("Stories that you saved")),
    Command(N_("follow"), following.follow, N_("Follow a section"), in_menu=False),
    Command(N_("unfollow"), following.unfollow, N_("Stop following a section"), in_menu=False),
    Command(N_("stop"), following.stop, N_("Stop all alerts, and keep what you chose"), in_menu=False),
    Command(N_("quiet"), quiet.quiet, N_("When nothing rings")),
    Command(N_("settings"), settings.settings, N_("Language and alerts")),
    Command(N_("language"), settings.language, N_("Choose a language"), in_menu=False),
    Command(N_("privacy"), privacy.privacy, N_("What I keep about you")),
    Command(N_("help"), start.show_help, N_("What I can do")),
    Command(N_("broadcast"), broadcast.broadcast, N_("Announce something to readers"), Role.OWNER),
    Command(N_("pushes"), pushes.show_pushes, N_("What is being sent right now"), Role.OWNER),
    Command(N_("sources"), sources.show_sources, N_("How the sources are doing"), Role.OWNER),
)
