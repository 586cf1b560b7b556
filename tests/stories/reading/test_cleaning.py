import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stories.reading.cleaning import MAX_LINK, plain_text, safe_url
from tests.growth import QUADRATIC, growth


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("<p>Satu</p><p>Dua &amp; tiga</p>", "Satu Dua & tiga"),
        ("AT&amp;T", "AT&T"),
        ("a < b & c > d", "a < b & c > d"),
        ("<script>alert(1)</script>Isi<style>p{}</style>", "Isi"),
        ("  banyak\n\n  spasi\t ", "banyak spasi"),
        ("ter\u200bbalik\u202e\u2066!", "terbalik!"),
        ("\ud800patah", "patah"),
        ("keluarga 👩‍👩‍👧‍👦 utuh", "keluarga 👩‍👩‍👧‍👦 utuh"),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("nol\x00\x07 bita", "nol bita"),
        ("<code>&lt;br /&gt;</code> membuat baris baru", "<br /> membuat baris baru"),
        ("&lt;p&gt;Dua kali&lt;/p&gt;", "Dua kali"),
        ("sa<!-- -- tidak ditutup >lah", "salah"),
        ("<!DOCTYPE", "<!DOCTYPE"),
        ("<!' <a href='x'>satu</a>", "<!' satu"),
        ("Grup A<B dan C>D, <<Laskar>> tayang", "Grup A<B dan C>D, <<Laskar>> tayang"),
        ("<o:p>Kata</o:p> <my-tag>kata</my-tag>", "Kata kata"),
        ('<img src="x" alt="🎉"> <img alt="Foto">', "🎉"),
        ("", ""),
    ],
)
def test_text_from_outside_becomes_one_plain_line(given_text: str, shown: str) -> None:
    assert plain_text(given_text) == shown


def test_a_long_text_is_cut_between_words() -> None:
    cut = plain_text("kata " * 100, 42)
    assert len(cut) <= 42
    assert cut.endswith("kata…")


@given(st.text(max_size=300), st.integers(5, 50))
def test_what_comes_out_is_safe_and_short(text: str, limit: int) -> None:
    shown = plain_text(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b") & set(shown)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://news.example/a b", "https://news.example/a%20b"),
        ("/dunia/1", "https://news.example/dunia/1"),
        ("//cdn.example/x.png", "https://cdn.example/x.png"),
        ("HTTP://News.Example/A?b=1&c=2#d", "http://news.example/A?b=1&c=2#d"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://faß.example/a", "https://xn--fa-hia.example/a"),
        ("https://i❤.example/", "https://xn--i-7iq.example/"),
        ("/a.jpg?w=1&amp;amp;h=2&#038;q=3&copy=4", "https://news.example/a.jpg?w=1&h=2&q=3&copy=4"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://user:secret@news.example/", ""),
        ("ftp://news.example/", ""),
        ("https://news.example:99999/", ""),
        ("https://ne\u202ews.example/", ""),
        ("https://news.example/" + "x" * 3000, ""),
    ],
)
def test_only_web_addresses_reach_a_reader(url: str, safe: str) -> None:
    assert safe_url(url, "https://news.example/rubrik/") == safe


def test_only_a_storys_link_may_be_long() -> None:
    address = f"https://news.example/{'x' * 3_000}"
    assert safe_url(address) == ""
    assert safe_url(address, limit=MAX_LINK) == address


@pytest.mark.parametrize("part", ["<head>", "<!--", "<b c>", "<img alt='", "<x", "</head>", "<script>"])
def test_a_title_of_nothing_but_markup_takes_no_longer_than_another(part: str) -> None:
    assert growth(lambda count: plain_text(part * count, 300, is_title=True), 10_000) < QUADRATIC


@given(st.text(max_size=100))
def test_no_address_makes_it_fail(url: str) -> None:
    assert safe_url(url) == "" or safe_url(url).startswith(("http://", "https://"))
