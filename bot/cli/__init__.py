"""`kabar …`: all commands. Only click is imported at the top, so that `--help` is fast; commands import the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.cli.check import Finding
    from bot.config import Newsroom, Settings

DONE, FAILED, WRONG = 0, 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option("0.1.0", prog_name="kabar")
def main() -> None:
    """Kabar brings a newsroom's stories to its readers on Telegram.

    Begin with `./kabar sandbox`: a bot, a newsroom and a chat page, with nothing to set up.
    `./kabar test`, `check-code` and `bench` are for developers of Kabar.
    """


def _fail(code: int, text: str) -> None:
    click.echo(text, err=True)
    sys.exit(code)


def _load(*, newsroom: bool = True) -> tuple[Settings, Newsroom | None]:
    """Read the settings and the newsroom file; if one is invalid, exit with one line and code 2."""
    from bot.config import Newsroom, Settings, SettingsError
    from bot.logs import configure

    try:
        settings = Settings.load()
        configure(settings.log_level, settings.log_format)
        return settings, Newsroom.load(settings.newsroom) if newsroom else None
    except SettingsError as error:
        _fail(WRONG, str(error))
        raise


def _run(make: Callable[[], Coroutine[Any, Any, int]]) -> None:
    """Run a command's coroutine and exit with its code; expected errors exit with one line instead of a traceback."""
    import asyncio
    import contextlib

    from sqlalchemy.exc import SQLAlchemyError

    from bot.config import SettingsError
    from bot.storage.engine import OldSchema

    loop_factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        loop_factory = uvloop.new_event_loop
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            code = runner.run(make())
    except SettingsError as error:
        _fail(WRONG, str(error))
    except OldSchema as error:
        _fail(FAILED, str(error))
    except (SQLAlchemyError, OSError) as error:
        _fail(FAILED, f"{type(error).__name__}: {str(error).splitlines()[0]}")
    except KeyboardInterrupt:
        sys.exit(FAILED)
    else:
        sys.exit(code)


async def _show(findings: AsyncIterator[Finding]) -> int:
    """Print each finding as it arrives, and return the exit code."""
    failed = False
    async for finding in findings:
        failed = failed or not finding.passed
        click.echo(f"{'✓' if finding.passed else '✗'} {finding.subject:<22} {finding.detail}")
    return FAILED if failed else DONE


@main.command()
@click.option("--port", default=8787, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-browser", is_flag=True, help="Don't open the page in a browser.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep the database in this folder.")
@click.option("--every", default=5.0, show_default=True, type=click.FloatRange(0.2), help="Seconds between stories.")
@click.option(
    "--update-every", default=60.0, show_default=True, type=click.FloatRange(1), help="Seconds between UPDATEs."
)
def sandbox(port: int, no_browser: bool, keep: Path | None, every: float, update_every: float) -> None:
    """Try Kabar: a chat in the browser, a sample newsroom, and the real bot between them."""
    from bot.logs import configure

    configure(os.environ.get("LOG_LEVEL", "warning"), os.environ.get("LOG_FORMAT", "text"))

    async def work() -> int:
        from bot.cli.sandbox import run

        await run(port=port, browser=not no_browser, keep=keep, every=every, update_every=update_every)
        return DONE

    _run(work)


@main.command()
@click.option("--roles", default="chat,ingest,deliver", show_default=True, help="What this process does.")
def run(roles: str) -> None:
    """Run the bot."""
    all_roles = ("chat", "ingest", "deliver")
    chosen = tuple(dict.fromkeys(role.strip() for role in roles.split(",") if role.strip()))
    if not chosen or any(role not in all_roles for role in chosen):
        _fail(WRONG, f"--roles: was {roles!r}; accepted: one or more of {', '.join(all_roles)}, comma separated")
    settings, newsroom = _load()
    assert newsroom is not None  # noqa: S101 - _load reads it unless told not to

    async def work() -> int:
        from bot.app import run

        await run(settings, newsroom, chosen)
        return DONE

    _run(work)


@main.command()
def check() -> None:
    """Verify settings, newsroom file, database, token and every source; exit code 0 or 1."""
    settings, newsroom = _load()
    assert newsroom is not None  # noqa: S101 - _load reads it unless told not to

    async def work() -> int:
        from bot.cli.check import check_everything

        return await _show(check_everything(settings, newsroom))

    _run(work)


@main.command()
def migrate() -> None:
    """Bring the database to the current schema."""
    settings, _ = _load(newsroom=False)

    async def work() -> int:
        from bot.storage.engine import upgrade

        await upgrade(settings.database_url)
        click.echo("The database is at the current schema.")
        return DONE

    _run(work)


@main.command()
@click.option("--once", is_flag=True, required=True, help="Poll every source once and exit.")
def ingest(once: bool) -> None:
    """Poll every source once, store new stories and queue their alerts."""
    settings, newsroom = _load()
    assert newsroom is not None  # noqa: S101 - _load reads it unless told not to

    async def work() -> int:
        from bot.cli.ingest import ingest_once

        return await _show(ingest_once(settings, newsroom))

    _run(work)


@main.group("subscribers")
def subscribers_group() -> None:
    """Import subscribers from a CSV file, or export them to one."""


@subscribers_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_subscribers(file: Path) -> None:
    """Import FILE (chat_id,language,sections,update); a row replaces that chat's language and what it follows."""
    settings, newsroom = _load()
    assert newsroom is not None  # noqa: S101 - _load reads it unless told not to

    async def work() -> int:
        from bot.cli.subscribers import read_rows
        from bot.clock import utcnow
        from bot.storage.engine import Database, prepare_schema

        async with Database(settings.database_url) as database:
            await prepare_schema(database)
            with file.open(encoding="utf-8-sig", newline="") as lines:
                imported, bad_rows = await read_rows(database, newsroom, lines, utcnow())
        for line, problem in bad_rows:
            click.echo(f"line {line}: {problem}", err=True)
        click.echo(f"{imported} imported, {len(bad_rows)} skipped")
        return FAILED if bad_rows else DONE

    _run(work)


@subscribers_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_subscribers(file: Path) -> None:
    """Write every active subscriber to FILE."""
    settings, _ = _load(newsroom=False)

    async def work() -> int:
        from bot.cli.subscribers import write_rows
        from bot.storage.engine import Database, check_schema

        async with Database(settings.database_url) as database:
            await check_schema(database)
            with file.open("w", encoding="utf-8", newline="") as lines:
                count = await write_rows(database, lines)
        click.echo(f"{count} exported")
        return DONE

    _run(work)


@main.command()
@click.argument("address")
def move(address: str) -> None:
    """Copy everything to the empty database at ADDRESS (postgresql+asyncpg://…); running pushes continue there."""
    settings, _ = _load(newsroom=False)

    async def work() -> int:
        from sqlalchemy.exc import ArgumentError

        from bot.cli.move import CannotMove
        from bot.cli.move import move as copy

        try:
            async for table, count in copy(settings.database_url, address):
                click.echo(f"✓ {table:<16} {count:>10,}")
        except ArgumentError:
            _fail(WRONG, f"the address was {address!r}; accepted: postgresql+asyncpg://user@host/name")
        except CannotMove as problem:
            click.echo(f"Nothing was moved: {problem}", err=True)
            return FAILED
        click.echo("Everything is there. Set DATABASE_URL to the new address and start the bot.")
        return DONE

    _run(work)


@main.command()
def init() -> None:
    """Ask for token, first admin and newsroom address, verify them, write .env and newsroom.toml."""

    async def work() -> int:
        from bot.cli.init import ask

        return await ask(Path(".env"), Path("newsroom.toml"))

    _run(work)
