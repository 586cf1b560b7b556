"""`kabar init`: asks for the basic settings, verifies them, and writes `.env` and `newsroom.toml`."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import click
from pydantic import ValidationError
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.clock import utcnow
from bot.config import Newsroom, NewsroomTable, Settings, SettingsError, accepted
from bot.delivery.telegram import AiohttpRequest
from bot.stories.reading.cleaning import plain_text, safe_url
from bot.stories.reading.documents import ACCEPT
from bot.stories.reading.feeds import Feed, Unreadable, parse_feed
from bot.stories.reading.fetcher import Fetcher, FetchError, place_of
from bot.stories.reading.menus import sections_of

_FEED_LINK = re.compile(r"<link\b[^>]{0,1000}>", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
USUAL_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "feed.json", "index.xml")


async def ask(env_file: Path, newsroom_file: Path) -> int:
    """Ask and write both files. Returns the exit code: 0 if they are written, 1 if an answer could not be verified."""
    for path in (env_file, newsroom_file):
        if path.exists() and not click.confirm(f"{path} exists already. Overwrite it?", default=False):
            click.echo("Nothing was changed.")
            return 1
    settings = Settings.load(None)
    token = await _ask_token(settings.bot_api_url)
    if token is None:
        return 1
    admin = click.prompt("Your own Telegram user id (from @userinfobot, for example)", type=click.IntRange(1))
    address = click.prompt("The newsroom's address, or that of one of its feeds").strip()
    address = address if "://" in address else f"https://{address}"
    found_feed = await _find_feed(settings, address)
    if found_feed is None and not click.confirm(
        f"No feed was found at {address}. Lists on its pages can be read instead: write files with an example of that?",
        default=True,
    ):
        click.echo("Nothing was written. Give the address of a feed itself.", err=True)
        return 1
    parts = urlsplit(address)
    home = f"{parts.scheme}://{parts.netloc}"
    source = _FEED.format(url=_quoted(found_feed[0])) if found_feed else _PAGE.format(url=_quoted(address))
    feed_title = found_feed[1].title if found_feed else ""
    name = click.prompt("The newsroom's name", default=feed_title or parts.hostname, value_proc=_checked("name"))
    language = click.prompt("Language of the stories", default="id", value_proc=_checked("language"))
    zone = click.prompt("Time zone", default="Asia/Jakarta", value_proc=_checked("timezone"))
    sections = await _ask_sections(settings, home)
    newsroom_file.write_text(_newsroom_text(name, home, language, zone, sections, source), encoding="utf-8")
    try:
        Newsroom.load(newsroom_file)
    except SettingsError as error:
        newsroom_file.unlink()
        click.echo(str(error), err=True)
        return 1
    lines = [f"BOT_TOKEN={token}", f"ADMIN_IDS={admin}"]
    if settings.bot_api_url != Settings.model_fields["bot_api_url"].default:
        lines.append(f"BOT_API_URL={settings.bot_api_url}")
    if private := settings.allow_private_sources:
        lines.append(f"ALLOW_PRIVATE_SOURCES={'true' if private is True else ','.join(sorted(private))}")
    env_file.touch(mode=0o600)
    env_file.chmod(0o600)
    env_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(f"{env_file} and {newsroom_file} are written.")
    if found_feed:
        click.echo("Start the bot with ./kabar run")
    else:
        click.echo(
            f"Now edit select in {newsroom_file}: ./kabar check shows what it finds, docs/sources.md explains it."
        )
    return 0


async def _ask_token(api_url: str) -> str | None:
    token = click.prompt("The bot's token, from @BotFather", hide_input=True).strip()
    try:
        Settings.load(None, bot_token=token)
        async with ExtBot(token, base_url=f"{api_url}/bot", request=AiohttpRequest(2)) as bot:
            click.echo(f"✓ @{bot.username}")
            return token
    except (SettingsError, TelegramError) as error:
        click.echo(f"The token was not accepted: {str(error).replace(token, '…')}", err=True)
        return None


def _checked(field: str) -> Callable[[str], str]:
    """A validator for an answer: it must be valid for this field of the newsroom file, else click asks again."""

    def check(value: str) -> str:
        try:
            NewsroomTable.model_validate({"name": "-", "url": "https://news.example", field: value.strip()})
        except ValidationError as error:
            raise click.BadParameter(f"accepted: {accepted(error.errors()[0])}") from None
        return value.strip()

    return check


async def _ask_sections(settings: Settings, home: str) -> tuple[tuple[str, str], ...]:
    """The (slug, name) pairs of the sections in the menu of the newsroom's site, if the user wants them."""
    try:
        async with Fetcher(private=settings.allow_private_sources, user_agent="Kabar") as fetcher:
            answer = await fetcher.fetch(home, accept="text/html")
        sections = sections_of(answer.body, answer.url, answer.content_type) if answer.status == 200 else ()
    except (FetchError, Unreadable):
        return ()
    if not sections:
        return ()
    click.echo("Sections in the site's menu: " + ", ".join(name for _, name in sections))
    return sections if click.confirm("Offer these to readers?", default=True) else ()


async def _find_feed(settings: Settings, address: str) -> tuple[str, Feed] | None:
    """The feed at the address, or the first that its page links to, or at one of USUAL_PATHS; with its address."""
    async with Fetcher(private=settings.allow_private_sources, user_agent="Kabar") as fetcher:
        candidates = [address]
        for url in candidates:
            try:
                answer = await fetcher.fetch(url, accept=ACCEPT)
            except FetchError as error:
                allow = f"; if it is yours: ALLOW_PRIVATE_SOURCES={place_of(url)} ./kabar init"
                hint = allow if error.reason == "refused_address" else ""
                click.echo(f"{url}: {error.detail}{hint}", err=True)
                continue
            zone = Newsroom.model_validate({"newsroom": {"name": "-", "url": address}}).zone
            try:
                feed = parse_feed(
                    answer.body, url=answer.url, content_type=answer.content_type, default_zone=zone, now=utcnow()
                )
            except Unreadable:
                if url == address:
                    candidates += _candidates(answer.body, answer.url)
                continue
            click.echo(f"✓ {url}: {len(feed.items)} stories")
            return url, feed
    return None


def _candidates(body: bytes, url: str) -> list[str]:
    page = body[:200_000].decode("utf-8", "replace")
    links = [
        safe_url(plain_text(href[1]), url)
        for tag in _FEED_LINK.findall(page)
        if "alternate" in tag.lower() and ("rss" in tag or "atom" in tag or "feed+json" in tag)
        if (href := _HREF.search(tag))
    ]
    return [link for link in links if link][:5] + [urljoin(url.rstrip("/") + "/", path) for path in USUAL_PATHS]


_FEED = """[[sources]]
id = "main"
kind = "feed"
url = {url}
every = "5m"
"""
_PAGE = """# A list on a page. `select` has CSS selectors: `item` for the entries; title, link and time within an entry.
# If the site has a news sitemap, that is simpler: kind = "sitemap", without select. See docs/sources.md.
[[sources]]
id = "main"
kind = "page"
url = {url}
every = "5m"
select = {{ item = "article", title = "h2", link = "a", time = "time" }}
"""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_NO_SECTIONS = """# [[sections]]
# slug = "politik"
# names = { id = "Politik", en = "Politics" }
"""


def _sections_text(sections: tuple[tuple[str, str], ...], language: str) -> str:
    return "\n".join(
        f"[[sections]]\nslug = {_quoted(slug)}\nnames = {{ {language} = {_quoted(name)} }}\n" for slug, name in sections
    )


def _newsroom_text(
    name: str, home: str, language: str, zone: str, sections: tuple[tuple[str, str], ...], source: str
) -> str:
    return f"""# newsroom.example.toml explains each line and all further ones.

[newsroom]
name = {_quoted(name)}
url = {_quoted(home)}
language = {_quoted(language)}
timezone = {_quoted(zone)}
push_max_age = "6h"

# Readers follow sections. A story's section is the one named in its source, otherwise the one with the name of the
# story's category.
{_sections_text(sections, language) or _NO_SECTIONS}
{source}
[update]
categories = ["Breaking"]
title_prefixes = ["BREAKING", "UPDATE"]
"""
