import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stories.reading.feeds import Feed, Unreadable, parse_feed

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 22, 2, 40, tzinfo=UTC)


def parse(body: str | bytes, content_type: str = "") -> Feed:
    data = body.encode() if isinstance(body, str) else body
    return parse_feed(
        data,
        url="https://news.example/rss",
        content_type=content_type,
        default_zone=ZoneInfo("Asia/Jakarta"),
        now=NOW,
    )


RSS2 = """<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Kabar</title>
<link>https://news.example/</link><item><title>Judul &amp; lagi</title><link>/dunia/12345/slug</link><guid>12345</guid>
<description>&lt;p&gt;Isi &lt;b&gt;berita&lt;/b&gt;&lt;/p&gt;</description>
<author>Wulan</author><category>Dunia</category>
<media:content url="https://news.example/a.jpg" medium="image"/><pubDate>Sun, 22 Feb 2026 09:40 WIB</pubDate></item>
</channel></rss>"""
RSS1 = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Kabar</title>
<link>https://news.example/</link></channel><item rdf:about="https://news.example/dunia/12345/slug">
<title>Judul &amp; lagi</title><link>https://news.example/dunia/12345/slug</link><description>Isi berita</description>
<dc:creator>Wulan</dc:creator><dc:subject>Dunia</dc:subject><dc:date>2026-02-22T09:40:00+07:00</dc:date></item></rdf:RDF>"""
RSS091 = """<rss version="0.91"><channel><title>Kabar</title><item><title>Judul &amp; lagi</title>
<link>https://news.example/dunia/12345/slug</link><description>Isi berita</description></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Kabar</title><link rel="hub" href="https://hub.example/"/>
<link rel="self" href="https://news.example/atom"/><entry><title type="html">Judul &amp;amp; lagi</title>
<id>tag:news.example,2026:12345</id><link href="https://news.example/dunia/12345/slug"/>
<summary type="html">&lt;p&gt;Isi berita&lt;/p&gt;</summary><author><name>Wulan</name></author><category term="Dunia"/>
<published>2026-02-22T02:40:00Z</published></entry></feed>"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Kabar", "home_page_url": "https://news.example/",
"items": [{"id": "12345", "url": "/dunia/12345/slug", "title": "Judul & lagi", "content_html": "<p>Isi berita</p>",
"authors": [{"name": "Wulan"}], "tags": ["Dunia"], "date_published": "2026-02-22T09:40:00+07:00"}]}"""


@pytest.mark.parametrize("body", [RSS2, RSS1, RSS091, ATOM, JSON], ids=["rss2", "rss1", "rss091", "atom", "json"])
def test_every_kind_of_feed_gives_the_same_story(body: str) -> None:
    feed = parse(body)
    assert feed.title == "Kabar"
    (item,) = feed.items
    assert (item.url, item.title, item.summary) == (
        "https://news.example/dunia/12345/slug",
        "Judul & lagi",
        "Isi berita",
    )
    if body != RSS091:
        assert (item.author, item.categories, item.published_at) == ("Wulan", ("Dunia",), MORNING)


def test_an_atom_feed_names_its_hub() -> None:
    feed = parse(ATOM)
    assert (feed.hub, feed.self_url) == ("https://hub.example/", "https://news.example/atom")


@pytest.mark.parametrize(
    "picture",
    [
        '<media:thumbnail url="https://news.example/a.jpg"/>',
        '<enclosure url="https://news.example/a.jpg" type="image/jpeg" length="1"/>',
        "<description>&lt;img src='https://news.example/a.jpg'&gt; Isi</description>",
    ],
)
def test_a_picture_is_found_wherever_it_stands(picture: str) -> None:
    body = RSS2.replace('<media:content url="https://news.example/a.jpg" medium="image"/>', picture)
    assert parse(body).items[0].image_url == "https://news.example/a.jpg"


def with_item(inside: str) -> str:
    head, _, tail = RSS2.partition("<item>")
    return f"{head}<item><title>Judul</title><link>/1</link>{inside}</item>{tail.partition('</item>')[2]}"


MEDIA = (
    '<media:content url="https://news.example/a.jpg" medium="image"><media:title>Foto</media:title>'
    "<media:description>Air surut di hilir.</media:description><media:credit>Sinta/Contoh</media:credit>"
    "</media:content>"
)


@pytest.mark.parametrize("inside", [f"{MEDIA}<description>Isi</description>", f"<description>Isi</description>{MEDIA}"])
def test_a_pictures_caption_is_not_the_summary(inside: str) -> None:
    (item,) = parse(with_item(inside)).items
    assert (item.title, item.summary, item.image_caption) == ("Judul", "Isi", "Air surut di hilir. (Sinta/Contoh)")


def test_of_two_pictures_the_caption_is_the_firsts() -> None:
    wider = MEDIA.replace("a.jpg", "b.jpg").replace('medium="image"', 'medium="image" width="800"')
    (item,) = parse(with_item(MEDIA + wider.replace("hilir", "hulu"))).items
    assert (item.image_url, item.image_caption) == ("https://news.example/b.jpg", "")


def test_a_videos_description_is_the_summary() -> None:
    inside = '<media:thumbnail url="https://news.example/a.jpg"/><media:description>Air surut.</media:description>'
    (item,) = parse(with_item(f"<media:group>{inside}</media:group>")).items
    assert (item.summary, item.image_url, item.image_caption) == ("Air surut.", "https://news.example/a.jpg", "")


STORY = "<p>Oleh: Bayu Aji</p><p>BANDUNG — Warga menanam seribu pohon.</p><p>Baca juga: Hujan</p><p>Hujan turun.</p>"


@pytest.mark.parametrize(
    "inside",
    [
        f"<description><![CDATA[{STORY}]]></description>",
        f"<content:encoded><![CDATA[{STORY}]]></content:encoded>",
        "<description>Oleh: Bayu Aji BANDUNG — Warga menanam […]</description>"
        f"<content:encoded><![CDATA[{STORY}]]></content:encoded>",
    ],
    ids=["description", "content", "teaser"],
)
def test_a_feed_that_brings_the_whole_story_is_summed_up(inside: str) -> None:
    body = with_item(inside).replace("<rss ", '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" ')
    assert parse(body).items[0].summary == "Warga menanam seribu pohon. Hujan turun."


def test_an_empty_feed_is_a_feed() -> None:
    assert parse("<rss version='2.0'><channel><title>Sepi</title></channel></rss>").items == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("<!doctype html><html><body>Sedang dirawat</body></html>", "HTML"),
        ("{", "JSON"),
        ('{"version": "1"}', "JSON"),
        ("bukan apa-apa", None),
        (b"\x00\xff\xfe\x01\x02", None),
        ("<rss version='2.0'><channel>" + "<a>" * 200_000, None),
        (
            "<rss version='2.0'><channel><title "
            + " ".join(f"a{i}='1'" for i in range(100_000))
            + "/></channel></rss>",
            None,
        ),
        (b"x" * 11_000_000, "MB"),
    ],
    ids=[
        *("nothing", "blank", "page", "broken-json", "other-json", "words", "bytes", "deep", "attributes"),
        "huge",
    ],
)
def test_what_is_no_feed_says_so_in_words(body: str | bytes, reason: str | None) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse(body)


def test_a_lone_surrogate_in_a_title_breaks_nothing() -> None:
    (item,) = parse(RSS2.replace("Judul", "Judul &#xD800;")).items
    assert item.title == "Judul & lagi"


def test_an_encoding_is_believed_where_it_is_declared() -> None:
    body = RSS2.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="iso-8859-1"?>').replace("Judul", "Café")
    (item,) = parse(body.encode("iso-8859-1")).items
    assert item.title.startswith("Café")


def test_links_that_are_no_web_addresses_are_left_out() -> None:
    assert parse(RSS2.replace("/dunia/12345/slug", "javascript:alert(1)")).items == ()


@given(st.binary(max_size=2000))
def test_no_document_makes_it_fail_otherwise(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        parse(body)


@given(st.text(alphabet="<>/&;!?[]'\" ab=itemrschannelxml", max_size=300))
def test_no_near_xml_makes_it_fail_otherwise(text: str) -> None:
    with contextlib.suppress(Unreadable):
        parse("<rss version='2.0'><channel><item>" + text)


def test_entities_are_never_expanded() -> None:
    body = (
        "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
        + RSS2.removeprefix('<?xml version="1.0"?>').replace("Judul", "Judul &b; &f;")
    )
    try:
        shown = parse(body).items[0].title
    except Unreadable:
        return
    assert "aaaaaaaaaa" not in shown
    assert "root:" not in shown
