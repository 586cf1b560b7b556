"""The sample newsroom: "Kabar Contoh", which keeps publishing. Its feeds and pages are served beside the chat page."""

import asyncio
import itertools
import random
import tomllib
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import resvg_py
from aiohttp import web

from bot.sandbox.pictures import draw

NAME = "Kabar Contoh"
ZONE = ZoneInfo("Asia/Jakarta")
SECTIONS = {
    "nasional": ("Nasional", "Nation"),
    "politik": ("Politik", "Politics"),
    "dunia": ("Dunia", "World"),
    "ekonomi": ("Ekonomi", "Economy"),
    "olahraga": ("Olahraga", "Sports"),
    "teknologi": ("Teknologi", "Technology"),
    "budaya": ("Budaya", "Culture"),
    "sains": ("Sains", "Science"),
}
AUTHORS = (
    "Wulan Prameswari",
    "Dimas Ardhana",
    "Laras Setyowati",
    "Tegar Mahardhika",
    "Nadira Kusnadi",
    "Yoga Prasetya",
)
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
AT_START = 24  # stories that exist already
IN_A_FEED = 30
KEPT = 5000  # stories whose pages still answer: some seven hours at a story every five seconds
PICTURES_KEPT = 64  # rendered pictures in memory, about 60 KB each
FOLLOW_UPS = (
    "Sejak laporan pertama, redaksi menerima {n} kiriman kabar dari warga setempat.",
    "Hingga laporan ini diturunkan, sudah {n} orang dimintai keterangan oleh redaksi.",
    "Perkembangannya diikuti {n} warga yang hadir di lokasi sejak pagi.",
    "Panitia menjadwalkan pertemuan lanjutan dalam {n} hari ke depan.",
)
_SAMPLES = tomllib.loads((Path(__file__).parent / "stories.toml").read_text(encoding="utf-8"))["stories"]


@dataclass(frozen=True, slots=True)
class Story:
    number: int
    section: str
    title: str
    text: str
    author: str
    update: bool
    at: datetime

    @property
    def path(self) -> str:
        slug = "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split()[:8])
        return f"/newsroom/{self.section}/{self.number}/{slug}"

    @property
    def picture(self) -> str:
        return f"/newsroom/pictures/{self.section}-{self.number}.png"


class Newsroom:
    """`every` and `update_every` are seconds between two stories, and between two UPDATEs."""

    def __init__(self, base_url: str = "", *, every: float = 5.0, update_every: float = 60.0, seed: int = 7) -> None:
        self.base_url = base_url
        self.every, self.update_every = every, update_every
        self.sections = SECTIONS
        self.stories: list[Story] = []  # the oldest first
        self.on_publish: list[Callable[[Story], None]] = []
        self._chance = random.Random(seed)
        self._numbers = itertools.count(26_001)
        self._plain = self._order([sample for sample in _SAMPLES if not sample.get("update")])
        self._updates = self._order([sample for sample in _SAMPLES if sample.get("update")])
        self._published: Counter[str] = Counter()
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        now = datetime.now(UTC)
        self._opened = now.replace(microsecond=0)
        for number in range(AT_START):
            at = now - timedelta(minutes=11 * (AT_START - number) + self._chance.randint(0, 8))
            self._add(next(self._plain), at)

    def _order(self, samples: list[dict[str, object]]) -> "itertools.cycle[dict[str, object]]":
        self._chance.shuffle(samples)
        return itertools.cycle(samples)

    def _add(self, sample: dict[str, object], at: datetime) -> Story:
        title, text = str(sample["title"]), str(sample["text"])
        self._published[title] += 1
        if (part := self._published[title]) > 1:
            text += " " + self._chance.choice(FOLLOW_UPS).format(n=self._chance.randint(3, 30))
            title += f" (perkembangan ke-{part})"
        story = Story(
            next(self._numbers),
            str(sample["section"]),
            title,
            text,
            self._chance.choice(AUTHORS),
            bool(sample.get("update")),
            at,
        )
        self.stories.append(story)
        del self.stories[:-KEPT]
        return story

    def publish(self, *, update: bool = False) -> Story:
        """The next sample story, an UPDATE if asked for. After the last sample they repeat, as numbered follow-ups."""
        story = self._add(next(self._updates if update else self._plain), datetime.now(UTC))
        for listener in self.on_publish:
            listener(story)
        return story

    async def run(self) -> None:
        """Publish until cancelled: a story every `every` seconds, an UPDATE every `update_every`."""
        loop = asyncio.get_running_loop()
        next_update = loop.time() + min(20.0, self.update_every)  # a newcomer should not wait a minute for the first
        while True:
            await asyncio.sleep(self.every)
            due = loop.time() >= next_update
            if due:
                next_update = loop.time() + self.update_every
            self.publish(update=due)

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/newsroom/{name}.xml", self._feed)
        app.router.add_get("/newsroom/pictures/{name}.png", self._picture)
        app.router.add_get("/newsroom/{section}/{number:\\d{1,12}}/{slug}", self._article)
        app.router.add_post("/sandbox/newsroom/publish", self._publish)

    async def _publish(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            return web.Response(status=400)
        story = self.publish(update=isinstance(body, dict) and bool(body.get("update")))
        return web.json_response({"number": story.number, "title": story.title})

    async def _feed(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "update":
            chosen = [story for story in self.stories if story.update]
        elif name in SECTIONS:
            chosen = [story for story in self.stories if story.section == name]
        else:
            return web.Response(status=404)
        base = self.base_url or f"http://{escape(request.host)}"
        items = "".join(_item(base, story) for story in reversed(chosen[-IN_A_FEED:]))
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
            f"<title>{NAME}</title><link>{base}</link><description>{NAME}</description><language>id</language>"
            f"{items}</channel></rss>"
        ).encode()
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        changed = chosen[-1].at.replace(microsecond=0) if chosen else self._opened
        headers = {"ETag": etag, "Last-Modified": format_datetime(changed, usegmt=True), "Cache-Control": "no-cache"}
        if _has_version(request, etag, changed):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/rss+xml", charset="utf-8", headers=headers)

    async def _picture(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        section, _, number = name.rpartition("-")
        if section not in SECTIONS or not number.isdecimal():
            return web.Response(status=404)
        if name not in self._pictures:
            svg = draw(section, int(number))
            self._pictures[name] = bytes(await asyncio.to_thread(resvg_py.svg_to_bytes, svg_string=svg))
            while len(self._pictures) > PICTURES_KEPT:
                self._pictures.popitem(last=False)
        return web.Response(body=self._pictures[name], content_type="image/png")

    async def _article(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        story = next((story for story in self.stories if story.number == number), None)
        if story is None:
            return web.Response(status=404)
        page = _ARTICLE.format(
            title=escape(story.title),
            section=escape(SECTIONS[story.section][0]),
            time=_local(story.at),
            author=escape(story.author),
            text=escape(story.text),
            picture=story.picture,
            name=NAME,
        )
        return web.Response(text=page, content_type="text/html")

    def toml(self, base_url: str) -> str:
        """The newsroom file for this newsroom."""
        sections = "".join(
            f'\n[[sections]]\nslug = "{slug}"\nnames = {{ id = "{indonesian}", en = "{english}" }}\n'
            for slug, (indonesian, english) in SECTIONS.items()
        )
        sources = "".join(
            f'\n[[sources]]\nid = "{slug}"\nkind = "feed"\nurl = "{base_url}/newsroom/{slug}.xml"\nsection = "{slug}"\n'
            'every = "2s"\nadaptive = false\n'
            for slug in SECTIONS
        )
        return (
            f'[newsroom]\nname = "{NAME}"\nurl = "{base_url}"\nlanguage = "id"\ntimezone = "Asia/Jakarta"\n'
            f"{sections}{sources}"
            f'\n[[sources]]\nid = "update"\nkind = "feed"\nurl = "{base_url}/newsroom/update.xml"\nevery = "1s"\n'
            "adaptive = false\nupdate = true\n"
        )


def _has_version(request: web.Request, etag: str, changed: datetime) -> bool:
    """Whether the client has this version. If-Modified-Since counts only without If-None-Match (RFC 9110, 13.1.3)."""
    if (tags := request.headers.get("If-None-Match")) is not None:
        return etag in tags
    try:
        return changed <= parsedate_to_datetime(request.headers.get("If-Modified-Since", ""))
    except (ValueError, TypeError):  # not a date, or a date without a time zone
        return False


def _local(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{DAYS[local.weekday()]}, {local:%d/%m/%Y} | {local:%H:%M} WIB"


def _item(base: str, story: Story) -> str:
    at = format_datetime(story.at.astimezone(ZONE)).replace("+0700", "WIB")
    return (
        f"<item><title>{escape(story.title)}</title><link>{base}{story.path}</link>"
        f'<guid isPermaLink="false">{story.number}</guid><category>{SECTIONS[story.section][0]}</category>'
        f"<pubDate>{at}</pubDate><dc:creator>{escape(story.author)}</dc:creator><description>{escape(story.text)}</description>"
        f'<enclosure url="{base}{story.picture}" type="image/png" length="0"/></item>'
    )


_ARTICLE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.6 Georgia, serif; margin: 0 auto; max-width: 42rem; padding: 1.5rem }}
header {{ font: 700 .85rem system-ui, sans-serif; letter-spacing: .08em; text-transform: uppercase; opacity: .7 }}
h1 {{ line-height: 1.2 }} img {{ border-radius: .75rem; height: auto; width: 100% }}
.meta {{ font: .9rem system-ui, sans-serif; opacity: .75 }}
</style></head><body><header>{name} · {section}</header><h1>{title}</h1>
<p class="meta">{time} · {author}</p><img src="{picture}" alt=""><p>{text}</p></body></html>
"""
