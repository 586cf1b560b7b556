"""HTML lists by selectors, and article pages."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.config import SelectTable
from bot.stories.articles import Article, completed, parse_article
from bot.stories.feed_items import NotAFeed
from bot.stories.items import Item
from bot.stories.pages import found_by, parse_page

NOW = datetime(2026, 2, 22, 5, 0, tzinfo=UTC)
JAKARTA = ZoneInfo("Asia/Jakarta")
FRONT = b"""<html><head><base href="https://news.example/depan/"></head><body>
<ol class="populer">
 <li><h4><a href="../dunia/1/satu">Kabar <b>satu</b></a></h4><time>Minggu, 22 Februari 2026 | 09:40 WIB</time>
   <img data-src="/foto/1.jpg" src="data:image/gif;base64,xx"></li>
 <li><h4><a href="https://news.example/politik/2/dua">Kabar dua</a></h4><time>2 jam lalu</time></li>
 <li><h4><a href="javascript:alert(1)">Kabar jahat</a></h4></li>
 <li><h4>Tanpa tautan</h4></li>
</ol></body></html>"""
SELECT = SelectTable(item=".populer li", title="h4 a", link="h4 a", time="time")


def parse(body: bytes, select: SelectTable = SELECT) -> tuple[Item, ...]:
    return parse_page(body, select, url="https://news.example/", default_zone=JAKARTA, now=NOW)


def article(body: str) -> Article:
    return parse_article(body.encode(), url="https://news.example/dunia/1/satu", default_zone=JAKARTA, now=NOW)


def test_a_list_is_read_in_its_order_with_links_times_and_pictures() -> None:
    one, two = parse(FRONT)
    assert (one.title, one.url) == ("Kabar satu", "https://news.example/dunia/1/satu")
    assert one.image_url == "https://news.example/foto/1.jpg"
    assert one.published_at == datetime(2026, 2, 22, 2, 40, tzinfo=UTC)
    assert (two.title, two.published_at) == ("Kabar dua", datetime(2026, 2, 22, 3, 0, tzinfo=UTC))


def test_an_entry_that_is_itself_the_link() -> None:
    (item,) = parse(b"<a class=berita href=/1>Judul berita</a>", SelectTable(item="a.berita"))
    assert (item.title, item.url) == ("Judul berita", "https://news.example/1")


@pytest.mark.parametrize(
    ("body", "select", "said"),
    [
        (FRONT, SelectTable(item=".terpopuler li"), "finds nothing"),
        (FRONT, SelectTable(item=".populer li", title="h5", link="h5"), "none with a title and a link"),
        (FRONT, SelectTable(item="li >>> ["), "is not one"),
        (b"", SELECT, "empty"),
        (b"<div>" * 5_000, SELECT, "nested too deep"),
    ],
)
def test_what_a_selector_does_not_find_is_said(body: bytes, select: SelectTable, said: str) -> None:
    with pytest.raises(NotAFeed, match=said):
        parse(body, select)


def test_an_editor_sees_what_each_selector_found() -> None:
    found = found_by(FRONT, SELECT)
    assert {name: count for name, (count, _) in found.items()} == {"item": 4, "title": 3, "link": 3, "time": 2}
    assert found["link"][1] == "../dunia/1/satu"


def test_an_article_says_what_its_linked_data_says() -> None:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": ["NewsArticle"],
                "headline": "Banjir surut di tiga desa",
                "datePublished": "2026-02-22T09:40:00+07:00",
                "author": [{"@type": "Person", "name": "Ratih Wulandari"}, {"name": "Bayu Aji"}],
                "image": {"url": "/foto/besar.jpg"},
            },
            {"@type": "BreadcrumbList", "itemListElement": [{"item": {"name": "Beranda"}}, {"name": "Dunia"}]},
        ],
    }
    page = f"""<html><head><script type="application/ld+json">{json.dumps(data)}</script>
      <title>Banjir surut | Contoh</title></head><body><article>
      <p>TANAH MERAH - Air setinggi lutut telah surut.</p><p>Baca juga: Hujan lagi</p>
      <p>Listrik menyala lagi sejak pagi.</p>
      <figure><img src=x><figcaption>Warga menyapu lumpur. (Contoh/Sinta)</figcaption></figure>
      </article></body></html>"""
    found = article(page)
    assert (found.title, found.author, found.section) == (
        "Banjir surut di tiga desa",
        "Ratih Wulandari, Bayu Aji",
        "Dunia",
    )
    assert found.published_at == datetime(2026, 2, 22, 2, 40, tzinfo=UTC)
    assert found.image_url == "https://news.example/foto/besar.jpg"
    assert found.image_caption == "Warga menyapu lumpur. (Contoh/Sinta)"
    assert found.summary == "Air setinggi lutut telah surut. Listrik menyala lagi sejak pagi."


def test_without_linked_data_the_page_itself_is_read() -> None:
    page = """<html><head><meta property="og:title" content="Panen raya di lereng utara - Contoh">
      <meta property="og:image" content="https://news.example/panen.jpg">
      <script type="application/ld+json">{broken</script>
      </head><body><nav class="breadcrumb"><a>Home</a><a>Politik</a></nav><h1>Panen raya di lereng utara</h1>
      <div class="author">Oleh: Bayu Aji</div>
      <div class="date">JUMAT, 20 FEBRUARI 2026 | 12:48 WIB | LAPORAN: BAYU AJI</div>
      <div class="article-content"><p>Petani memanen sejak subuh di lereng.</p><p>Harga naik.</p></div>
      <footer><p>Hak cipta Contoh, semua hak dilindungi.</p></footer></body></html>"""
    found = article(page)
    assert (found.title, found.author, found.section) == ("Panen raya di lereng utara", "Bayu Aji", "Politik")
    assert found.published_at == datetime(2026, 2, 20, 5, 48, tzinfo=UTC)
    assert found.summary.startswith("Petani memanen sejak subuh di lereng.")
    assert "Hak cipta" not in found.body


def test_a_list_is_completed_and_never_overruled_by_the_article() -> None:
    found = article("<h1>Judul di halaman berita</h1><p>Kalimat pertama berita ini. Kalimat kedua.</p>")
    item = Item(url="https://news.example/1", title="Judul di daftar", image_url="https://news.example/1.jpg")
    whole = completed(item, found)
    assert (whole.title, whole.image_url) == ("Judul di daftar", "https://news.example/1.jpg")
    assert whole.summary == "Kalimat pertama berita ini. Kalimat kedua."
