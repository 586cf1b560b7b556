"""Regression tests: pages that were once read wrongly, reduced to their difficulty (in `cases`), and variations."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.stories.articles.article import Article, parse_article

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
URL = "https://news.example/ekonomi/851796/banjir-surut"
CASES = Path(__file__).parent / "cases"
HEADLINE = "Banjir Surut, Warga Sukamaju Bersihkan Rumah"
FIRST = (
    "Warga Desa Sukamaju di Kabupaten Banyu Biru mulai membersihkan rumah setelah banjir surut pada Kamis pagi, "
    "kata kepala desa setempat kepada wartawan."
)
SECOND = (
    "Pemerintah kabupaten mengirim dua truk air bersih dan seratus paket makanan untuk warga yang masih bertahan di "
    "balai desa sejak Rabu malam."
)
STORIES = sorted(path.stem for path in CASES.glob("[01]*.html"))


def article(page: str, url: str = URL) -> Article:
    return parse_article(page.encode(), url=url, default_zone=ZoneInfo("Asia/Jakarta"), now=NOW)


def case(name: str) -> Article:
    return article((CASES / f"{name}.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", STORIES)
def test_every_case_begins_with_the_story_under_its_headline(name: str) -> None:
    parsed = case(name)
    assert parsed.title == HEADLINE
    assert parsed.body.startswith(FIRST)
    assert parsed.summary.startswith("Warga Desa Sukamaju di Kabupaten Banyu Biru mulai membersihkan rumah")


def test_a_page_that_is_one_form_is_read_and_a_form_inside_an_article_is_not() -> None:
    assert "Sekolah dasar di desa itu" in case("03_form").body
    form = "<form action=/daftar><p>Isi alamat surel Anda untuk menerima buletin harian kami setiap pagi.</p></form>"
    assert "buletin" not in article(f"<h1>{HEADLINE}</h1>{form}<p>{FIRST}</p><p>{SECOND}</p>").body


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("04_teaser_before_headline", "Rina Hastuti"),
        ("15_share_line", "Rina Hastuti"),
        ("19b_byline", "Satrio Wibowo"),
        ("14_image_line", ""),
    ],
)
def test_the_author_is_neither_editor_nor_photographer(name: str, author: str) -> None:
    assert case(name).author == author


def test_the_time_is_the_storys_own() -> None:
    assert case("06_date_above_headline").published_at == datetime(2026, 11, 26, 0, 28, tzinfo=UTC)
    assert case("05_wrap_title").published_at == datetime(2026, 11, 26, 6, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "caption", "credit"),
    [
        ("07_style_in_figure", "Warga membersihkan rumah, Kamis 26/11.", ""),
        ("08_caption_credit", "Warga membersihkan rumah setelah banjir surut", "Antara Foto/Rina Hastuti"),
        ("08b_caption_credit", "Warga membersihkan rumah setelah banjir surut", "Getty Images"),
        ("09_brackets", "Menteri Keuangan (kiri) dan Gubernur BI (kanan)", ""),
        ("10_picture_by", "Villagers clean their houses on Thursday.", "Yusof Isa"),
        ("r_32_lazy_article", "Warga membersihkan rumah.", ""),
    ],
)
def test_a_caption_is_what_the_photo_shows_and_its_credit_who_took_it(name: str, caption: str, credit: str) -> None:
    parsed = case(name)
    assert (parsed.image_caption, parsed.image_credit) == (caption, credit)


def test_a_button_or_a_link_beside_an_image_is_no_caption() -> None:
    for words in ("<a href=/donasi>Dukung kami dengan donasi</a>", "<small>Enlarge</small>", "<i>Anzeige</i>"):
        parsed = article(f"<h1>{HEADLINE}</h1><div><img src=/foto/padi.jpg>{words}</div><p>{FIRST}</p><p>{SECOND}</p>")
        assert (parsed.image_caption, parsed.image_credit) == ("", "")


def test_a_credit_inside_the_caption_element_is_separated_from_it() -> None:
    figure = (
        "<figure><img src=/foto/padi.jpg><div class='image__source caption'><span>Ratih dan Bayu di sawah</span> "
        "<span class=image__credit>Rina Hastuti/Warta</span></div></figure>"
    )
    parsed = article(f"<h1>{HEADLINE}</h1>{figure}<p>{FIRST}</p><p>{SECOND}</p>")
    assert (parsed.image_caption, parsed.image_credit) == ("Ratih dan Bayu di sawah", "Rina Hastuti/Warta")


CAPTIONS = [
    ("Warga memanen padi. (kiri ke kanan) Ratih dan Bayu.", "Warga memanen padi. (kiri ke kanan) Ratih dan Bayu.", ""),
    ("Ratih (tengah, berjilbab)", "Ratih (tengah, berjilbab)", ""),
    ("Bupati (kedua dari kiri)", "Bupati (kedua dari kiri)", ""),
    ("Warga memanen padi (ANTARA FOTO/Rina Hastuti)", "Warga memanen padi", "ANTARA FOTO/Rina Hastuti"),
    ("Warga memanen padi. Foto: Rina Hastuti", "Warga memanen padi.", "Rina Hastuti"),
    ("Warga memanen padi. — Picture courtesy of Rina Hastuti", "Warga memanen padi.", "Rina Hastuti"),
    ("Villagers harvest rice. Photo by Rina Hastuti", "Villagers harvest rice.", "Rina Hastuti"),
    ("Villagers at work. Photograph: Rina Hastuti/Getty Images", "Villagers at work.", "Rina Hastuti/Getty Images"),
    ("Warga memanen padi. | Sumber: Dok. Desa", "Warga memanen padi.", "Dok. Desa"),
    ("Antrean di jalan © Rina Hastuti / Warta", "Antrean di jalan", "Rina Hastuti / Warta"),
    ("(Foto: Rina Hastuti)", "", "Rina Hastuti"),
    ("Dok. Desa Sukamaju", "", "Dok. Desa Sukamaju"),
    ("Gedung (2019) di kota", "Gedung (2019) di kota", ""),
    ("Sebuah picture by picture comparison", "Sebuah picture by picture comparison", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "caption", "credit"), CAPTIONS)
def test_brackets_hold_a_credit_only_where_they_name_one(line: str, caption: str, credit: str) -> None:
    figure = f"<figure><img src=/foto/padi.jpg><figcaption>{line}</figcaption></figure>"
    parsed = article(f"<h1>{HEADLINE}</h1>{figure}<p>{FIRST}</p><p>{SECOND}</p>")
    assert (parsed.image_caption, parsed.image_credit) == (caption, credit)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("11_portrait", "https://news.example/uploads/2026/banjir-1312x656.jpg"),
        ("11b_pixel", "https://cdn.example/banjir-110_wm.jpg?version=7112"),
        ("07_style_in_figure", "https://img.example/2026/banjir-desa.jpg"),
        ("r_32_lazy_article", "https://news.example/foto/b.jpg"),
        ("r_32b_picture_article", "https://news.example/foto/b.jpg"),
    ],
)
def test_the_photo_is_the_storys_and_no_portrait_and_no_pixel(name: str, url: str) -> None:
    assert case(name).image_url == url


def test_a_photo_is_recognized_inside_the_address_of_a_resizing_service() -> None:
    meta_tag = '<meta property="og:image" content="https://img.example/2026/padi.jpg">'
    shown = "https://news.example/_next/image?url=https%3A%2F%2Fimg.example%2F2026%2Fpadi.jpg&amp;w=640"
    figure = f"<figure><img src='{shown}'><figcaption>Ratih dan Bayu di sawah</figcaption></figure>"
    parsed = article(f"{meta_tag}<h1>{HEADLINE}</h1>{figure}<p>{FIRST}</p><p>{SECOND}</p>")
    assert (parsed.image_url, parsed.image_caption) == ("https://img.example/2026/padi.jpg", "Ratih dan Bayu di sawah")


def test_an_author_described_elsewhere_in_the_linked_data_is_found() -> None:
    assert case("r_31b_ld_author_id").author == "Rina Hastuti"
    page = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "author": {"name": ["Rina Hastuti", "Bayu Aji"]}}'
    )
    assert article(f"{page}</script><h1>{HEADLINE}</h1><p>{FIRST}</p>").author == "Rina Hastuti, Bayu Aji"


def test_a_less_than_sign_in_a_script_does_not_open_an_element() -> None:
    assert case("20_script_less_than").title == HEADLINE


SHORT = (
    "Jembatan gantung di Desa Sukamaju dibuka lagi pada Kamis pagi setelah dua pekan diperbaiki warga.",
    "Kepala desa mengatakan papan yang lapuk sudah diganti dan tali baja diperiksa oleh petugas kabupaten.",
    "Anak sekolah tidak perlu lagi memutar sejauh empat kilometer.",
)
RELATED = "<p>Harga beras turun di dua pasar kota, kata pedagang yang ditemui pada akhir pekan ini di pasar induk.</p>"


@pytest.mark.parametrize(
    "body",
    [
        "<div class=isi>{}<br><br>{}<br>{}</div>",
        "<div class=isi><div>{}</div><div>{}</div><div>{}</div></div>",
        "<div class=isi>{}<br/>{}<br/>{}<div class=terkait><p>Baca juga: lain</p></div></div>",
        "<article><span>{}</span><br><br><span>{}</span><br><br><span>{}</span></article>",
        "<div class=isi><p>{}</p><p>{}</p><p>{}</p></div>",
    ],
)
@pytest.mark.parametrize(
    "box", ["<div class=box><h4>Berita lain</h4>{}{}</div>", "<aside>{}{}</aside>", "<ul><li>{}</li><li>{}</li></ul>"]
)
def test_a_short_article_is_read_without_the_box_beside_it(body: str, box: str) -> None:
    page = f"<h1>Jembatan gantung dibuka lagi</h1>{body.format(*SHORT)}{box.format(RELATED, RELATED)}"
    assert article(page).body.split("\n")[:3] == list(SHORT)
    assert "Harga beras" not in article(page).body


@pytest.mark.parametrize("tag", ["p", "div", "span", "a href=#", "strong"])
@pytest.mark.parametrize(
    "advertisement",
    [
        "Scroll Untuk Membaca Lanjutan",
        "Scroll untuk melanjutkan membaca",
        "ADVERTISEMENT",
        "Gulir ke bawah untuk melanjutkan",
        "Iklan",
    ],
)
def test_an_advertising_line_between_sentences_is_not_the_story(advertisement: str, tag: str) -> None:
    line = f"<{tag}>{advertisement}</{tag.split()[0]}>"
    page = f"<h1>{HEADLINE}</h1><div>{FIRST} {line} {SECOND}</div><div>{FIRST[:60]} juga di sini. {line}</div>"
    parsed = article(page)
    assert advertisement not in parsed.body
    assert parsed.body.startswith(FIRST) and SECOND in parsed.body


def test_a_sentence_about_scrolls_and_advertisements_stays() -> None:
    sentences = (
        "Scroll kuno ditemukan di gua dekat desa itu oleh para peneliti. Iklan rokok dilarang di jalan utama kota."
    )
    assert sentences in article(f"<h1>{HEADLINE}</h1><p>{FIRST}</p><p>{sentences}</p><p>{SECOND}</p>").body


def test_a_line_that_a_page_repeats_is_not_the_story() -> None:
    notice = "<p>Unduh aplikasi kami di ponsel Anda</p>"
    paragraphs = "".join(f"<p>{FIRST[:-1]} nomor {number}.</p>{notice}" for number in range(6))
    parsed = article(f"<h1>{HEADLINE}</h1><article>{paragraphs}</article>")
    assert "Unduh aplikasi" not in parsed.body
    assert "nomor 5." in parsed.body


def test_a_text_that_holds_a_less_than_sign_keeps_its_paragraphs() -> None:
    parsed = article(
        f"<h1>{HEADLINE}</h1><p>{FIRST}</p><p>Suhu di bawah 5 &lt; 10 derajat, kata petugas di sana.</p><p>{SECOND}</p>"
    )
    assert len(parsed.body.split("\n")) == 3


def test_a_sentence_that_dates_something_is_the_story_and_a_date_line_is_not() -> None:
    sentence = "Pertemuan warga berikutnya diadakan di balai desa pada 27 November 2026"
    page = (
        f"<h1>{HEADLINE}</h1><p>Kamis, 26 November 2026 | 07:28 WIB</p><p>{FIRST}</p><p>{sentence}</p><p>{SECOND}</p>"
    )
    assert article(page).body.split("\n") == [FIRST, sentence, SECOND]


def test_lines_missing_in_the_linked_data_are_dropped_except_the_standfirst() -> None:
    story = [
        f"Keterangan nomor {number} dari kepala desa tentang jembatan yang diperbaiki warga." for number in range(9)
    ]
    data = json.dumps({"@type": "NewsArticle", "headline": HEADLINE, "articleBody": "\n".join(story)})
    standfirst = "Setelah dua hari terendam, warga kembali ke rumah masing-masing dan mulai membersihkan lumpur."
    notice = "Jadilah pelanggan kami dan nikmati laporan mendalam setiap hari tanpa gangguan dari siapa pun."
    paragraphs = "".join(f"<p>{line}</p>" for line in [standfirst, *story[:5], notice, *story[5:]])
    page = f'<script type="application/ld+json">{data}</script><h1>{HEADLINE}</h1><article>{paragraphs}</article>'
    assert article(page).body.split("\n") == [standfirst, *story]


def test_the_canonical_address_is_the_pages_own_or_else_the_one_that_was_read() -> None:
    page = f"<h1>{HEADLINE}</h1><p>{FIRST}</p>"
    assert article(page).canonical == URL
    assert article(f'<meta property="og:url" content="/baru">{page}').canonical == "https://news.example/baru"
    link = '<link rel="CANONICAL" href="https://news.example/asli">'
    assert article(f'{link}<meta property="og:url" content="/baru">{page}').canonical == "https://news.example/asli"


def test_a_heading_is_separated_from_the_words_beside_it() -> None:
    meta_tags = f'<meta property="og:title" content="{HEADLINE} - Warta"><meta property="og:site_name" content="Warta">'
    for heading in (
        f"<div class=wrap-title><a href=/>Home</a> &gt; "
        f"<a>Berita</a><div>{HEADLINE}</div><span>Kamis, 26/11/2026</span></div>",
        f"<h1><small>BENCANA</small> {HEADLINE}</h1>",
        f"<h1><span>Bencana</span><span>{HEADLINE}</span></h1>",
        f"<h1>{HEADLINE.upper()}</h1>",
        f"<h2 class=artTitle>{HEADLINE}</h2>",
        "<h1><span>Banjir Surut</span><span>Warga Sukamaju Bersihkan Rumah</span></h1>",
    ):
        assert article(f"{meta_tags}{heading}<p>{FIRST}</p><p>{SECOND}</p>").title == HEADLINE
