"""What is shown, by what was said: the table of docs/sources.md as cases."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.config import Newsroom
from bot.stories.telling.appearances import CMS, PAGE, Appearance, Fields, Kind, renewed
from bot.stories.telling.compose import compose

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)  # 10:00 WIB
URL = "https://news.example/7/banjir"
NEWSROOM = Newsroom.model_validate(
    {
        "newsroom": {"name": "Kabar", "url": "https://news.example"},
        "sections": [{"slug": slug, "names": {"id": slug.title()}} for slug in ("dunia", "politik", "olahraga")],
    }
)
SOURCES = {Kind.CMS: CMS, Kind.PAGE: PAGE}


def said(kind: Kind, source: str = "", minute: int = 0, **fields: Any) -> Appearance:
    fields = {"url": URL, "title": "Banjir surut", **fields}
    at = NOW + timedelta(minutes=minute)
    return Appearance(source or SOURCES.get(kind, kind.value), Fields(kind=kind, **fields), at, at, "x")


@pytest.mark.parametrize(
    ("field", "order"),
    [
        ("title", [Kind.CMS, Kind.FEED, Kind.LIST, Kind.POPULAR, Kind.PAGE]),
        ("summary", [Kind.CMS, Kind.FEED, Kind.LIST, Kind.POPULAR, Kind.PAGE]),
        ("author", [Kind.CMS, Kind.PAGE, Kind.FEED, Kind.LIST, Kind.POPULAR]),
        ("image_url", [Kind.CMS, Kind.PAGE, Kind.FEED, Kind.LIST, Kind.POPULAR]),
    ],
)
def test_each_field_is_the_best_that_anybody_said(field: str, order: list[Kind]) -> None:
    everything = [said(kind, **{field: f"https://{kind}.example/"}) for kind in order]
    for kinds in (everything[at:] for at in range(len(everything))):
        for some in itertools.permutations(kinds):
            assert getattr(compose(some, NEWSROOM), field) == f"https://{kinds[0].fields.kind}.example/"


def test_the_page_has_the_summary_where_sources_cut_it_off() -> None:
    cut, whole = said(Kind.FEED, summary="Warga membersihkan…"), said(Kind.PAGE, summary="Warga membersihkan rumah.")
    assert compose([cut, whole], NEWSROOM).summary == "Warga membersihkan rumah."
    assert compose([cut], NEWSROOM).summary == "Warga membersihkan…"
    own = said(Kind.LIST, summary="Kata daftar sendiri.")
    assert compose([cut, own, whole], NEWSROOM).summary == "Kata daftar sendiri."


def test_of_two_sources_of_one_kind_the_first_words_the_story() -> None:
    first = said(Kind.FEED, "b", title="Yang pertama")
    second = said(Kind.FEED, "a", minute=1, title="Yang kedua", summary="Lebih panjang.")
    shown = compose([second, first], NEWSROOM)
    assert (shown.title, shown.summary, shown.source_id) == ("Yang pertama", "Lebih panjang.", "b")


def test_what_the_cms_gives_as_nothing_is_taken_away_and_what_it_does_not_mention_stays() -> None:
    feed = said(Kind.FEED, summary="Ringkasan.", author="Rina", image_url="https://news.example/a.jpg")
    cms = said(Kind.CMS, minute=1, given=frozenset({"author", "image_url"}))
    shown = compose([feed, cms], NEWSROOM)
    assert (shown.summary, shown.author, shown.image_url, shown.source_id) == ("Ringkasan.", "", "", CMS)


def test_a_list_whose_photo_the_newsroom_file_names_goes_before_the_page() -> None:
    page = said(Kind.PAGE, image_url="https://news.example/besar.jpg", image_caption="Jembatan")
    thumbnail = said(Kind.LIST, image_url="https://news.example/kecil.jpg")
    assert compose([page, thumbnail], NEWSROOM).image_url.endswith("besar.jpg")
    named = replace(thumbnail, fields=replace(thumbnail.fields, named_photo=True))
    shown = compose([page, named], NEWSROOM)
    assert (shown.image_url.endswith("kecil.jpg"), shown.image_caption) == (True, "Jembatan")


@pytest.mark.parametrize(
    ("everything", "section"),
    [
        ([said(Kind.FEED, section="dunia"), said(Kind.PAGE, names=("Politik",))], "dunia"),
        ([said(Kind.FEED, section="dunia"), said(Kind.CMS, section="olahraga")], "olahraga"),
        ([said(Kind.FEED, names=("Dunia",)), said(Kind.PAGE, names=("Home", "Politik"))], "politik"),
        ([said(Kind.FEED, names=("Umum", "Dunia"))], "dunia"),
        ([said(Kind.LIST, url="https://news.example/politik/7")], "politik"),
        ([said(Kind.POPULAR, section="politik"), said(Kind.FEED, names=("Dunia",))], "dunia"),
        ([said(Kind.POPULAR, names=("Politik",))], "politik"),
        ([said(Kind.FEED)], ""),
    ],
)
def test_the_section_is_as_set_else_as_named_else_in_the_address(everything: list[Appearance], section: str) -> None:
    for some in itertools.permutations(everything):
        assert compose(some, NEWSROOM).section == section


@pytest.mark.parametrize(
    ("everything", "when"),
    [
        ([said(Kind.FEED)], NOW),
        ([said(Kind.FEED, minute=3), said(Kind.LIST, minute=1), said(Kind.POPULAR)], NOW + timedelta(minutes=1)),
        ([said(Kind.FEED, published_at=NOW - timedelta(hours=1))], NOW - timedelta(hours=1)),
        ([said(Kind.FEED, published_at=NOW + timedelta(hours=1))], NOW),
        ([said(Kind.FEED, published_at=datetime(2026, 11, 25, 17, tzinfo=UTC))], NOW),  # today, without an hour
        (
            [
                said(Kind.FEED, published_at=NOW - timedelta(hours=1)),
                said(Kind.PAGE, published_at=NOW - timedelta(hours=2)),
            ],
            NOW - timedelta(hours=2),
        ),
        (
            [
                said(Kind.FEED, published_at=NOW - timedelta(hours=30)),
                said(Kind.PAGE, published_at=datetime(2026, 11, 24, 17, tzinfo=UTC)),
            ],
            NOW - timedelta(hours=30),
        ),
    ],
)
def test_the_time_is_the_newsrooms_own(everything: list[Appearance], when: datetime) -> None:
    assert compose(everything, NEWSROOM).published_at == when


def test_anybody_makes_an_update_and_only_popular_lists_make_no_news() -> None:
    ranked = said(Kind.POPULAR)
    assert compose([ranked], NEWSROOM).only_ranked
    assert compose([ranked, said(Kind.PAGE)], NEWSROOM).only_ranked
    shown = compose([ranked, said(Kind.LIST, update=True)], NEWSROOM)
    assert (shown.only_ranked, shown.is_update) == (False, True)


WHOLE = {
    "title": "Banjir surut di tiga desa", "summary": "Warga pulang ke rumah.", "author": "Rina",
    "image_url": "https://news.example/a.jpg", "image_caption": "Jembatan", "names": ("Dunia",),
    "published_at": NOW, "update": True,
}  # fmt: skip


@pytest.mark.parametrize("lost", WHOLE)
def test_what_an_entry_leaves_out_its_source_still_stands_by(lost: str) -> None:
    before = said(Kind.FEED, **WHOLE)
    bare = {name: value for name, value in WHOLE.items() if name not in (lost, "title")}
    after = renewed(before, said(Kind.FEED, title=WHOLE["title"], **bare).fields)
    assert after == before.fields


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"summary": "Warga pulang…"}, True),
        ({"summary": "Warga kembali…"}, False),
        ({"title": "Banjir surut di…"}, True),
        ({"title": "Banjir surut di empat desa"}, False),
        ({"url": "http://situs.example/7/banjir?PHPSESSID=abc"}, True),
        ({"url": "https://news.example/7/banjir-surut"}, False),
        ({"image_url": "https://cdn.example/a.jpg?w=300"}, True),
        ({"image_url": "https://news.example/b.jpg"}, False),
        ({"published_at": NOW + timedelta(hours=2)}, True),
    ],
)
def test_what_only_says_less_or_is_the_same_place_is_no_change(change: dict[str, Any], kept: bool) -> None:
    before = said(Kind.FEED, **WHOLE)
    after = renewed(before, said(Kind.FEED, **WHOLE | change).fields)
    name = next(iter(change))
    assert (getattr(after, name) == getattr(before.fields, name)) is kept


def test_a_captions_photo_takes_it_along() -> None:
    before = said(Kind.FEED, image_url="https://news.example/a.jpg", image_caption="Jembatan")
    after = renewed(before, said(Kind.FEED, image_url="https://news.example/b.jpg").fields)
    assert after.image_caption == ""


def test_fields_survive_their_row() -> None:
    fields = said(Kind.CMS, **WHOLE, given=frozenset({"summary"})).fields
    assert Fields.from_json(fields.as_json()) == fields
    old = {"kind": "list", "url": URL, "title": "T", "summary": "", "published_at": "2026-11-26 03:00:00.000000"}
    assert Fields.from_json(old).published_at == NOW
