import pytest

from bot.stories.items import Item
from bot.stories.telling.keys import canonical, keyed, keys_of, number_in


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


def test_tracking_is_no_part_of_an_address() -> None:
    assert canonical("https://www.news.example/a/?utm_source=x&id=7#top") == canonical("http://news.example/a?id=7")


def test_a_guid_of_one_source_is_nobody_elses() -> None:
    item = Item("https://news.example/a", "Judul", guid="7")
    assert set(keys_of(item, "satu")) & set(keys_of(item, "dua")) == {"u://news.example/a"}


def test_items_that_share_one_address_are_not_one_story() -> None:
    items = [Item("https://news.example/langsung", f"Kabar {n}", guid=str(n)) for n in range(3)]
    pairs = keyed(items, "satu")
    assert len({key for _, keys in pairs for key in keys}) == 3


def test_a_rubrics_number_is_no_storys() -> None:
    items = [Item(f"https://news.example/rubrik/1001/{slug}", slug) for slug in ("banjir", "panen")]
    (_, one), (_, other) = keyed(items, "satu")
    assert not set(one) & set(other)


def test_a_story_listed_twice_in_a_document_is_one() -> None:
    items = [Item(f"https://news.example/{rubric}/12345/banjir", "Banjir surut") for rubric in ("dunia", "nasional")]
    (_, one), (_, other) = keyed(items, "satu")
    assert set(one) & set(other) == {"n:news.example:12345"}
