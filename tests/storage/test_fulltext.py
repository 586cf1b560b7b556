import pytest

from bot.storage.fulltext import WORDS_OF_BODY, AllOf, AnyOf, Phrase, Query, Word, body_of, lead_of, written


@pytest.mark.parametrize(
    ("query", "fts5", "tsquery"),
    [
        (Word("aharga"), "aharga", "aharga"),
        (Word("ahar", begins=True), "ahar*", "ahar:*"),
        (Phrase(("aharga", "aberas")), '"aharga aberas"', "(aharga <-> aberas)"),
        (
            AllOf((Word("aharga"), AnyOf((Word("aberas"), Word("bberas"))))),
            "(aharga AND (aberas OR bberas))",
            "(aharga & (aberas | bberas))",
        ),
    ],
)
def test_a_query_is_written_for_each_database(query: Query, fts5: str, tsquery: str) -> None:
    assert written(query, fts5=True) == fts5
    assert written(query, fts5=False) == tsquery


@pytest.mark.parametrize("word", ["", "a b", "a'", 'a"', "a*", "A", "é", "a:b", "NEAR("])
def test_what_is_no_word_is_refused(word: str) -> None:
    for fts5 in (True, False):
        with pytest.raises(ValueError, match="no word of the index"):
            written(Word(word), fts5=fts5)


def test_words_are_marked_by_their_place_and_stems_follow() -> None:
    lead = lead_of("Dimakan buaya", "Beras", "Wulan").split()
    assert lead[:6] == ["adimakan", "abuaya", "z", "cberas", "z", "cwulan"]
    assert "bmakan" in lead[6:]
    assert not {"bdimakan", "bbuaya", "dberas"} & set(lead)


def test_of_a_long_text_the_beginning_counts() -> None:
    assert body_of("Ia memakan").split()[:2] == ["eia", "ememakan"]
    assert len(body_of("kata " * 100_000).split()) == WORDS_OF_BODY
