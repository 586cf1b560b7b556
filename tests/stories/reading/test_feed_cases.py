"""What real feeds do, reduced: each stands for its kind."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.stories.reading.feed_markup import safe_markup
from bot.stories.reading.sitemaps import parse_sitemap
from tests.stories.reading.feed_shapes import LINKED, NOW, TITLED, atom, only, parse, rss

# Labels


@pytest.mark.parametrize("label", ["<category term='label {}'/>", "<category>label {}</category>"])
def test_a_feed_or_an_entry_with_thousands_of_labels_is_read(label: str) -> None:
    labels = "".join(label.format(n) for n in range(5_000))
    text = f"<feed xmlns='http://www.w3.org/2005/Atom'>{labels}<title>Warta</title><entry>{labels}<title>Banjir</title>"
    item = only(feed := parse(f"{text}<link href='https://news.example/1'/></entry>{labels}</feed>"))
    assert (feed.title, item.title, item.url) == ("Warta", "Banjir", "https://news.example/1")
    assert (item.categories[0] if item.categories else "label 0") == "label 0"


# Links


@pytest.mark.parametrize(
    ("link", "guid", "address"),
    [
        (
            "desa.example/banjir/",
            "<guid isPermaLink='true'>desa.example/banjir/</guid>",
            "https://desa.example/banjir/",
        ),
        ("", "<guid>desa.example/banjir/</guid>", "https://desa.example/banjir/"),
        ("www.desa.example", "", "https://www.desa.example"),
        ("//desa.example/banjir", "", "https://desa.example/banjir"),
        ("banjir.html", "", "https://desa.example/banjir.html"),
        ("index.php/banjir", "", "https://desa.example/index.php/banjir"),
    ],
)
def test_a_link_without_a_scheme_has_https(link: str, guid: str, address: str) -> None:
    body = rss(f"{TITLED}<link>{link}</link>{guid}", site="desa.example/")
    assert only(parse(body, url="https://feeds.example/rss")).url == address


def test_an_attribute_of_a_link_is_not_its_address() -> None:
    link = '<link uri="at://did:plc:x/app.bsky.feed.post/3l">https://desa.example/banjir</link>'
    assert only(parse(rss(TITLED + link))).url == "https://desa.example/banjir"


def test_prefixes_that_nothing_declares_are_taken_off_where_they_mean_the_feed_itself() -> None:
    body = (
        '<?xml?xml version="1.0" encoding="UTF-8" ??>\n<rss rss:version=2.0><rss:channel><rss:title>T</rss:title>'
        "<rss:item><rss:title>Banjir surut</rss:title><rss:link>https://desa.example/banjir</rss:link></rss:item>"
        "</rss:channel></rss>"
    )
    feed = parse(body)
    assert (feed.title, only(feed).title, only(feed).url) == ("T", "Banjir surut", "https://desa.example/banjir")


@pytest.mark.parametrize(
    "links",
    [
        '{story}<link rel="enclosure" type="image/jpeg">https://cdn.example/batik.jpg?w=329&amp;h=256</link>',
        '<link rel="enclosure" type="image/jpeg">https://cdn.example/batik.jpg</link>{story}',
        '{story}<link rel="alternate" type="application/nostr+json" href="nostr:naddr1contoh"/>',
        '<link rel="alternate" type="application/json" href="https://api.news.example/7.json"/>{story}',
        '{story}<link rel="amphtml" href="https://news.example/amp/7"/><link rel="replies" href="https://news.example/k"/>',
        '{story}<link rel="alternate" type="text/html" hreflang="en" href="https://news.example/en/7"/>',
        '<link rel="alternate" hreflang="en" href="https://news.example/en/7"/>'
        '<link rel="alternate" type="text/html" hreflang="id-ID" href="https://news.example/gaya/7"/>',
        "{story}<link/>",
    ],
)
def test_of_several_links_the_story_is_the_page_in_the_newsrooms_language(links: str) -> None:
    story = '<link rel="alternate" type="text/html" href="https://news.example/gaya/7"/>'
    assert only(parse(atom(links.format(story=story)))).url == "https://news.example/gaya/7"


@pytest.mark.parametrize("code", ["id", "id-ID", "ID_id", "in", "in-ID"])  # Java wrote "in" for Indonesian until 17
def test_a_page_in_the_newsrooms_language_is_found_by_each_of_its_codes(code: str) -> None:
    links = '<link rel="alternate" hreflang="en" href="https://news.example/en"/>'
    links += f'<link rel="alternate" hreflang="{code}" href="https://news.example/7"/>'
    assert only(parse(atom(links))).url == "https://news.example/7"


def test_without_a_page_in_the_newsrooms_language_the_first_is_the_story() -> None:
    links = "".join(
        f'<link rel="alternate" hreflang="{code}" href="https://news.example/{code}"/>' for code in ("en", "ms")
    )
    assert only(parse(atom(links))).url == "https://news.example/en"


def test_an_empty_second_link_does_not_empty_the_first() -> None:
    assert only(parse(rss(f"{LINKED}<link/>"))).url == "https://news.example/banjir"


def test_an_attachment_is_no_story() -> None:
    feed = parse(atom('<link rel="enclosure" type="image/jpeg">https://cdn.example/batik.jpg</link>'))
    assert (feed.items, feed.unusable) == ((), 1)


def test_relative_links_belong_to_the_site_where_the_feed_is_elsewhere() -> None:
    body = rss(
        f"{TITLED}<link>/dunia/7/banjir</link>", f"{TITLED}<link>dunia/8/surut</link>", site="https://www.news.example/"
    )
    addresses = [item.url for item in parse(body, url="https://feeds.cdn.example/x/rss.xml").items]
    assert addresses == ["https://www.news.example/dunia/7/banjir", "https://www.news.example/dunia/8/surut"]
    page = '<link rel="alternate" href="https://www.news.example/"/>'
    body = atom('<link href="dunia/7"/>').replace("<id>urn:f</id>", page)
    assert only(parse(body, url="https://cdn.example/x/a.xml")).url == "https://www.news.example/dunia/7"
    assert only(parse(body, url="https://www.news.example/x/a.xml")).url == "https://www.news.example/x/dunia/7"
    listed = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": "https://www.news.example/", "items": []}
    listed["items"] = [{"id": "7", "url": "/dunia/7", "title": "Banjir", "image": "/a.jpg"}]  # type: ignore[assignment]  # a list
    item = only(parse(json.dumps(listed), url="https://cdn.example/x.json"))
    assert (item.url, item.image_url) == ("https://www.news.example/dunia/7", "https://www.news.example/a.jpg")


def test_xml_base_is_what_links_and_texts_are_relative_to() -> None:
    first = '<link href="banjir.html"/><link rel="enclosure" type="image/jpeg" href="foto/e.jpg"/>'
    second = (
        '<link href="/dunia/air.html"/><content type="html" xml:base="https://cdn.example/g/">'
        '&lt;p&gt;Air naik.&lt;/p&gt;&lt;img src="naik.jpg"&gt;</content>'
    )
    body = atom(first, second, more=' xml:base="https://www.news.example/kabar/"').replace(
        "<entry>", '<entry xml:base="2026/">', 1
    )
    assert [(item.url, item.image_url) for item in parse(body, url="https://feeds.example/a").items] == [
        ("https://www.news.example/kabar/2026/banjir.html", "https://www.news.example/kabar/2026/foto/e.jpg"),
        ("https://www.news.example/dunia/air.html", "https://cdn.example/g/naik.jpg"),
    ]


@pytest.mark.parametrize("link", ["N/A", "#", "javascript:void(0)", "", "mailto:a@news.example", "null"])
@pytest.mark.parametrize("guid", ["<guid isPermaLink='false'>N/A</guid>", "<guid>7</guid>", ""])
def test_entries_without_a_usable_link_are_counted(link: str, guid: str) -> None:
    entry = f"{TITLED}<link>{link}</link>{guid}"
    feed = parse(rss(entry, entry, LINKED))
    assert (len(feed.items), feed.unusable) == (1, 2)
    items = [{"id": "1", "title": "Banjir", "url": link}, {"id": "https://news.example/2", "title": "Panen"}]
    feed = parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert (len(feed.items), feed.unusable) == (1, 1)


def test_a_link_is_as_it_was_given() -> None:
    for address in (
        "https://news.example/baca?ref=4411&s=/berita/81#p-101",
        "https://news.example/a?utm_source=rss#!/b/1",
    ):
        assert only(parse(rss(f"{TITLED}<link>{address.replace('&', '&amp;')}</link>"))).url == address


def test_a_link_that_is_too_long_for_a_button_is_kept_and_counted() -> None:
    address = f"https://news.example/banjir?{'x' * 2_500}"
    feed = parse(rss(f"{TITLED}<link>{address}</link>", LINKED))
    assert (feed.items[0].url, feed.long_links, feed.unusable) == (address, 1, 0)


def test_a_guid_is_as_it_is_written() -> None:
    for guid in ("https://news.example/langsung#p-1", "A  b", "\u200bx", "é"):
        assert only(parse(rss(f"{LINKED}<guid isPermaLink='false'> {guid}\n</guid>"))).guid == guid
    long = [only(parse(rss(f"{LINKED}<guid isPermaLink='false'>{'x' * 600}{n}</guid>"))).guid for n in (1, 2)]
    assert len({guid[:80] for guid in long}) == 2


# Titles and texts


@pytest.mark.parametrize(
    ("escaped", "title"),
    [
        ("Panduan elemen &lt;head&gt; untuk pewarta", "Panduan elemen <head> untuk pewarta"),
        ("&lt;3 Jakarta: warga rayakan hari jadi", "<3 Jakarta: warga rayakan hari jadi"),
        ("Inflasi &lt;3 persen dan &gt;2 persen", "Inflasi <3 persen dan >2 persen"),
        ("<![CDATA[Suhu <20 derajat di <b>Dieng</b>]]>", "Suhu <20 derajat di Dieng"),
        ("&lt;&lt;Laskar&gt;&gt; tayang besok", "<<Laskar>> tayang besok"),
        ("Tim A&lt;B, kata pelatih", "Tim A<B, kata pelatih"),
        ("Grup A&lt;B dan C&gt;D", "Grup A<B dan C>D"),
        ("Cara memakai &lt;script&gt; di laman", "Cara memakai <script> di laman"),
        ("&lt;video&gt; dan &lt;canvas&gt; dijelaskan", "<video> dan <canvas> dijelaskan"),
        ("&lt;span class='x'&gt;Banjir&lt;/span&gt;&lt;br/&gt;surut", "Banjir surut"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Banjir", "Banjir"),
        ("&lt;blink&gt;Banjir&lt;/blink&gt; surut", "Banjir surut"),
        ("&amp;lt;b&amp;gt;Banjir&amp;lt;/b&amp;gt; surut", "Banjir surut"),
    ],
)
def test_words_in_angle_brackets_that_are_no_tags_stay(escaped: str, title: str) -> None:
    assert only(parse(rss(f"<title>{escaped}</title><link>/1</link>"))).title == title


def test_an_emoji_that_is_drawn_as_a_picture_stays_in_the_text() -> None:
    emoji = '<img src="https://s.w.org/images/core/emoji/15.0.3/72x72/1f389.png" alt="🎉" class="wp-smiley" />'
    body = (
        f"<p>Selamat datang {emoji} di festival.</p><p>Warga <img src='/a.jpg' alt='Foto warga'> datang sore hari.</p>"
    )
    item = only(parse(rss(f"{LINKED}<content:encoded><![CDATA[{body}]]></content:encoded>")))
    assert item.summary == "Selamat datang 🎉 di festival. Warga datang sore hari."


CAPTIONED = [
    '<figure class="wp-block-image"><img src="https://news.example/foto/r.jpg"/><figcaption>Seorang ibu menjemur kasur '
    "(ANTARA/Budi)</figcaption></figure>",
    '<div id="attachment_12" class="wp-caption aligncenter"><img src="https://news.example/foto/r.jpg"/>'
    '<p class="wp-caption-text">Seorang ibu menjemur kasur (ANTARA/Budi)</p></div>',
]


@pytest.mark.parametrize("figure", CAPTIONED)
@pytest.mark.parametrize("element", ["content:encoded", "description"])
def test_a_caption_is_the_pictures_and_not_the_first_sentence(figure: str, element: str) -> None:
    body = f"{figure}<p>Warga Sukamaju membersihkan rumah setelah banjir surut.</p>"
    item = only(parse(rss(f"{LINKED}<{element}><![CDATA[{body}]]></{element}>")))
    assert item.summary == "Warga Sukamaju membersihkan rumah setelah banjir surut."
    assert item.image_url == "https://news.example/foto/r.jpg"
    assert item.image_caption == "Seorang ibu menjemur kasur (ANTARA/Budi)"


def test_a_description_of_media_with_a_type_is_read() -> None:
    media = '<media:content url="https://news.example/a.jpg" medium="image"/><media:description type="plain">Air surut.'
    assert only(parse(rss(f"{LINKED}{media}</media:description>"))).image_caption == "Air surut."


# Authors


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("rina@kabar.media (Rina Hastuti)", "Rina Hastuti"),
        ("Rina Hastuti &lt;rina@kabar.online&gt;", "Rina Hastuti"),
        ("<![CDATA[Rina Hastuti <rina@kabar.online>]]>", "Rina Hastuti"),
        ("mailto:rina.h+kota@kabar.digital, Rina Hastuti", "Rina Hastuti"),
        ("rina@news.example", ""),
        ("Rina Hastuti (@rinahastuti)", "Rina Hastuti"),
        ("Rina Hastuti @rinahastuti", "Rina Hastuti"),
        ("Rina Hastuti (Solo)", "Rina Hastuti (Solo)"),
        ("@rinahastuti", ""),
    ],
)
def test_an_author_is_a_name_without_mail_addresses_and_handles(written: str, author: str) -> None:
    for element in ("author", "dc:creator"):
        assert only(parse(rss(f"{LINKED}<{element}>{written}</{element}>"))).author == author
    other = "<dc:creator>budi@kabar.media (Budi Sunarto)</dc:creator>"
    both = only(parse(rss(f"{LINKED}<dc:creator>{written}</dc:creator>{other}"))).author
    assert both == ", ".join(filter(None, (author, "Budi Sunarto")))
    name = written.replace("&lt;", "<").replace("&gt;", ">").removeprefix("<![CDATA[").removesuffix("]]>")
    entry = {"id": "1", "url": "https://news.example/1", "title": "Banjir surut", "authors": [{"name": name}]}
    listed = {"version": "https://jsonfeed.org/version/1.1", "items": [entry]}
    assert only(parse(json.dumps(listed))).author == author


def test_an_atom_authors_mail_address_is_not_shown() -> None:
    person = "<author><name>Rina Hastuti</name><email>rina@kabar.media</email></author>"
    assert only(parse(atom(f'{person}<link href="/1"/>'))).author == "Rina Hastuti"


# JSON Feed


@pytest.mark.parametrize(
    ("given", "author", "tags"),
    [
        ({"authors": {"name": "Rina Hastuti"}, "tags": "Dunia"}, "Rina Hastuti", ("Dunia",)),
        ({"authors": ["Rina Hastuti"], "tags": ["Dunia", {"name": "Cuaca"}]}, "Rina Hastuti", ("Dunia", "Cuaca")),
        ({"author": "Rina Hastuti"}, "Rina Hastuti", ()),
        ({"author": {"name": "Rina Hastuti"}, "authors": None}, "Rina Hastuti", ()),
        ({"authors": "Rina Hastuti", "tags": None}, "Rina Hastuti", ()),
        ({"authors": [{"name": "Rina Hastuti"}, {"name": "Budi Sunarto"}]}, "Rina Hastuti, Budi Sunarto", ()),
        ({"authors": [7, None, {"name": 3}], "tags": [7, None, []]}, "", ()),
    ],
)
def test_json_feeds_name_authors_and_tags_in_many_shapes(
    given: dict[str, object], author: str, tags: tuple[str, ...]
) -> None:
    entry = {"id": "1", "url": "https://news.example/1", "title": "Banjir surut"} | given
    item = only(parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [entry]})))
    assert (item.author, item.categories) == (author, tags)


@pytest.mark.parametrize(("identifier", "guid"), [("7", "7"), (7, "7"), (3.1415, "3.1415"), (True, ""), (None, "")])
def test_a_json_feeds_id_may_be_a_number(identifier: object, guid: str) -> None:
    entry = {"id": identifier, "url": "https://news.example/1", "title": "Banjir surut"}
    assert only(parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [entry]}))).guid == guid


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ("Harga beras &#8216;turun&#8217; &amp; stabil", "Harga beras ‘turun’ & stabil"),
        ("Banjir <b>surut</b>", "Banjir surut"),
        ("Panduan elemen <head>", "Panduan elemen <head>"),
        ("Suhu <20 derajat", "Suhu <20 derajat"),
    ],
)
def test_a_json_feeds_titles_are_read_as_those_of_other_feeds(given: str, title: str) -> None:
    entry = {"id": "1", "url": "https://news.example/1", "title": given}
    feed = parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": given, "items": [entry]}))
    assert (feed.title, only(feed).title) == (title, title)


# Order


@pytest.mark.parametrize("oldest_first", [True, False])
def test_above_the_limit_the_newest_are_kept(oldest_first: bool) -> None:
    days = [NOW - timedelta(days=n) for n in range(20)]
    entries = [(f"Kabar {n}", f"https://news.example/{n}", day) for n, day in enumerate(days)]
    if oldest_first:
        entries.reverse()
    body = rss(
        *(f"<title>{t}</title><link>{u}</link><pubDate>{d:%d %b %Y %H:%M:%S} GMT</pubDate>" for t, u, d in entries)
    )
    kept = [item.title for item in parse(body, limit=5).items]
    assert sorted(kept) == [f"Kabar {n}" for n in range(5)]
    listed = [{"id": u, "url": u, "title": t, "date_published": d.isoformat()} for t, u, d in entries]
    feed = parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": listed}), limit=5)
    assert [item.title for item in feed.items] == kept


# A document that ends too early, and sitemaps


def test_a_feed_whose_last_character_is_missing_is_whole() -> None:
    assert only(parse(rss(LINKED)[:-1])).title == "Banjir surut"
    assert parse(rss()[:-1]).title == "Warta"


@pytest.mark.parametrize(
    "inside",
    ["", "\n", "<!-- malam -->"],
)
def test_a_news_sitemap_that_is_empty_at_night_is_in_order(inside: str) -> None:
    head = '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    for body in (f"{head}>{inside}</urlset>", f"{head}/>"):
        found = parse_sitemap(body.encode(), url="https://news.example/s.xml", default_zone=ZoneInfo("UTC"), now=NOW)
        assert (found.items, found.further) == ((), ())


def test_a_sitemap_may_have_addresses_without_a_scheme() -> None:
    body = b"<urlset><url><loc>desa.example/banjir</loc></url></urlset>"
    found = parse_sitemap(body, url="https://news.example/s.xml", default_zone=ZoneInfo("UTC"), now=NOW)
    assert [item.url for item in found.items] == ["https://desa.example/banjir"]


# Entities


def test_entities_that_the_document_declares_are_read() -> None:
    names = '<!ENTITY kota "Solo &amp; Klaten"><!ENTITY situs \'https://news.example/\'><!ENTITY kota "Kudus">'
    body = rss("<title>Banjir di &kota;</title><link>&situs;banjir</link><guid>&situs;7</guid>")
    item = only(parse(f"<!DOCTYPE rss [{names}]>{body}"))
    assert (item.title, item.url, item.guid) == (
        "Banjir di Solo & Klaten",
        "https://news.example/banjir",
        "https://news.example/7",
    )


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY kota SYSTEM "file:///etc/hostname">',
        '<!ENTITY a "Solo"><!ENTITY kota "&a;&a;&a;">',
        '<!ENTITY kota "<b>Solo</b>">',
        f'<!ENTITY kota "{"Solo" * 1_000}">',
    ],
)
def test_entities_that_are_files_markup_others_or_huge_are_not(declared: str) -> None:
    item = only(parse(f"<!DOCTYPE rss [{declared}]>{rss('<title>Banjir di &kota;</title><link>/1</link>')}"))
    assert item.title == "Banjir di &kota;"


def test_entities_that_a_document_repeats_without_end_do_not_fill_memory() -> None:
    many = "&kota;" * 200_000
    body = f'<!DOCTYPE rss [<!ENTITY kota "{"x" * 200}">]>{rss(f"{LINKED}<description>{many}</description>")}'
    assert len(safe_markup(body)) < 4_000_000
