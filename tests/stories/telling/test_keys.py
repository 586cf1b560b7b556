"""Which items are the same story: over time, in one document, and between sources."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stories.items import Item
from bot.stories.telling.keys import KEY_LIMIT, keyed, keys_of, number_in, page_of, without_tracking
from tests.growth import QUADRATIC, growth

MORNING = datetime(2026, 11, 26, 2, 40, tzinfo=UTC)
NOON = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


def same(one: Item, other: Item, source: str = "satu", other_source: str = "satu") -> bool:
    """Whether an item of one poll is the story of an item of an earlier one."""
    return bool(set(keys_of(one, source)) & set(keys_of(other, other_source)))


def same_in_document(*items: Item) -> bool:
    (_, one), *others = keyed(items, "satu")
    return any(set(one) & set(keys) for _, keys in others)


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://news.example/dunia/12345/slug-lama", "12345"),
        ("https://news.example/dunia/slug/12345", "12345"),
        ("https://news.example/read/1234567-judul-berita", "1234567"),
        ("https://news.example/judul-berita-1234567.html", "1234567"),
        ("https://news.example/2026/02/22/judul", ""),
        ("https://news.example/dunia/20260222/judul", ""),
        ("https://news.example/arsip/2026", ""),
        ("https://news.example/berita/202611/judul", ""),
        ("https://news.example/berita/24112026/judul", ""),
        ("https://news.example/2026/11/24/0930/judul", ""),
        ("https://news.example/harga-cabai-jadi-rp-600000", ""),
        ("https://news.example/100000-warga-pindah", ""),
        ("https://news.example/judul-pemilu-2029", ""),
        ("https://news.example/", ""),
    ],
)
def test_the_newsrooms_own_number_is_found_and_a_date_is_not_one(url: str, number: str) -> None:
    assert number_in(url) == number


def test_the_newsrooms_number_survives_a_changed_slug_and_title() -> None:
    before = Item("https://news.example/dunia/12345/banjir-di-solo", "Banjir di Solo")
    after = Item("https://www.news.example/nasional/12345/banjir-di-kudus", "Banjir di Kudus")
    assert same(before, after, "satu", "dua")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Item("https://news.example/a", "Lama", guid="x"), Item("https://news.example/a", "Baru", guid="x")),
        (Item("https://news.example/a", "Lama", guid="x"), Item("https://news.example/b", "Lama", guid="x")),
        (
            Item("https://news.example/a", "Lama", guid="x", published_at=MORNING),
            Item("https://news.example/b", "Baru", guid="x", published_at=MORNING),
        ),
        (Item("https://news.example/a", "Lama", guid="x"), Item("https://news.example/a", "Lama")),
        (Item("https://news.example/a", "Lama", guid="x"), Item("https://news.example/a", "Baru", guid="y")),
    ],
    ids=["title", "address", "title and address", "guid lost", "title and guid"],
)
def test_a_story_survives_changes_of_its_fields(before: Item, after: Item) -> None:
    assert same(before, after)


@pytest.mark.parametrize(
    "guid",
    [
        "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        "1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        "tag:blogger.example,1999:blog-1.post-77",
        "https://news.example/?p=77",
        "https://news.example/blog/?post_type=berita&#038;p=77",
    ],
)
def test_a_guid_that_is_unique_by_its_form_survives_every_other_change(guid: str) -> None:
    before = Item("https://news.example/a", "Lama", guid=guid, published_at=MORNING)
    assert same(before, Item("https://news.example/b", "Baru", guid=guid, published_at=NOON))


@pytest.mark.parametrize(
    "guid",
    ["https://news.example/", "https://news.example", "N/A", "7", "https://news.example/rss.xml", "news.example"],
)
def test_a_guid_that_items_with_different_links_share_names_nobody(guid: str) -> None:
    one = Item("https://news.example/a", "Banjir surut", guid=guid, published_at=MORNING)
    other = Item("https://news.example/b", "Panen tiba", guid=guid, published_at=NOON)
    assert not same(one, other)
    assert not same_in_document(one, other)
    assert not same_in_document(one, Item("https://news.example/b", "Panen tiba", guid=guid, published_at=MORNING))


def test_stories_whose_shared_guid_is_nobodys_are_known_again_by_their_addresses() -> None:
    items = [Item(f"https://news.example/{slug}", slug, guid="https://news.example/") for slug in ("banjir", "panen")]
    pairs = keyed(items, "satu")
    assert set(pairs[0][1]) & set(keys_of(items[0], "satu"))
    assert pairs[0][0] is items[0]


def test_guids_are_compared_as_they_are_written() -> None:
    for one, other in [
        ("https://news.example/p#1", "https://news.example/p#2"),
        ("https://news.example/p?ref=1", "https://news.example/p?ref=2"),
        ("https://news.example/p/", "https://news.example/p"),
        ("Aa", "aA"),
        (" " * 2 + "x" * 400 + "1", " " * 2 + "x" * 400 + "2"),
    ]:
        items = [Item("https://news.example/langsung", f"Kabar {guid[-1]}", guid=guid) for guid in (one, other)]
        assert not same_in_document(*items)


def test_two_entries_of_one_document_with_different_guids_are_two_stories() -> None:
    live = [Item("https://news.example/langsung", f"Kabar {n}", guid=f"p-{n}") for n in range(3)]
    assert not same_in_document(*live)
    numbered = [Item("https://news.example/langsung/12345/gempa", "Perkembangan", guid=f"p-{n}") for n in range(3)]
    assert not same_in_document(*numbered)
    variants = [Item(f"https://news.example/cuaca?utm_term={n}", "Cuaca hari ini", guid=f"p-{n}") for n in range(3)]
    assert not same_in_document(*variants)
    assert all(keys for _, keys in keyed(numbered, "satu"))


def test_a_guid_of_one_source_is_nobody_elses() -> None:
    item = Item("https://news.example/a", "Judul", guid="7")
    assert not any(key.startswith("g") for key in set(keys_of(item, "satu")) & set(keys_of(item, "dua")))
    assert same(item, item, "satu", "dua")  # by the address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/langsung/gempa#p-101", "https://news.example/langsung/gempa#p-102"),
        ("https://news.example/langsung/12345/gempa#p-101", "https://news.example/langsung/12345/gempa#p-102"),
        ("https://news.example/baca?ref=4411", "https://news.example/baca?ref=4412"),
        ("https://news.example/baca?4411", "https://news.example/baca?4412"),
        ("https://news.example/index.php?s=/berita/81", "https://news.example/index.php?s=/berita/82"),
        ("https://news.example/baca?from=1", "https://news.example/baca?from=2"),
        ("https://news.example/baca?source=1", "https://news.example/baca?source=2"),
        ("https://news.example/#!/berita/1", "https://news.example/#!/berita/2"),
        ("https://news.example/modules.php?sid=81", "https://news.example/modules.php?sid=82"),
    ],
)
@pytest.mark.parametrize("with_guid", [False, True])
def test_addresses_that_differ_as_written_are_different_stories(one: str, other: str, with_guid: bool) -> None:
    first = Item(one, "Gempa: petugas tiba", guid=one if with_guid else "", published_at=MORNING)
    second = Item(other, "Gempa: jalur ditutup", guid=other if with_guid else "", published_at=MORNING)
    assert not same(first, second)
    assert not same_in_document(first, second)
    assert same(first, first)


PAGE = "https://news.example/dunia/banjir-surut"


@pytest.mark.parametrize(
    "variant",
    [
        f"{PAGE}/amp",
        f"{PAGE}/amp/",
        f"{PAGE}?amp=1",
        f"{PAGE}?amp",
        f"{PAGE}?outputType=amp",
        "https://news.example/amp/dunia/banjir-surut",
        "https://amp.news.example/dunia/banjir-surut",
        f"{PAGE}/",
        f"{PAGE}#comments",
        f"{PAGE}#p-7",
        f"{PAGE}?utm_source=rss&utm_medium=feed&fbclid=Iw1",
        f"{PAGE};jsessionid=8A1F",
        f"{PAGE}?PHPSESSID=8f14e45f",
        f"{PAGE}?PHPSESSID=8f14e45f&utm_source=rss&amp=1#comments",
        PAGE.replace("https", "http"),
        PAGE.replace("news.", "www.news."),
        PAGE.replace("news.", "m.news."),
    ],
)
def test_variants_of_an_address_are_one_story_only_where_the_titles_are_equal(variant: str) -> None:
    given_there = Item(PAGE, "Banjir Surut")
    assert same(given_there, Item(variant, "Banjir surut"), "satu", "dua")
    assert same_in_document(given_there, Item(variant, "Banjir surut"))
    if without_tracking(variant) != PAGE:
        assert not same(given_there, Item(variant, "Banjir naik"))


def test_one_site_under_two_hosts_is_one_story_in_one_source() -> None:
    one = Item("https://site.example/dunia/banjir", "Banjir surut")
    other = Item("http://www.situs.example/dunia/banjir", "Banjir surut")
    assert same(one, other)
    assert not same(one, other, "satu", "dua")
    assert not same(one, Item("http://situs.example/dunia/banjir", "Banjir naik"))


@pytest.mark.parametrize("when", [MORNING, None])
@pytest.mark.parametrize("name", ["PHPSESSID", "sid", "sesi", "x"])
def test_links_with_a_session_number_are_the_same_story_at_every_poll(name: str, when: datetime | None) -> None:
    polls = [
        [
            Item(f"https://news.example/baca/{slug}?{name}={session}", slug, published_at=when)
            for slug in ("banjir", "panen")
        ]
        for session in ("8f14e45fceea167a5a36dedd4bea2543", "c9f0f895fb98ab9159f51fd0297e236d")
    ]
    first, second = ([set(keys) for _, keys in keyed(items, "satu")] for items in polls)
    assert first[0] & second[0]
    assert first[1] & second[1]
    assert not first[0] & second[1]
    assert not first[0] & first[1]


def test_a_column_under_one_title_is_another_story_at_another_time_or_under_another_query() -> None:
    monday = Item("https://news.example/baca?id=81", "Cuaca hari ini", published_at=MORNING)
    assert not same(monday, Item("https://news.example/baca?id=95", "Cuaca hari ini", published_at=NOON))
    undated = Item("https://news.example/baca?id=81", "Cuaca hari ini")
    assert not same(undated, Item("https://news.example/baca?id=95", "Cuaca hari ini"))
    assert not same_in_document(monday, Item("https://news.example/baca?id=95", "Cuaca hari ini", published_at=MORNING))


def test_a_sections_number_is_no_storys() -> None:
    items = [Item(f"https://news.example/rubrik/1001/{slug}", slug) for slug in ("banjir", "panen")]
    assert not same_in_document(*items)


def test_a_story_listed_twice_in_a_document_is_one() -> None:
    items = [Item(f"https://news.example/{section}/12345/banjir", "Banjir surut") for section in ("dunia", "nasional")]
    assert same_in_document(*items)


def test_items_whose_address_is_the_front_page_are_told_apart_by_their_titles() -> None:
    one, other = (Item("https://news.example/?utm_source=rss", title) for title in ("Banjir", "Panen"))
    assert not same(one, other)
    assert same(one, one)


def test_an_item_without_a_title_is_known_by_its_address() -> None:
    assert same(Item(PAGE, ""), Item(PAGE, "Banjir surut"))
    assert not same(Item(PAGE, ""), Item(f"{PAGE}-lagi", ""))
    assert not same(Item("https://satu.example/", ""), Item("https://dua.example/", ""))


def test_long_addresses_that_differ_at_their_end_are_different_stories() -> None:
    assert not same(Item(f"{PAGE}/{'x' * 3000}1", "Satu"), Item(f"{PAGE}/{'x' * 3000}2", "Dua"))


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://www.news.example:8080/a/?b=1&utm_source=x#top", "//news.example:8080/a?b=1"),
        ("https://news.example/#!/berita/1", "//news.example#!/berita/1"),
        ("https://m.example/a", "//m.example/a"),
        ("https://news.example/kamp", "//news.example/kamp"),
        ("https://news.example/amplop/a", "//news.example/amplop/a"),
        ("https://news.example/a?amplitude=1", "//news.example/a?amplitude=1"),
    ],
)
def test_a_page_is_an_address_without_what_varies(url: str, page: str) -> None:
    assert page_of(url) == page


@given(st.lists(st.builds(Item, st.just(PAGE) | st.text().map("https://a.example/".__add__), st.text(), st.text())))
def test_every_item_has_keys_that_can_be_stored(items: list[Item]) -> None:
    for item, keys in keyed([item for item in items if item.url.isprintable()], "satu"):
        assert keys, item
        assert all(0 < len(key) <= KEY_LIMIT for key in keys)


def test_a_large_document_takes_no_longer_for_each_item_than_a_small_one() -> None:
    def key(count: int) -> None:
        items = [Item(f"{PAGE}/{n}?ref={n}", f"Judul {n}", guid="sama", published_at=MORNING) for n in range(count)]
        keyed(items, "satu")

    assert growth(key, 1_000) < QUADRATIC
