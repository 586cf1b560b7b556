"""The photo that an entry of a feed shows, in all the places where feeds put it."""

import json

import pytest

from tests.stories.reading.feed_shapes import LINKED, only, parse, rss


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://news.example/aset/placeholder.gif" data-src="https://news.example/foto/a.jpg">',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-original="https://news.example/foto/a.jpg">',
        '<img data-actualsrc="https://news.example/foto/a.jpg">',
        '<img srcset="https://news.example/foto/a-300.jpg 300w, https://news.example/foto/a.jpg 1200w">',
        '<picture><source srcset="https://news.example/foto/a.jpg"></picture>',
        '<img src="/1x1.gif"><noscript><img src="https://news.example/foto/a.jpg"></noscript>',
        '<img src="https://s.w.org/images/core/emoji/15.0.3/72x72/1f389.png" alt="🎉"><img src="/foto/a.jpg">',
    ],
)
def test_a_picture_that_is_loaded_late_is_found(image: str) -> None:
    body = f"{LINKED}<content:encoded><![CDATA[{image}<p>Isi berita.</p>]]></content:encoded>"
    assert only(parse(rss(body))).image_url == "https://news.example/foto/a.jpg"
    entry = {"id": "1", "url": "https://news.example/1", "title": "Banjir", "content_html": image}
    listed = {"version": "https://jsonfeed.org/version/1.1", "items": [entry]}
    assert only(parse(json.dumps(listed))).image_url == "https://news.example/foto/a.jpg"


DECORATION = [
    "https://0.gravatar.com/avatar/abc?s=96&amp;d=identicon",
    "https://s.w.org/images/core/emoji/15.0.3/72x72/1f64f.png",
    "https://news.example/favicon.ico",
    "https://news.example/aset/pixel.gif",
]


@pytest.mark.parametrize("address", DECORATION)
@pytest.mark.parametrize(
    "element",
    [
        '<media:content url="{}" medium="image"/>',
        '<media:thumbnail url="{}"/>',
        '<enclosure url="{}" type="image/png" length="1"/>',
        "<description>&lt;img src='{}'&gt; Isi</description>",
    ],
)
def test_emoji_portraits_icons_and_pixels_are_never_the_photo(address: str, element: str) -> None:
    shown = element.format(address)
    assert only(parse(rss(LINKED + shown))).image_url == ""
    photo = '<media:content url="https://news.example/foto/utama.jpg?w=1024" medium="image"/>'
    assert only(parse(rss(LINKED + shown + photo))).image_url == "https://news.example/foto/utama.jpg?w=1024"


def test_of_several_pictures_the_default_one_is_shown() -> None:
    sizes = (("16x9", 2150, ""), ("3x4", 940, ""), ("3x2", 940, 'isDefault="true"'), ("1x1", 1400, 'isDefault="false"'))
    group = "".join(
        f'<media:content url="https://cdn.example/{name}.jpg" medium="image" width="{width}" {default}/>'
        for name, width, default in sizes
    )
    assert only(parse(rss(f"{LINKED}<media:group>{group}</media:group>"))).image_url == "https://cdn.example/3x2.jpg"


def test_of_several_thumbnails_the_widest_is_shown() -> None:
    sizes = ("75", "1200", "640", "", "x")
    shown = "".join(f'<media:thumbnail url="https://news.example/{size}.jpg" width="{size}"/>' for size in sizes)
    for body in (shown, f"<media:group>{shown}</media:group>"):
        assert only(parse(rss(LINKED + body))).image_url == "https://news.example/1200.jpg"


def test_of_thumbnails_without_a_size_the_first_is_shown() -> None:
    shown = "".join(f'<media:thumbnail url="https://news.example/{name}.jpg"/>' for name in "abc")
    assert only(parse(rss(LINKED + shown))).image_url == "https://news.example/a.jpg"


def test_an_ampersand_that_was_escaped_twice_is_one() -> None:
    media = '<media:content url="https://cdn.example/a.jpg?w=1&amp;amp;h=2&amp;#038;q=3" medium="image"/>'
    assert only(parse(rss(LINKED + media))).image_url == "https://cdn.example/a.jpg?w=1&h=2&q=3"


@pytest.mark.parametrize(
    "element",
    [
        "<image><url>{}</url><title>Foto</title><link>https://foto.example/</link></image>",
        "<image><title>Foto</title><link>https://foto.example/</link><url>{}</url></image>",
        "<image>{}</image>",
        "<image> <![CDATA[{}]]> </image>",
        '<image url="{}"/>',
        '<image href="{}"/>',
        '<image><img src="{}"/></image>',
        '<img src="{}"/>',
        "<img>{}</img>",
        "<thumbnail>{}</thumbnail>",
        '<thumbnail url="{}"/>',
        "<thumb>{}</thumb>",
        "<photo>{}</photo>",
    ],
)
def test_an_entrys_picture_in_an_element_of_the_sites_own_is_shown(element: str) -> None:
    shown = element.format("https://news.example/foto/a.jpg")
    for body in (LINKED + shown, shown + LINKED):
        feed = parse(rss(body, LINKED.replace("banjir", "surut")))
        assert [item.image_url for item in feed.items] == ["https://news.example/foto/a.jpg", ""]
        assert (feed.title, feed.items[0].title, feed.items[0].url) == (
            "Warta",
            "Banjir surut",
            "https://news.example/banjir",
        )


@pytest.mark.parametrize(
    "element", ['<img src="https://news.example/a.jpg">', "<image><![CDATA[https://news.example/a.jpg</image><b>]]>"]
)
def test_a_broken_element_of_a_picture_does_not_take_the_entries_after_it(element: str) -> None:
    feed = parse(rss(LINKED + element, LINKED.replace("banjir", "surut")))
    assert [item.url for item in feed.items] == ["https://news.example/banjir", "https://news.example/surut"]


def test_a_feeds_own_picture_is_no_entrys() -> None:
    logo = (
        "<image><url>https://news.example/foto/a.jpg</url><title>Logo</title><link>https://foto.example/</link></image>"
    )
    for body in (rss(LINKED).replace("<item>", f"{logo}<item>"), rss(LINKED).replace("</item>", f"</item>{logo}")):
        feed = parse(body)
        assert (feed.title, only(feed).image_url) == ("Warta", "")
