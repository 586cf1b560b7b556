"""Tests that a summary is the first sentences of a story, without datelines, bylines and links."""

import pytest

from bot.stories.reading.summaries import LIMIT, condensed, sentences_of, summary_of


@pytest.mark.parametrize(
    ("markup", "summary"),
    [
        ("<p>JAKARTA, CONTOH.com - Menteri Ratna tiba hari ini.</p>", "Menteri Ratna tiba hari ini."),
        ("Jakarta (KANTOR) - Menteri Ratna tiba hari ini.", "Menteri Ratna tiba hari ini."),
        ("BANDUNG — Warga menanam seribu pohon.", "Warga menanam seribu pohon."),
        ("Contoh.com, Surabaya -- Warga menanam seribu pohon.", "Warga menanam seribu pohon."),
        ("Negeri Awan - Negeri Pasir bermain imbang.", "Negeri Awan - Negeri Pasir bermain imbang."),
        ("Oleh karena itu, warga menunggu hujan", "Oleh karena itu, warga menunggu hujan"),
        ("<p>Foto: Sinta/Contoh</p><p>Oleh: Bayu Aji</p><p>Air surut pagi ini.</p>", "Air surut pagi ini."),
        ("<p>Air surut pagi ini. (Baca juga: Hujan) Jalan dibuka.</p>", "Air surut pagi ini. Jalan dibuka."),
        ("<p>Baca juga: <a>Hujan lagi</a></p><p>Air surut pagi ini.</p>", "Air surut pagi ini."),
        ("<script>var x = 'Air.'</script><p>Air surut pagi ini.</p>", "Air surut pagi ini."),
        ("<p>Baca juga:</p><ul><li>Hujan</li><li>Angin</li></ul><p>Air surut pagi ini.</p>", "Air surut pagi ini."),
        ("<figure><img src=a><figcaption>Ibu di sawah</figcaption></figure><p>Air surut.</p>", "Air surut."),
        ("<p>Pilihan Editor: Hujan lagi</p><p>Air surut pagi ini.</p>", "Air surut pagi ini."),
        ("<p>Dilarang keras mengambil konten</p><p>Air surut pagi ini.</p>", "Air surut pagi ini."),
        ("<p>Halaman sekolah itu luas.</p><p>Baca doa bersama.</p>", "Halaman sekolah itu luas."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_summary_is_the_beginning_of_the_story(markup: str, summary: str) -> None:
    assert summary_of(markup) == summary


def test_a_summary_is_three_sentences_at_most_and_ends_with_one() -> None:
    story = "Hujan turun. Sungai naik. Warga pindah ke balai desa. Sekolah libur."
    assert summary_of(story) == "Hujan turun. Sungai naik. Warga pindah ke balai desa."
    long = " ".join(f"Kalimat nomor {number} yang cukup panjang untuk dihitung sebagai kalimat." for number in range(9))
    summary = summary_of(long * 5)
    assert len(summary) <= LIMIT
    assert summary.endswith(".")


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    for word in ("kata", "kalimat", "berita-berita"):
        summary = summary_of(f"{word} " * 200)
        assert len(summary) <= LIMIT
        assert summary.endswith("…")
        assert set(summary.removesuffix("…").split()) == {word}


def test_the_title_is_not_repeated() -> None:
    assert summary_of("<h1>Banjir surut</h1><p>Air turun sejak pagi di kota.</p>", "Banjir surut") == (
        "Air turun sejak pagi di kota."
    )


def test_abbreviations_numbers_and_quotes_do_not_end_a_sentence() -> None:
    text = 'Prof. Dr. A. Wijaya, S.H., membeli 1.500 bibit seharga Rp. 3.000 per pohon. "Ini awal," katanya. Selesai!'
    assert sentences_of(text) == [
        "Prof. Dr. A. Wijaya, S.H., membeli 1.500 bibit seharga Rp. 3.000 per pohon.",
        '"Ini awal," katanya.',
        "Selesai!",
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Singkat. Padat. Jelas. Cukup."], "Singkat. Padat. Jelas. Cukup."),
        (["BANDUNG — Warga menanam seribu pohon."], "Warga menanam seribu pohon."),
        (["Ratna — menteri yang baru — tiba hari ini."], "Ratna — menteri yang baru — tiba hari ini."),
        (["Oleh: Bayu Aji", "Bandung - Warga menanam seribu pohon."], "Warga menanam seribu pohon."),
        (["Warga menanam pohon.", "Baca juga: Hujan lagi"], "Warga menanam pohon."),
        (["Warga menanam pohon. Baca juga: Hujan lagi"], "Warga menanam pohon."),
        (["Warga menanam pohon, kata Ratna [...]"], "Warga menanam pohon, kata Ratna…"),
        (["Warga menanam pohon.", "The post Seribu pohon appeared first on Contoh."], "Warga menanam pohon."),
        (["Simak cara menanam pohon"], "Simak cara menanam pohon"),
    ],
)
def test_a_sources_own_summary_is_kept_without_labels_and_links(lines: list[str], expected: str) -> None:
    assert condensed(lines) == expected


@pytest.mark.parametrize("text", ["a" + "." * 200_000, "dr. A " * 30_000, "。" * 200_000, '." ' * 60_000])
def test_a_text_with_no_or_countless_sentence_ends_is_cut_to_the_limit(text: str) -> None:
    assert len(summary_of(text)) <= LIMIT  # once took minutes
