"""The sample newsroom: its stories, its feeds over HTTP, its pages and its pictures."""

import asyncio
import tomllib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import feedparser
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from bot.config import Newsroom as NewsroomFile
from bot.sandbox.newsroom import AT_START, IN_A_FEED, KEPT, PICTURES_KEPT, SECTIONS, Newsroom
from bot.sandbox.pictures import MOTIFS, PALETTES, draw
from tests.wire import PATIENCE

Web = TestClient[web.Request, web.Application]
SAMPLES, PLAIN, UPDATES = 52, 41, 11


@pytest.fixture
def newsroom() -> Newsroom:
    return Newsroom()


@pytest.fixture
async def reader(newsroom: Newsroom) -> AsyncIterator[Web]:
    app = web.Application()
    newsroom.routes(app)
    async with TestClient(TestServer(app)) as client:
        yield client


def publish_all(newsroom: Newsroom, times: int) -> None:
    for _ in range(times):
        newsroom.publish()


def test_twenty_four_stories_of_the_last_hours_are_there_at_the_start(newsroom: Newsroom) -> None:
    now = datetime.now(UTC)
    assert len(newsroom.stories) == AT_START == 24
    assert all(timedelta() < now - story.at < timedelta(hours=6) for story in newsroom.stories)
    assert not any(story.update for story in newsroom.stories)


def test_every_section_has_plain_stories_and_an_update(newsroom: Newsroom) -> None:
    publish_all(newsroom, SAMPLES)
    for _ in range(UPDATES):
        newsroom.publish(update=True)
    assert {story.section for story in newsroom.stories if not story.update} == set(SECTIONS)
    assert {story.section for story in newsroom.stories if story.update} == set(SECTIONS)


def test_a_story_told_again_is_a_new_story(newsroom: Newsroom) -> None:
    publish_all(newsroom, 3 * SAMPLES)
    for field in ("number", "path", "title", "picture"):
        assert max(Counter(getattr(story, field) for story in newsroom.stories).values()) == 1
    again = [story for story in newsroom.stories if "(perkembangan ke-2)" in story.title]
    first = {story.title: story.text for story in newsroom.stories}
    assert len(again) == PLAIN
    for story in again:
        earlier = first[story.title.removesuffix(" (perkembangan ke-2)")]
        assert story.text.startswith(earlier) and story.text != earlier


def test_a_long_day_keeps_the_newest_stories_only(newsroom: Newsroom) -> None:
    publish_all(newsroom, KEPT)
    assert len(newsroom.stories) == KEPT
    assert newsroom.stories[-1].number - newsroom.stories[0].number == KEPT - 1


def test_the_same_seed_tells_the_same_stories_in_the_same_order() -> None:
    titles = [[story.title for story in Newsroom(seed=seed).stories] for seed in (7, 7, 8)]
    assert titles[0] == titles[1]
    assert titles[0] != titles[2]


async def test_who_listens_hears_of_each_story_and_updates_come_between() -> None:
    newsroom = Newsroom(every=0.001, update_every=0.01)
    heard = asyncio.Event()
    told = []

    def listen(story: object) -> None:
        told.append(story)
        if newsroom.stories[-1].update and len(told) > 5:
            heard.set()

    newsroom.on_publish.append(listen)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        running = group.create_task(newsroom.run())
        await heard.wait()
        running.cancel()
    assert told == newsroom.stories[AT_START:]


async def test_a_feed_holds_its_section_newest_first_with_times_in_wib(newsroom: Newsroom, reader: Web) -> None:
    answer = await reader.get("/newsroom/dunia.xml")
    text = await answer.text()
    feed = feedparser.parse(text)
    mine = [story for story in newsroom.stories if story.section == "dunia"]
    assert answer.content_type == "application/rss+xml"
    assert [entry.title for entry in feed.entries] == [story.title for story in reversed(mine)]
    assert [entry.id for entry in feed.entries] == [str(story.number) for story in reversed(mine)]
    assert text.count(" WIB</pubDate>") == len(mine)
    assert feed.entries[0].author == mine[-1].author
    assert feed.entries[0].enclosures[0].href == str(reader.make_url(mine[-1].picture))


async def test_a_feed_holds_at_most_thirty_stories(newsroom: Newsroom, reader: Web) -> None:
    publish_all(newsroom, 8 * SAMPLES)
    feed = feedparser.parse(await (await reader.get("/newsroom/sains.xml")).text())
    assert len(feed.entries) == IN_A_FEED == 30


async def test_the_update_feed_begins_empty_and_holds_only_updates(newsroom: Newsroom, reader: Web) -> None:
    assert feedparser.parse(await (await reader.get("/newsroom/update.xml")).text()).entries == []
    story = newsroom.publish(update=True)
    newsroom.publish()
    feed = feedparser.parse(await (await reader.get("/newsroom/update.xml")).text())
    assert [entry.title for entry in feed.entries] == [story.title]


@pytest.mark.parametrize("name", ["tidak-ada", "popular", "DUNIA"])
async def test_a_feed_that_is_not_there_is_a_404(reader: Web, name: str) -> None:
    assert (await reader.get(f"/newsroom/{name}.xml")).status == 404


@pytest.mark.parametrize(("asked", "given"), [("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")])
async def test_an_unchanged_feed_is_a_304_until_a_story_appears(
    newsroom: Newsroom, reader: Web, asked: str, given: str
) -> None:
    first = await reader.get("/newsroom/update.xml")
    again = await reader.get("/newsroom/update.xml", headers={asked: first.headers[given]})
    assert (again.status, await again.read()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    newsroom.publish(update=True)
    newsroom.stories[-1] = newsroom.stories[-1].__class__(
        **{name: getattr(newsroom.stories[-1], name) for name in ("number", "section", "title", "text", "author")},
        update=True,
        at=datetime.now(UTC) + timedelta(seconds=2),  # a date knows whole seconds only
    )
    assert (await reader.get("/newsroom/update.xml", headers={asked: first.headers[given]})).status == 200


async def test_another_etag_outweighs_a_date_that_would_do(reader: Web) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    answer = await reader.get("/newsroom/dunia.xml", headers={"If-None-Match": '"old"', "If-Modified-Since": later})
    assert answer.status == 200


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 23 Nov 2026 10:00:00 -0000"])
async def test_a_date_that_is_none_is_overlooked(reader: Web, date: str) -> None:
    assert (await reader.get("/newsroom/dunia.xml", headers={"If-Modified-Since": date})).status == 200


async def test_an_articles_page_shows_title_time_author_text_and_picture(newsroom: Newsroom, reader: Web) -> None:
    story = newsroom.stories[-1]
    answer = await reader.get(story.path)
    page = await answer.text()
    assert answer.content_type == "text/html"
    for part in (story.title, story.author, story.text, story.picture, "WIB"):
        assert part in page


async def test_a_page_that_is_gone_is_a_404(reader: Web) -> None:
    assert (await reader.get("/newsroom/dunia/1/lama")).status == 404
    assert (await reader.get("/newsroom/dunia/satu/lama")).status == 404


async def test_a_picture_is_a_png_of_1280_by_720_and_the_same_each_time(newsroom: Newsroom, reader: Web) -> None:
    one, two = [await (await reader.get(newsroom.stories[0].picture)).read() for _ in range(2)]
    assert one[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(one[16:20]), int.from_bytes(one[20:24])) == (1280, 720)
    assert one == two


@pytest.mark.parametrize("name", ["dunia-x", "tidak-1", "dunia", "-1"])
async def test_a_picture_of_nothing_is_a_404(reader: Web, name: str) -> None:
    assert (await reader.get(f"/newsroom/pictures/{name}.png")).status == 404


async def test_only_the_newest_rendered_pictures_are_kept(newsroom: Newsroom, reader: Web) -> None:
    for number in range(PICTURES_KEPT + 3):
        newsroom._pictures[f"dunia-{number}"] = b""
    await reader.get("/newsroom/pictures/sains-5.png")
    assert len(newsroom._pictures) == PICTURES_KEPT
    assert list(newsroom._pictures)[-1] == "sains-5"


@pytest.mark.parametrize("section", SECTIONS)
def test_two_stories_of_a_section_have_different_pictures(section: str) -> None:
    assert len({draw(section, seed) for seed in range(40)}) == 40
    used = {
        palette.bright for palette in PALETTES[section] for seed in range(40) if palette.bright in draw(section, seed)
    }
    assert len(used) == 2 == len(MOTIFS[section])


async def test_a_press_of_the_page_publishes_an_update(newsroom: Newsroom, reader: Web) -> None:
    answer = await reader.post("/sandbox/newsroom/publish", json={"update": True})
    assert (await answer.json())["title"] == newsroom.stories[-1].title
    assert newsroom.stories[-1].update


async def test_what_is_no_json_is_refused(newsroom: Newsroom, reader: Web) -> None:
    assert (await reader.post("/sandbox/newsroom/publish", data=b"{")).status == 400
    assert len(newsroom.stories) == AT_START


def test_the_newsroom_file_names_a_source_for_each_section_and_one_for_updates(newsroom: Newsroom) -> None:
    file = tomllib.loads(newsroom.toml("http://127.0.0.1:8787"))
    assert NewsroomFile.model_validate(file)
    assert [section["slug"] for section in file["sections"]] == list(SECTIONS)
    assert {
        section["slug"]: (section["names"]["id"], section["names"]["en"]) for section in file["sections"]
    } == SECTIONS
    *plain, update = file["sources"]
    assert [source["section"] for source in plain] == list(SECTIONS)
    assert {(source["every"], source["adaptive"]) for source in plain} == {("2s", False)}
    assert (update["every"], update["adaptive"], update["update"]) == ("1s", False, True)


async def test_every_address_of_the_newsroom_file_answers(newsroom: Newsroom, reader: Web) -> None:
    file = tomllib.loads(newsroom.toml(str(reader.make_url("/")).rstrip("/")))
    async with ClientSession() as session:
        answers = [(await session.get(source["url"])).status for source in file["sources"]]
    assert answers == [200] * 9
