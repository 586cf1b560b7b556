"""The parsers over documents that their authors never saw: nothing is raised, nothing hangs, and what is read is right.

feedparser's test documents carry what is expected of them in a comment: `Expect: entries[0]['title'] == 'A title'`.
What Kabar reads is compared with that in plain text, as a reader would see it, and so is what feedparser itself gives.
"""

import ast
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import feedparser
import pytest

from bot.stories.reading import feeds
from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.sitemaps import parse_sitemap

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BASE = "http://127.0.0.1:8097/"  # where feedparser's own tests serve the documents from
ENTRY = {
    "title": "title",
    "title_detail.value": "title",
    "link": "link",
    "links.0.href": "link",
    "published_parsed": "date",
    "updated_parsed": "date",
    "created_parsed": "date",
    "summary": "summary",
    "summary_detail.value": "summary",
    "description": "summary",
}
pytestmark = pytest.mark.timeout(400)  # the first test here waits until the documents are fetched


def given(body: bytes) -> dict[str, Any]:
    """How a test document wants to be served."""
    headers = re.findall(rb"^\s*Header:\s*([\w-]+)\s*:(.*)$", body, re.MULTILINE)
    content_type = next((value.strip().decode() for name, value in headers if name.lower() == b"content-type"), "")
    return {"url": BASE, "content_type": content_type, "default_zone": ZoneInfo("UTC"), "now": NOW}


def expectations(body: bytes) -> Iterator[tuple[str, str, Any]]:
    """What a document says of itself and its first entry: kind, feedparser's name for it, value."""
    line = re.search(rb"Expect:\s*(.+)", body)
    try:
        tree = ast.parse(line[1].decode().strip(), mode="eval") if line else ast.Module([], [])
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            name = path_of(node.left)
            kind = "feed's title" if name == "feed.title" else ENTRY.get(name.removeprefix("entries.0."))
            if kind and isinstance(node.comparators[0], ast.Constant | ast.Tuple):
                yield kind, name, ast.literal_eval(node.comparators[0])


def path_of(node: ast.expr) -> str:
    """`entries[0]['title']` as "entries.0.title"."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return f"{path_of(node.value)}.{node.slice.value}"
    if isinstance(node, ast.Attribute):
        return f"{path_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


class Shown(HTMLParser):
    """The text that a browser shows of a piece of HTML; not our own cleaning, which is what is tested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style", "iframe", "svg")
        self.parts.append(" " if tag in ("p", "div", "br", "li", "blockquote") else "")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style", "iframe", "svg")
        self.parts.append(" " if tag in ("p", "div", "li", "blockquote") else "")

    def handle_data(self, data: str) -> None:
        self.parts.append("" if self.hidden > 0 else data)


def shown(markup: str) -> str:
    parser = Shown()
    parser.feed(markup)
    parser.close()
    return one_line("".join(parser.parts))


def one_line(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def wanted(kind: str, value: Any, literal: bool) -> Any:
    """The expectation as a reader would see it; None if it says nothing comparable."""
    if kind == "date":
        return datetime(*value[:6], tzinfo=UTC) if isinstance(value, tuple) else None
    if not isinstance(value, str):
        return None
    if kind == "link":
        parts = urlsplit(value)
        return parts._replace(netloc=parts.netloc.lower()).geturl() if parts.scheme in ("http", "https") else None
    return (one_line(value) if literal else shown(value)) or None


def of_feedparser(body: bytes, kind: str, name: str) -> Any:
    """What a program that shows feedparser's own value would show."""
    headers = {"content-type": given(body)["content_type"], "content-location": BASE}
    value: Any = feedparser.parse(body, response_headers=headers)
    for part in name.split("."):
        value = (value[int(part)] if value else {}) if part.isdigit() else value.get(part) or {}
    if kind == "date":
        return datetime(*value[:6], tzinfo=UTC) if value else None
    return one_line(value) if isinstance(value, str) else ""


@pytest.fixture
def first_entry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What is read of a document's first entry, before the rule that a story needs a link and a title."""
    entries: list[dict[str, Any]] = []
    monkeypatch.setattr(feeds, "item_from", lambda **entry: entries.append(entry))

    def read(body: bytes) -> dict[str, Any]:
        entries.clear()
        try:
            feed = feeds.parse_feed(body, **given(body))
        except Unreadable:
            return {}
        return {"feed's title": feed.title} | (entries[0] if entries else {})

    return read


def test_feeds_are_read_at_least_as_well_as_by_feedparser(corpus: Path, first_entry: Any) -> None:
    names = {
        "title": "title",
        "link": "url",
        "date": "published_at",
        "summary": "summary",
        "feed's title": "feed's title",
    }
    compared: Counter[str] = Counter()
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    missed = []
    for path in sorted((corpus / "feedparser-6.0.14" / "tests").rglob("*.xml")):
        body = path.read_bytes()
        for kind, name, value in expectations(body):
            want = wanted(kind, value, literal=b"text/plain" in body)
            if want is None:
                continue
            compared[kind] += 1
            theirs[kind] += of_feedparser(body, kind, name) == want
            read = first_entry(body).get(names.get(kind, kind))
            ours[kind] += read == want
            if read != want:
                missed.append(f"{path.name}: {kind} {read!r} instead of {want!r}")
    print(f"compared {dict(compared)}, read rightly {dict(ours)}, by feedparser {dict(theirs)}", *missed, sep="\n")
    assert compared.total() > 450
    for kind in compared:
        assert ours[kind] >= theirs[kind], (kind, missed)
    assert ours.total() > 0.975 * compared.total()


def test_no_document_of_the_corpus_raises_or_hangs(corpus: Path) -> None:
    files = [path for path in sorted((corpus / "feedparser-6.0.14" / "tests").rglob("*")) if path.is_file()]
    assert len(files) > 2_200
    read = 0
    for path in files:
        body = path.read_bytes()
        for limited in (given(body), given(body) | {"content_type": "text/html; charset=utf-16"}):
            try:
                read += len(feeds.parse_feed(body, **limited).items)
            except Unreadable as error:
                assert str(error)
        try:
            parse_sitemap(body, **given(body))
        except Unreadable as error:
            assert str(error)
    assert read > 60  # most documents hold one entry without a link


def test_json_feeds_written_by_others(corpus: Path) -> None:
    documents = corpus / "reader-3.26" / "tests" / "data"
    body = (documents / "full.json").read_bytes()
    feed = feeds.parse_feed(body, **given(body) | {"content_type": "application/feed+json"})
    given_items = json.loads(body)["items"]
    assert [item.guid for item in feed.items] == [
        str(item["id"])
        for item in given_items
        if (item.get("url") or item.get("external_url") or "").startswith("http")
    ]
    example = corpus / "trafilatura-2.3.1" / "tests" / "resources" / "feed.json"
    feed = feeds.parse_feed(example.read_bytes(), **given(b""))
    expected = json.loads(example.read_bytes())
    assert feed.title == expected["title"]
    assert [item.url for item in feed.items] == [item["url"] for item in expected["items"]]
    assert [item.title for item in feed.items] == [shown(item["title"]) for item in expected["items"]]
    for name in ("10.json", "empty.json", "invalid.json", "unknown.json"):  # nothing in them has an address that is one
        body = (documents / name).read_bytes()
        assert feeds.parse_feed(body, **given(body)).items == ()


def test_sitemaps_written_by_others(corpus: Path) -> None:
    documents = corpus / "trafilatura-2.3.1" / "tests" / "resources"
    for name in ("sitemap.xml", "sitemap-hreflang.xml", "sitemap2.xml", "sitemap.xml.gz"):
        body = (documents / name).read_bytes()
        found = parse_sitemap(body, **given(b""))
        if not body.startswith(b"\x1f\x8b"):
            pattern = r"<loc>(?:<!\[CDATA\[)?([^<\]]+)"
            locations = [one_line(shown(each)) for each in re.findall(pattern, body.decode())]
            assert {item.url for item in found.items} | set(found.further) <= set(locations)
        assert found.items or found.further, name
