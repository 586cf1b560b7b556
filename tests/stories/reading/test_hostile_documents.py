"""Tests of hostile responses and documents, each beside a healthy source that must still be served."""

import asyncio
import gzip
import zlib
from datetime import timedelta

import pytest

from bot.clock import utcnow
from bot.storage.engine import Database
from tests.stories.hostile import Answer, beside, drip, item, response, rss

BIG = 50_000_000
GOOD = rss(item(1))


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 100_000)
        await writer.drain()


async def slow_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Lagi: lagi\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def packed(body: bytes, how: str = "gzip") -> bytes:
    return response(gzip.compress(body) if how != "deflate" else zlib.compress(body), f"Content-Encoding: {how}")


ANSWERS: dict[str, tuple[Answer, str]] = {
    "nothing": (b"", "broke off"),
    "not-http": (b"220 mail.example ESMTP\r\n\r\n", "broke off"),
    "promises-too-much": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "more than 2 MB"),
    "endless": (endless, "more than 2 MB"),
    "gzip-bomb": (packed(bytes(BIG)), "more than 2 MB"),
    "deflate-bomb": (packed(bytes(BIG), "deflate"), "more than 2 MB"),
    "gzip-in-gzip": (packed(gzip.compress(GOOD), "gzip, gzip"), ""),
    "not-gzip": (response(GOOD, "Content-Encoding: gzip"), "broke off"),
    "drip": (drip, "within 2 s"),
    "slow-head": (slow_head, "within 2 s"),
    "silent": (silent, "within 2 s"),
    "cut": (response(GOOD)[:-40], "broke off"),
    "long-header": (response(GOOD, "X-Panjang: " + "x" * 100_000), "broke off"),
    "thousands-of-headers": (response(GOOD, *(f"X-{number}: {'y' * 500}" for number in range(5_000))), ""),
    "two-lengths": (response(GOOD, "Content-Length: 3"), "broke off"),
    "page": (response(b"<html><body>Sedang dirawat</body></html>", kind="text/html"), "an HTML page"),
    "no-content": (response(status="204 No Content"), "HTTP 204"),
    "teapot": (response(status="418 I'm a teapot"), "HTTP 418"),
    "gone": (response(status="410 Gone"), "gone for good"),
    "picture": (response(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), kind="image/png"), ""),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_bad_response_is_refused_with_an_explanation_and_delays_no_other_source(
    database: Database, name: str
) -> None:
    answer, words = ANSWERS[name]
    async with beside(database) as both:
        failed = await both.poll(answer)
        assert words in failed.last_error
        assert failed.last_error
        assert await both.stories() == []
        recovered = await both.poll(response(GOOD))
        assert (recovered.last_error, recovered.failures) == ("", 0)


@pytest.mark.parametrize(
    ("header", "at_least", "at_most"),
    [
        ("Retry-After: 99999999999", 7 * 86_400, 7 * 86_400),
        ("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", 7 * 86_400, 7 * 86_400),
        ("Retry-After: -5", 0, 700),
        ("Retry-After: besok", 0, 700),
        ("Retry-After: 1" + "0" * 5_000, 0, 7 * 86_400),
    ],
)
async def test_retry_after_is_obeyed_up_to_a_week(
    database: Database, header: str, at_least: float, at_most: float
) -> None:
    async with beside(database) as both:
        failed = await both.poll(response(b"", header, status="503 Busy"))
        async with database.read() as session:
            now = await session.moment()
    assert at_least - 5 <= failed.next_poll_at - now <= at_most + 5


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
ATTRIBUTES = " ".join(f"a{number}='1'" for number in range(100_000))
UTF16 = "\ufeff<rss version='2.0'><channel>" + item(1) + "</channel></rss>"
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "items": '
BRIDGE = ["Jembatan gantung dibuka"]
DOCUMENTS: dict[str, tuple[bytes, list[str] | str]] = {
    "billion-laughs": (
        b'<?xml version="1.0"?><!DOCTYPE rss [' + LAUGHS.encode() + b"]>" + rss(item(1, "Tawa &l9;"))[38:],
        ["Tawa &l9;"],
    ),
    "quadratic": (
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "' + b"a" * 50_000 + b'">]>' + rss(item(1, "&a;" * 500))[38:],
        "",
    ),
    "external-entity": (
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item(1, "Isi &x;"))[38:],
        ["Isi &x;"],
    ),
    "external-dtd": (
        b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd">' + rss(item(1))[38:],
        ["Jembatan gantung dibuka"],
    ),
    "nested": (rss(item(1, "<b>" * 100_000 + "Dalam")), ""),
    "attributes": (rss("<item " + ATTRIBUTES + "><title>A</title></item>"), ""),
    "digits-for-an-author": (rss(item(1, author="1" * 1_500_000)), BRIDGE),
    "digits-in-parts": (rss(item(1, author=("1" * 900 + "<b/>") * 1_500)), BRIDGE),
    "categories": (rss(item(1) + "".join(f"<category>a{n}</category>" for n in range(50_000))), ""),
    "keywords": (rss(item(1, **{"media:keywords": ",".join(f"a{n}" for n in range(100_000))})), ""),
    "scripts-never-closed": (rss(item(1, description=f"<![CDATA[<script>{'</script' * 150_000}]]>")), BRIDGE),
    "pictures-never-closed": (rss(item(1, description=f"<![CDATA[{'<img ' * 200_000}> teks]]>")), BRIDGE),
    "long-attribute": (rss(item(1), head=f'<x y="{"z" * 1_000_000}"/>'), BRIDGE),
    "never-closed": (rss(*["<item><title>Terbuka"] * 50_000), ""),
    "empty-items": (rss(*["<item></item>"] * 50_000, item(1)), BRIDGE),
    "huge-title": (rss(item(1, "Panjang " * 100_000)), "shortened"),
    "surrogate": (rss(item(1, "Banjir &#xD800;surut")), ["Banjir surut"]),
    "null": (rss(item(1, "Banjir &#0;surut")), ["Banjir surut"]),
    "control": (rss(item(1, "Ban\x01jir\x08 &#x1b;[31msu\x07rut")), ["Banjir [31msurut"]),
    "zero-width": (rss(item(1, "Ban\u200bjir\ufeff su\u2060rut\u00ad")), ["Banjir surut"]),
    "bidi": (rss(item(1, "Banjir \u202eturus\u202c \u2066hari\u2069 ini\u200f")), ["Banjir turus hari ini"]),
    "arabic": (rss(item(1, "افتتاح جسر جديد في القرية")), ["افتتاح جسر جديد في القرية"]),
    "hebrew": (rss(item(1, "גשר חדש נפתח 3 בכפר")), ["גשר חדש נפתח 3 בכפר"]),
    "persian": (rss(item(1, "می\u200cخواهند پل بسازند")), ["می\u200cخواهند پل بسازند"]),
    "emoji": (rss(item(1, "Keluarga 👨\u200d👩\u200d👧 pulang")), ["Keluarga 👨\u200d👩\u200d👧 pulang"]),
    "markup": (rss(item(1, "&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;Banjir&lt;/b&gt; surut")), ["Banjir surut"]),
    "unclosed-cdata": (rss("<item><title><![CDATA[Banjir surut</title><link>https://news.example/1</link></item>"), ""),
    "no-title": (rss(item(1, ""), item(2)), BRIDGE),
    "utf16": (UTF16.encode("utf-16-le"), BRIDGE),
    "wrong-charset": (rss(item(1, "Café dibuka")).replace(b"UTF-8", b"no-such-9"), ["Café dibuka"]),
    "nul-bytes": (rss(item(1)).replace(b"gantung", b"gan\0tung"), BRIDGE),
    "json-depth": (JSON + b"[" * 100_000, ""),
    "json-number": (JSON + b'[{"id": 1' + b"0" * 100_000 + b"}]}", ""),
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_document_has_the_expected_outcome(database: Database, name: str) -> None:
    body, expected = DOCUMENTS[name]
    async with beside(database) as both:
        polled = await both.poll(response(body, kind="application/xml"))
        titles = await both.titles()
    if isinstance(expected, list):
        assert (titles, polled.last_error) == (expected, "")
    elif expected == "shortened":
        assert [len(title) <= 500 for title in titles] == [True]
    else:  # refused with an explanation or read in part: no exception, no overlong title
        assert polled.last_error or polled.primed
        assert "Error" not in polled.last_error or "broken XML" in polled.last_error
        assert all(len(title) <= 500 for title in titles)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)",
        "&#106;avascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "tg://resolve?domain=x",
        "https://", "https://news.example\\@jahat.example/", "http://[::1", "https://news.example:99999/",
    ],
)  # fmt: skip
async def test_only_web_addresses_become_links(database: Database, link: str) -> None:
    async with beside(database) as both:
        await both.poll(response(rss(item(1, link=link, guid="x"), item(2))))
        stories = await both.stories()
    assert "https://news.example/dunia/2/jembatan" in [story.url for story in stories]
    assert all(story.url.startswith(("https://news.example/", f"http://{both.hostile.place}")) for story in stories)


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "31 Feb 2026", "2099-01-01T00:00:00Z",
        "-1", "0", "1970-01-01T00:00:00Z", "99999999999999999999", "kapan-kapan", "2026-02-22T25:61:61Z",
        "Sun, 22 Feb 2026 09:40:00 +9999",
    ],
)  # fmt: skip
async def test_an_absurd_date_is_no_date(database: Database, date: str) -> None:
    async with beside(database) as both:
        await both.poll(response(rss(item(1, pubDate=date))))
        stories = await both.stories()
    assert [abs(story.published_at - utcnow()) < timedelta(minutes=5) for story in stories] == [True]


async def test_a_sitemap_index_leads_neither_in_circles_nor_to_private_addresses(database: Database) -> None:
    async with beside(database, kind="sitemap") as both:
        places = [f"http://{both.hostile.place}/feed", "http://127.0.0.1:1/x", "file:///etc/passwd"]
        places += [f"http://{both.hostile.place}/{number}" for number in range(1_000)]
        children = "".join(f"<sitemap><loc>{place}</loc></sitemap>" for place in places)
        index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'
        await both.poll(response(index.encode(), kind="application/xml"))
        asked = len(both.hostile.requests)
        assert await both.stories() == []
    assert asked <= 6
