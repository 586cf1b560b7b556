"""Tests of finding the picture that an element shows."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from bot.stories.reading.images import best_image, first_image, is_decoration
from tests.growth import QUADRATIC, growth

BASE = "https://news.example/dunia/1"
EMPTY = "data:image/gif;base64,R0lGODlhAQABAAAAACw="

LAZY = [
    '<img src="/foto/a.jpg">',
    '<img src="/aset/placeholder.gif" data-src="/foto/a.jpg">',
    f'<img src="{EMPTY}" data-src="/foto/a.jpg">',
    f'<img src="{EMPTY}" data-original="/foto/a.jpg">',
    f'<img src="{EMPTY}" data-lazy-src="/foto/a.jpg">',
    '<img data-actualsrc="/foto/a.jpg">',
    '<img data-lazyload="/foto/a.jpg">',
    '<img data-nobody-knows="/foto/a.jpg">',
    '<img src="/index-transparent_h-3_w-4.gif" data-src="/{width}/a.jpg" data-fallback="/b.jpg" data-x="/foto/a.jpg">',
    '<img srcset="/foto/a-300.jpg 300w, /foto/a.jpg 1200w, /foto/a-8000.jpg 8000w">',
    '<img srcset="/foto/a-300.jpg, /foto/a.jpg 2x" src="/foto/a-300.jpg">',
    '<img data-srcset="/foto/a-300.jpg 300w,/foto/a.jpg 1200w" src="/aset/pixel.gif">',
    '<picture><source srcset="/foto/a.webp 1200w" type="image/webp"><img srcset="/foto/a.jpg 1200w" alt=""></picture>',
    '<picture><source srcset="/foto/a.jpg" media="(min-width:600px)"></picture>',
    f'<picture><source srcset="/foto/a.jpg"><img src="{EMPTY}"></picture>',
    '<amp-img src="/foto/a.jpg" width="800" height="450"></amp-img>',
    '<img src="/aset/1x1.png"><noscript><img src="/foto/a.jpg"></noscript>',
    '<img src="https://s.w.org/images/core/emoji/15/72x72/1f389.png" class="wp-smiley"><img src="/foto/a.jpg">',
    '<img src="https://0.gravatar.com/avatar/abc?s=96"><img src="/foto/a.jpg">',
    '<img src="/hitung?id=4" width="1" height="1"><img src="/foto/a.jpg">',
]  # fmt: skip


@pytest.mark.parametrize("markup", LAZY)
def test_a_lazily_loaded_picture_is_found(markup: str) -> None:
    assert first_image(markup, BASE) == "https://news.example/foto/a.jpg"
    body = LexborHTMLParser(f"<body>{markup}</body>").body
    assert best_image(body, BASE) == "https://news.example/foto/a.jpg"


@pytest.mark.parametrize(
    "markup",
    [
        f'<img src="{EMPTY}">',
        '<img src="/aset/ikon.svg">',
        '<img src="/icons/facebook.png">',
        '<img src="javascript:alert(1)">',
        '<img src="//ads.doubleclick.net/x.jpg">',
        '<img src="/tombol.png" width="16" height="16">',
        "<p>Tanpa foto.</p>",
    ],
)
def test_icons_and_tracking_pixels_are_no_picture(markup: str) -> None:
    assert first_image(markup, BASE) == best_image(LexborHTMLParser(markup).body, BASE) == ""


def test_a_picture_is_found_beside_an_element_without_one() -> None:
    page = LexborHTMLParser(
        f'<picture><source srcset="/foto/a.jpg"><img src="{EMPTY}"></picture>'
        f"<p style=\"background-image: url('/foto/b.jpg')\"></p>"
        '<img class=lazy src="/aset/blank.gif"> <noscript><img src="/foto/c.jpg"></noscript>'
    )
    addresses = [best_image(node, BASE) for node in page.css("img:not(noscript img), p")]
    assert addresses == [f"https://news.example/foto/{name}.jpg" for name in "abc"]


@pytest.mark.parametrize(
    "name",
    [
        "google-pixel-9.jpg",
        "lelang-transparan.jpg",
        "avatar-film-baru-tayang.jpg",
        "4103.png",
        "1.jpg",
        "foto.php?id=3",
    ],
)
def test_a_photo_with_a_name_like_an_icon_is_a_photo(name: str) -> None:
    assert not is_decoration(f"https://news.example/foto/{name}")


@pytest.mark.parametrize(
    "markup",
    [("", "<img ", ""), ("<img srcset='", "a, ", ""), ("<img ", "a=1 ", ">"), ("<img src=", "   ", "")],
)
def test_hostile_markup_takes_no_longer_for_each_byte_than_other_markup(markup: tuple[str, str, str]) -> None:
    start, piece, end = markup
    assert growth(lambda count: first_image(start + piece * count + end, BASE), 12_000) < QUADRATIC
