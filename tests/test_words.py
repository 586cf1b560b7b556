import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import STEMS_AT_MOST, misspellings, related, stems, words

RELATED = (
    "memakan makan", "dimakan makan", "makanan makan", "memakan makanan", "pemilihan pilih", "kenaikan naik",
    "penyanyi menyanyi", "menulis tulisan", "keberhasilan hasil", "diperbaiki baik", "penerimaan terima",
    "pembangunan bangun", "perekonomian ekonomi", "menewaskan tewas", "mengungsi pengungsi", "seorang orang",
    "bekerja kerja", "pekerja kerja", "pengeboman bom", "memproduksi produksi", "mempertanyakan tanya",
    "pertemuan bertemu", "kecelakaan celaka", "korupsinya korupsi", "hukuman hukum", "terdakwa dakwa",
    "memenangkan kemenangan", "penyerangan menyerang", "pengiriman mengirim", "ditangkap menangkap", "rumahnya rumah",
    "running run", "making make", "changed change", "flooding floods", "elections elected", "stories story",
    "donations donate", "governments government",
)  # fmt: skip
STRANGERS = (
    "makan makam", "banjir banjar", "bulan bulu", "jalan jala", "harga hari", "tangan tang", "ikan ika",
    "politik politisi", "presiden residen",
)  # fmt: skip


@pytest.mark.parametrize("pair", RELATED)
def test_forms_of_one_word_are_related(pair: str) -> None:
    assert related(*pair.split())


@pytest.mark.parametrize("pair", STRANGERS)
def test_words_that_look_alike_are_not(pair: str) -> None:
    assert not related(*pair.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Panén raya, di É.", ["panen", "raya", "di", "e"]),
        ("100%_'\";-- DROP", ["100", "drop"]),
        ("ﬁnal Straße", ["final", "strasse"]),
        ("мир", ["xd0bcd0b8d180"]),
        ("\x00🔥 \u200b", []),
    ],
)
def test_a_text_is_taken_apart_into_plain_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@given(st.text(max_size=300))
def test_no_text_makes_a_word_that_an_index_could_misread(text: str) -> None:
    for word in words(text):
        assert re.fullmatch("[a-z0-9]{1,400}", word)
        for stem in stems(word):
            assert re.fullmatch("[a-z0-9]{1,400}", stem)
        assert stems(word)[0] == word
        assert len(stems(word)) <= STEMS_AT_MOST


def test_a_misspelling_has_one_letter_otherwise() -> None:
    for wrong in ("banjr", "baanjir", "banjor", "bnajir"):
        assert "banjir" in misspellings(wrong)
    assert "banjir" not in misspellings("bnjr")
