"""`kabar check-code [CHECK …]`: static checks of the code; prints one line for each, and the output of those that fail.

`--update` adds the code's new sentences to the catalogues, removes unused ones, and rewrites docs/commands.md.
tests/test_check_code.py plants a fault for every check.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
CATALOGUES = sorted((ROOT / "bot/locales").glob("*/LC_MESSAGES/kabar.po"))
COMMANDS_PAGE = ROOT / "docs/commands.md"
LINES_AT_MOST = 500
MACHINE_PATHS = re.compile(r"(?<![\w.-])/(?:work|root/\.|home/\w)")

Check = Callable[[], str]


def run(program: str, *arguments: str) -> Check:
    """A check that runs a program of this environment, and returns its output if it fails."""

    def check() -> str:
        path = Path(sys.executable).with_name(program)
        result = subprocess.run([path, *arguments], cwd=ROOT, capture_output=True, text=True)
        output = f"{result.stdout}{result.stderr}" or f"{program} exits {result.returncode}"
        return output if result.returncode else ""

    return check


def sentences() -> Catalog:
    """Every translatable sentence in the code."""
    catalogue = Catalog()
    for folder in ("bot", "handlers"):
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder, keywords={"_": None, "N_": None, "ngettext": (1, 2)}
        ):
            catalogue.add(message, flags=("python-brace-format",) if "{" in str(message) else ())
    return catalogue


def catalogues_are_complete() -> str:
    in_code = {message.id for message in sentences() if message.id}
    problems = []
    for path in CATALOGUES:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parent.parent.name)
        messages = {message.id: message for message in catalogue if message.id}
        problems += [f"{path.name}: missing: {text}" for text in sorted(map(str, in_code - set(messages)))]
        problems += [f"{path.name}: no longer used: {text}" for text in sorted(map(str, set(messages) - in_code))]
        for message in messages.values():
            strings = message.string if isinstance(message.string, list | tuple) else [message.string]
            if message.fuzzy or not all(strings):
                problems.append(f"{path.name}: not translated: {message.id}")
    return "\n".join(problems)


def update_catalogues() -> None:
    for path in CATALOGUES:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parent.parent.name)
        catalogue.update(sentences(), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=0, sort_output=True, omit_header=True)
        text = path.read_text(encoding="utf-8")
        path.write_text(_header(path) + text, encoding="utf-8")


def _header(path: Path) -> str:
    code = path.parent.parent.name
    plural = Catalog(locale=code)
    forms = f"nplurals={plural.num_plurals}; plural={plural.plural_expr};" if code != "id" else "nplurals=1; plural=0;"
    return (
        f'msgid ""\nmsgstr ""\n"Project-Id-Version: Kabar\\n"\n"Language: {code}\\n"\n"Plural-Forms: {forms}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )


def commands_page() -> str:
    """The text of docs/commands.md: a table of all commands with their names in each language, role and description."""
    from bot.i18n import load_language, spoken
    from handlers import COMMANDS

    others = [load_language(code) for code in spoken() if code != "en"]
    rows = [["Command", *(language.name for language in others), "For", "What it does"]]
    rows.append(["---"] * len(rows[0]))
    for command in COMMANDS:
        names = [f"`/{command.name_in(language)}`" for language in others]
        rows.append([f"`/{command.name}`", *names, command.role, command.help])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return (
        "# Commands\n\nMade from `handlers/commands.py` by `./kabar check-code --update`; a chat may use every name,\n"
        f"whichever language it has chosen.\n\n{table}\n"
    )


def commands_are_documented() -> str:
    stale = not COMMANDS_PAGE.is_file() or COMMANDS_PAGE.read_text(encoding="utf-8") != commands_page()
    return f"{COMMANDS_PAGE.name} is out of date: ./kabar check-code --update" * stale


def migrations_match_the_models() -> str:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from bot.storage.engine import Database, upgrade
    from bot.storage.fulltext import is_modelled
    from bot.storage.models import Base

    options = {"include_name": is_modelled}

    async def differences() -> str:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite+aiosqlite:///{folder}/kabar.db"
            await upgrade(url)
            async with Database(url, pool=False) as database, database.engine.connect() as connection:
                changes = await connection.run_sync(
                    lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), Base.metadata)
                )
        return "\n".join(map(str, changes))

    return asyncio.run(differences())


def example_settings_are_all_there() -> str:
    from bot.config import Settings

    listed = re.findall(r"^#? ?([A-Z][A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    names = [name.upper() for name in Settings.model_fields]
    if [name for name, _ in listed] != names:
        return f".env.example lists {[name for name, _ in listed]}\nbut the settings are {names}"
    problems = []
    for name, value in listed:
        settings = Settings.model_validate({name.lower(): value}) if value else Settings.model_validate({})
        default = Settings.model_fields[name.lower()].default
        if getattr(settings, name.lower()) != default:
            problems.append(f"{name} is shown as {value}, its default is {default}")
    return "\n".join(problems)


def files_are_short_and_name_no_machine() -> str:
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).split("\n")
    problems = []
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in (".png", ".lock", ".json") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")  # one page is in windows-1252
        if path.suffix == ".py" and text.count("\n") > LINES_AT_MOST:
            problems.append(f"{name}: {text.count(chr(10))} lines, more than {LINES_AT_MOST}; split it by subject")
        if name != "tests/check_code.py" and (machine_path := MACHINE_PATHS.search(text)):
            problems.append(f"{name}: a path of a developer's machine: {machine_path[0]}")
    return "\n".join(problems)


CHECKS: dict[str, Check] = {
    "format": run("ruff", "format", "--check", "."),
    "lint": run("ruff", "check", "."),
    "types": run("mypy"),
    "imports": run("lint-imports", "--no-logo", "--no-cache"),
    "catalogues": catalogues_are_complete,
    "commands": commands_are_documented,
    "migrations": migrations_match_the_models,
    "settings": example_settings_are_all_there,
    "files": files_are_short_and_name_no_machine,
}


def main() -> None:
    if "--update" in sys.argv[1:]:
        update_catalogues()
        COMMANDS_PAGE.write_text(commands_page(), encoding="utf-8")
        return
    failed = []
    for name in sys.argv[1:] or CHECKS:
        output = CHECKS[name]()
        print(f"{'✗' if output else '✓'} {name}", flush=True)
        if output:
            failed.append(name)
            print(output)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
