"""`kabar check`: what passes, what fails and what is a warning, for each kind of source."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check import Finding, check_everything
from bot.config import Newsroom, Settings, SettingsError
from tests.stories.hostile import Server, item, response, rss

LIST = (
    "<article><h2>Banjir surut di {n} desa</h2><a href='{base}/dunia/{n}/a'>a</a>"
    "<time>26 November 2026</time></article>"
)
SELECT = {"item": "article", "title": "h2", "link": "a", "time": "time"}


@pytest.fixture
async def site() -> AsyncIterator[Server]:
    async with Server().running() as server:
        yield server


def serve(site: Server, answers: dict[str, str | bytes]) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        body = answers[site.requests[-1]]
        kind = "text/html" if isinstance(body, str) else "application/xml"
        writer.write(response(body.encode() if isinstance(body, str) else body, kind=kind))

    site.answer = answer


async def check(site: Server, tmp_path: Path, *sources: dict[str, Any]) -> dict[str, Finding]:
    """The findings of sources on this site, by source id."""
    tables = [{"id": f"s{number}", "url": f"http://{site.place}/", **table} for number, table in enumerate(sources)]
    newsroom = Newsroom.model_validate(
        {"newsroom": {"name": "Kabar", "url": "https://news.example"}, "sources": tables}
    )
    given = {"database_url": f"sqlite+aiosqlite:///{tmp_path / 'kabar.db'}", "allow_private_sources": site.place}
    settings = Settings.load(None, **given)
    findings = [finding async for finding in check_everything(settings, newsroom)]
    return {finding.subject.removeprefix("source "): finding for finding in findings}


def entries(count: int, base: str = "") -> str:
    return "".join(LIST.format(n=number, base=base) for number in range(count))


async def test_a_page_as_it_should_be_is_in_order_without_a_warning(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": entries(3)})
    finding = (await check(site, tmp_path, {"kind": "page", "select": SELECT}))["s0"]
    assert finding.passed
    assert "!" not in finding.detail


async def test_a_list_of_updates_that_is_nowhere_on_its_page_is_a_failure(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": entries(3)})
    select = SELECT | {"item": ".update li"}
    finding = (await check(site, tmp_path, {"kind": "page", "select": select, "update": True}))["s0"]
    assert not finding.passed
    assert "UPDATE can never come from here" in finding.detail


async def test_a_list_of_updates_that_is_there_and_empty_is_in_order(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": f"<ul class='update'></ul>{entries(3)}"})
    select = SELECT | {"item": ".update > li"}
    finding = (await check(site, tmp_path, {"kind": "page", "select": select, "update": True}))["s0"]
    assert finding.passed


async def test_a_title_that_no_entry_has_is_a_failure(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": entries(3)})
    finding = (await check(site, tmp_path, {"kind": "page", "select": SELECT | {"title": ".judul"}}))["s0"]
    assert not finding.passed
    assert "title = '.judul' finds nothing in any entry" in finding.detail


@pytest.mark.parametrize("name", ["time", "summary", "image"])
async def test_what_no_entry_has_is_a_warning(site: Server, tmp_path: Path, name: str) -> None:
    serve(site, {"/": entries(3)})
    finding = (await check(site, tmp_path, {"kind": "page", "select": SELECT | {name: ".tidak-ada"}}))["s0"]
    assert finding.passed
    assert f"! {name} 0 ×" in finding.detail


async def test_two_lists_that_are_the_same_are_a_warning(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": entries(3), "/other": entries(3), "/more": entries(4)})
    page = {"kind": "page", "select": SELECT}
    other, more = ({**page, "url": f"http://{site.place}/{name}"} for name in ("other", "more"))
    findings = await check(site, tmp_path, page, other, more)
    assert ["the same list as source s0" in findings[name].detail for name in ("s0", "s1", "s2")] == [
        False,
        True,
        False,
    ]
    assert findings["s1"].passed


async def test_entries_of_a_page_that_lead_to_another_site_are_left_out_and_named(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": entries(2) + entries(3, "https://iklan.example") + entries(1, "https://foto.news.example")})
    page = {"kind": "page", "select": SELECT}
    findings = await check(site, tmp_path, page, page | {"sites": ["iklan.example"]})
    assert "3 stories" in findings["s0"].detail
    assert "! 3 of 6 entries lead to another site and are left out: iklan.example" in findings["s0"].detail
    assert findings["s1"].detail.startswith("6 stories") and "!" not in findings["s1"].detail


async def test_a_page_that_lists_only_other_sites_stories_is_a_failure_unless_it_has_updates(
    site: Server, tmp_path: Path
) -> None:
    serve(site, {"/": entries(3, "https://iklan.example")})
    page = {"kind": "page", "select": SELECT}
    findings = await check(site, tmp_path, page, page | {"update": True})
    assert (findings["s0"].passed, findings["s1"].passed) == (False, True)
    wanted = "all entries lead to other sites: iklan.example; if they are yours, name them in sites"
    assert findings["s0"].detail.splitlines()[0] == wanted
    assert "! 3 of 3 entries lead to another site" in findings["s1"].detail


async def test_entries_of_a_feed_that_lead_to_another_host_are_named_and_kept(site: Server, tmp_path: Path) -> None:
    serve(
        site, {"/": rss(item(1), item(2, link="https://jateng.news.example/2"), item(3, link="https://lain.example/3"))}
    )
    finding = (await check(site, tmp_path, {}))["s0"]
    assert finding.detail == "3 stories\n    ! 1 of 3 entries lead to another host: lain.example"


async def test_a_private_address_is_refused_by_name(site: Server, tmp_path: Path) -> None:
    findings = await check(site, tmp_path, {"url": "http://127.0.0.1:1/"})
    assert "ALLOW_PRIVATE_SOURCES" in findings["s0"].detail


async def test_an_index_inside_an_index_is_a_failure_as_it_is_for_a_run(site: Server, tmp_path: Path) -> None:
    index = "<sitemapindex>{}</sitemapindex>"
    place = "<sitemap><loc>http://{}/{}</loc></sitemap>"
    whole = index.format(place.format(site.place, "inner") + place.format(site.place, "map")).encode()
    urls = b"<urlset><url><loc>https://news.example/dunia/1/a</loc></url></urlset>"
    serve(site, {"/": whole, "/inner": index.format(place.format(site.place, "map")).encode(), "/map": urls})
    finding = (await check(site, tmp_path, {"kind": "sitemap"}))["s0"]
    assert not finding.passed
    assert "an index inside an index" in finding.detail


async def test_a_sitemap_that_is_empty_at_night_is_in_order(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": b"<urlset></urlset>"})
    finding = (await check(site, tmp_path, {"kind": "sitemap"}))["s0"]
    assert (finding.passed, "0 stories" in finding.detail) == (True, True)


async def test_a_feed_has_no_warnings(site: Server, tmp_path: Path) -> None:
    serve(site, {"/": rss(item(1), item(2))})
    finding = (await check(site, tmp_path, {}))["s0"]
    assert (finding.passed, finding.detail) == (True, "2 stories")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"id"', '"bahasa"', "newsroom.language: was 'bahasa'; accepted: the code of a language, such as id or en"),
        ('"Asia/Jakarta"', '"WIB"', "newsroom.timezone: was 'WIB'; accepted: a time zone such as Asia/Jakarta"),
        ("en =", "xx =", "accepted: the code of a language"),
    ],
)
def test_a_language_or_zone_that_is_none_is_an_error(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (
        '[newsroom]\nname = "Kabar"\nurl = "https://news.example"\nlanguage = "id"\ntimezone = "Asia/Jakarta"\n'
        '[[sections]]\nslug = "dunia"\nnames = { en = "World" }\n'
    )
    path = tmp_path / "newsroom.toml"
    path.write_text(text)
    assert Newsroom.load(path).language == "id"
    path.write_text(text.replace(old, new))
    with pytest.raises(SettingsError) as refused:
        Newsroom.load(path)
    assert words in str(refused.value)


async def test_entries_without_a_usable_link_are_told_and_a_feed_of_nothing_else_is_a_failure(
    site: Server, tmp_path: Path
) -> None:
    useless = "<item><title>Versi satu terbit</title><link>N/A</link><guid isPermaLink='false'>N/A</guid></item>"
    long = item(7, link=f"https://news.example/{'x' * 2_500}")
    serve(site, {"/": rss(useless, useless), "/some": rss(useless, item(1), long)})
    found = await check(site, tmp_path, {}, {"url": f"http://{site.place}/some"})
    assert not found["s0"].passed
    assert "! 2 of 2 entries have no usable link" in found["s0"].detail
    assert found["s1"].passed
    assert "! 1 of 3 entries has no usable link" in found["s1"].detail
    assert "! Links too long for a button, which go without: 1" in found["s1"].detail
