"""In which encoding a document is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stories.reading.decoding import decode
from bot.stories.reading.encoding_labels import codec_of
from tests.growth import QUADRATIC, growth


def declared(label: str, content: bytes) -> bytes:
    return f'<?xml version="1.0" encoding="{label}"?><t>'.encode() + content + b"</t>"


def inside(text: str) -> str:
    return text.partition("<t>")[2].removesuffix("</t>")


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gbk", "人民网讯 今天上午新桥通车"),
        ("x-gbk", "gbk", "镕基"),
        ("Shift_JIS", "cp932", "知事「①避難所を開設」㈱丸八 髙橋さん"),
        ("x-sjis", "cp932", "①"),
        ("windows-31j", "cp932", "髙"),
        ("Big5", "big5hkscs", "市長「開通」新橋…碁銹"),
        ("euc-jp", "euc_jis_2004", "①知事"),
        ("x-euc-jp", "euc_jp", "知事が協力"),
        ("iso-2022-jp", "iso2022_jp", "知事が協力"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("x-cp1251", "cp1251", "Привет"),
        ("koi8", "koi8_r", "Привет"),
        ("tis-620", "cp874", "สวัสดี…"),
        ("iso-8859-1", "cp1252", "“Kapal” – €5"),
        ("us-ascii", "cp1252", "café"),
        ("x-mac-roman", "mac_roman", "café"),
    ],
)
def test_a_declared_encoding_is_the_webs_of_that_name(label: str, codec: str, text: str) -> None:
    assert inside(decode(declared(label, text.encode(codec)))) == text
    assert decode(text.encode(codec), f"text/xml; charset={label}") == text


@pytest.mark.parametrize("codec", ["gbk", "cp932", "big5", "euc_jp", "cp949"])
def test_one_damaged_byte_does_not_change_the_encoding(codec: str) -> None:
    whole = ("新橋今日開通" * 20).encode(codec)
    read = inside(decode(declared(codec, whole[:40] + b"\xff" + whole[40:])))
    assert read.startswith("新橋今日開通" * 3)
    assert read.endswith("新橋今日開通" * 15)
    assert len(read) == 6 * 20 + 1


def test_what_is_utf_8_is_read_as_it_whatever_was_declared() -> None:
    assert decode("Café".encode(), "text/xml; charset=iso-8859-1") == "Café"
    assert inside(decode(declared("gb2312", "Café “Kapal”".encode()))) == "Café “Kapal”"
    assert decode(("Café “Kapal” " * 20).encode()[:-6] + b"\xe2").startswith("Café “Kapal”")


def test_a_wrong_declaration_of_a_multi_byte_encoding_is_not_believed() -> None:
    assert inside(decode(declared("gbk", "é à ü – ñ ø".encode("cp1252")))) == "é à ü – ñ ø"


def test_bytes_that_a_one_byte_encoding_leaves_out_do_not_fail() -> None:
    assert decode(b"a\x81\xe9", "text/xml; charset=iso-8859-1") == "a\x81é"


@pytest.mark.parametrize(
    "label", ["idna", "punycode", "rot13", "base64", "zlib", "unicode_escape", "utf-7", "nothing", ""]
)
def test_what_is_no_encoding_of_text_is_not_used(label: str) -> None:
    assert codec_of(label) == ""


@given(st.binary(max_size=300), st.sampled_from(["gbk", "shift_jis", "euc-jp", "iso-2022-jp", "utf-16", "big5", "x-y"]))
def test_no_bytes_make_it_fail(body: bytes, label: str) -> None:
    assert isinstance(decode(body, f"text/xml; charset={label}"), str)
    assert isinstance(decode(declared(label, body)), str)


@pytest.mark.parametrize("label", ["gbk", "shift_jis", "euc-jp", "big5", "iso-2022-jp", "cp1252"])
def test_a_large_document_of_damaged_bytes_takes_no_longer_than_another(label: str) -> None:
    content_type = f"text/xml; charset={label}"
    for byte in (b"\x81", b"\xff", b"\x1b\x81"):
        assert growth(lambda size, byte=byte: decode(byte * size, content_type), 100_000) < QUADRATIC
