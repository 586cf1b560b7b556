"""`kabar bench articles FOLDER`: what we read from article pages, beside trafilatura, on pages that you give.

FOLDER holds pairs of NAME.html and NAME.json; the JSON may say `url`, `title`, `published_at`, `author`, `image_url`,
`canonical`, `caption` and `body` (a list of paragraphs). What it does not say is not measured. Bodies are compared by
the F1 of their words.
"""

import argparse
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from trafilatura import bare_extraction

from bot.stories.articles.article import parse_article
from bot.stories.reading.feed_items import Unreadable

ZONE = ZoneInfo("Asia/Jakarta")
FIELDS = ("title", "day", "author", "caption", "photo", "canonical")


def ours(page: bytes, url: str) -> dict[str, str]:
    try:
        found = parse_article(page, url=url or "https://page.invalid/", default_zone=ZONE, now=datetime.now(UTC))
    except Unreadable:
        return {}
    day = found.published_at.isoformat() if found.published_at else ""
    return {
        "title": found.title, "day": day, "author": found.author, "caption": found.image_caption,
        "photo": found.image_url, "canonical": found.canonical, "body": found.body,
    }  # fmt: skip


def trafilaturas(page: bytes, url: str) -> dict[str, str]:
    found = bare_extraction(page, url=url or None, include_comments=False, with_metadata=True)
    if found is None:
        return {}
    named = {"title": "title", "day": "date", "author": "author", "photo": "image", "canonical": "url", "body": "text"}
    return {field: getattr(found, name) or "" for field, name in named.items()}


def expected(truth: dict[str, Any]) -> dict[str, str]:
    body = truth.get("body") or ""
    day = ""
    if truth.get("published_at"):
        moment = datetime.fromisoformat(truth["published_at"])
        day = (moment.astimezone(ZONE) if moment.tzinfo else moment).date().isoformat()
    return {
        "title": truth.get("title") or "", "day": day, "author": truth.get("author") or "",
        "caption": truth.get("caption") or "", "photo": truth.get("image_url") or "",
        "canonical": truth.get("canonical") or "", "body": body if isinstance(body, str) else "\n".join(body),
    }  # fmt: skip


def is_right(field: str, found: str, wanted: str) -> bool:
    if field == "photo":  # one picture has many addresses, by size and host
        return bool(found) and _stem(found) == _stem(wanted)
    if field == "day" and "T" in found:  # of some place on earth, since a page does not say where its day is
        moment = datetime.fromisoformat(found)
        return wanted in {(moment + timedelta(hours=hours)).date().isoformat() for hours in (-10, 0, 13)}
    if field == "author":
        return set(_words(found)) == set(_words(wanted))
    return "".join(_words(found)) == "".join(_words(wanted))


def alike(text: str, wanted: str) -> float:
    one, other = Counter(_words(text)), Counter(_words(wanted))
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total()) if shared else 0.0


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench articles")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", choices=[*FIELDS, "body"], help="what of this field is wrong, page by page")
    given = parser.parse_args(arguments)
    pages = [(path, path.with_suffix(".html").read_bytes()) for path in sorted(given.folder.glob("*.json"))]
    truths = [json.loads(path.read_text(encoding="utf-8")) for path, _ in pages]
    print(f"{len(pages)} pages\n{'':<12}{'body F1':>9}" + "".join(f"{field:>12}" for field in FIELDS) + f"{'ms':>8}")
    for name, read in (("kabar", ours), ("trafilatura", trafilaturas)):
        started = time.perf_counter()
        found = [read(page, truth.get("url") or "") for (_, page), truth in zip(pages, truths, strict=True)]
        spent = (time.perf_counter() - started) / max(1, len(pages))
        _report(name, [path.stem for path, _ in pages], found, [expected(truth) for truth in truths], spent, given.show)


def _report(
    name: str, pages: Iterable[str], found: list[dict[str, str]], truths: list[dict[str, str]], spent: float, show: str
) -> None:
    pairs = list(zip(pages, found, truths, strict=True))
    bodies = [alike(ours.get("body", ""), truth["body"]) for _, ours, truth in pairs if truth["body"]]
    cells = []
    for field in FIELDS:
        told = [(page, ours.get(field, ""), truth[field]) for page, ours, truth in pairs if truth[field]]
        right = [is_right(field, value, wanted) for _, value, wanted in told]
        cells.append(f"{sum(right)} of {len(told)}")
        for (page, value, wanted), good in zip(told, right, strict=True):
            if field == show and not good:
                print(f"  {name} {page}\n    {value!r}\n    {wanted!r}")
    if show == "body":
        for page, ours, truth in pairs:
            if truth["body"]:
                print(f"  {name} {page} {alike(ours.get('body', ''), truth['body']):.3f}")
    mean = statistics.mean(bodies) if bodies else 0.0
    print(f"{name:<12}{mean:>9.3f}" + "".join(f"{cell:>12}" for cell in cells) + f"{1_000 * spent:>8.0f}", flush=True)


def _words(text: str) -> list[str]:
    return re.findall(r"\w", text.casefold()) if _SCRIPT.search(text) else re.findall(r"\w+", text.casefold())


_SCRIPT = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]")  # written without spaces: letters count, not words


def _stem(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2].casefold()
