"""Search, on both databases: what is found, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.storage.engine import Database
from bot.storage.fulltext import body_of
from bot.storage.models import Story, StoryState
from bot.stories.showing import indexing
from bot.stories.showing.search import TERMS_AT_MOST, Found, How, Term, search, terms_of

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)


def words_of(text: str) -> list[tuple[str, ...]]:
    return [term.words for term in terms_of(text)]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("harga beras", [("harga",), ("beras",)]),
        ('"harga beras" naik', [("harga", "beras"), ("naik",)]),
        ("“harga beras” naik", [("harga", "beras"), ("naik",)]),
        ('naik "harga beras', [("naik",), ("harga",), ("beras",)]),
        ('"" "beras"', [("beras",)]),
        ("beras BERAS Béras", [("beras",)]),
        ("harga di pasar", [("harga",), ("pasar",)]),
        ("di yang", [("di",), ("yang",)]),
        ("'; DROP TABLE stories; -- NEAR(* \"", [("drop",), ("table",), ("stories",), ("near",)]),
        ("🔥 ...", []),
        ("", []),
    ],
)
def test_a_query_is_taken_apart_into_words_and_phrases(text: str, terms: list[tuple[str, ...]]) -> None:
    assert words_of(text) == terms


def test_only_so_many_words_count() -> None:
    assert len(terms_of("a1 a2 a3 a4 a5 a6 a7 a8 a9 a10")) == TERMS_AT_MOST
    assert len(terms_of('"' + "kata lain " * 90 + '"')[0].words) <= 8
    assert len(terms_of("ﷺ" * 100_000)) <= TERMS_AT_MOST


def test_only_the_last_word_may_be_unfinished() -> None:
    assert terms_of("harga ber") == [Term(("harga",)), Term(("ber",), begins=True)]
    assert terms_of('harga "ber"') == [Term(("harga",)), Term(("ber",), begins=False)]


class Shelf:
    """Stories that a test stores, one minute apart, the later ones newer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.stored = 0

    async def add(self, title: str, summary: str = "", author: str = "", text: str = "", **more: Any) -> None:
        self.stored += 1
        at = NOW + timedelta(minutes=self.stored)
        times = {"published_at": at, "first_seen_at": at, "updated_at": at}
        async with self.database.write() as session:
            said = {"title": title, "summary": summary, "author": author, **times, **more}
            story = Story(source_id="dunia", url="", **said)
            session.add(story)
            await session.flush()
            await indexing.keep(session, [story])
            await indexing.keep_body(session, story.id, body_of(text))

    async def search(self, words: str, **page: int) -> Found:
        async with self.database.read() as session:
            return await search(session, words, **page)

    async def titles(self, words: str) -> list[str]:
        return [story.title for story in (await self.search(words)).stretch.stories]


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)


async def test_words_are_found_in_all_forms_and_everywhere_the_best_first(shelf: Shelf) -> None:
    await shelf.add("Warga makan siang bersama")
    await shelf.add("Buaya memakan ternak warga")
    await shelf.add("Pasar malam", summary="Pengunjung memuji makanan dari pesisir.")
    await shelf.add("Pasar pagi", summary="Banyak yang makan di sana.")
    await shelf.add("Rapat desa", text="Sesudah rapat, ikan dimakan bersama.")
    await shelf.add("Kapal riset tiba", author="Wulan Prameswari")
    assert await shelf.titles("makan") == [
        "Warga makan siang bersama",
        "Pasar pagi",
        "Buaya memakan ternak warga",
        "Pasar malam",
        "Rapat desa",
    ]
    assert (await shelf.titles("memakan"))[0] == "Buaya memakan ternak warga"
    assert set(await shelf.titles("dimakan")) >= {"Rapat desa", "Warga makan siang bersama", "Pasar malam"}
    assert await shelf.titles("wulan") == ["Kapal riset tiba"]
    assert await shelf.titles("riset kap") == ["Kapal riset tiba"]


async def test_a_phrase_in_quotes_stands_as_it_is_written(shelf: Shelf) -> None:
    await shelf.add("Beras: harga naik")
    await shelf.add("Harga beras naik")
    await shelf.add("Berita pasar", summary="Kata pedagang, harga beras turun.")
    await shelf.add("Rapat", text="Kata mereka harga beras tetap.")
    assert await shelf.titles('"harga beras"') == ["Harga beras naik", "Berita pasar", "Rapat"]
    assert (await shelf.search('"naik berita"')).how is How.NEAREST
    assert len(await shelf.titles("harga beras")) == 4


async def test_one_wrong_letter_is_forgiven_and_said(shelf: Shelf) -> None:
    await shelf.add("Banjir surut di kota")
    await shelf.add("Panen raya")
    for wrong in ("banjr", "bnajir", "banjirr", "bamjir surut"):
        found = await shelf.search(wrong)
        assert [story.title for story in found.stretch.stories] == ["Banjir surut di kota"]
        assert (found.how, found.spelled) == (How.SPELLED, ("banjir",))
    assert (await shelf.search("banjir")).how is How.ALL


async def test_where_no_story_has_all_words_the_best_have_most(shelf: Shelf) -> None:
    await shelf.add("Harga cabai naik")
    await shelf.add("Harga beras turun di pasar")
    await shelf.add("Lomba perahu")
    found = await shelf.search("harga beras melonjak")
    assert found.how is How.SOME
    assert [story.title for story in found.stretch.stories] == ["Harga beras turun di pasar"]
    assert [story.title for story in (await shelf.search("perahu melonjak hebat")).stretch.stories] == ["Lomba perahu"]


async def test_nothing_found_offers_the_nearest_titles(shelf: Shelf) -> None:
    await shelf.add("Pemilihan kepala desa")
    await shelf.add("Panen raya")
    found = await shelf.search("pemilukada")
    assert found.how in (How.NEAREST, How.NOTHING)
    found = await shelf.search("pemlihann")
    assert (found.how, [story.title for story in found.stretch.stories]) == (How.NEAREST, ["Pemilihan kepala desa"])
    found = await shelf.search("zzzzzz")
    assert (found.how, found.stretch.stories) == (How.NOTHING, [])


async def test_withdrawn_stories_copies_and_later_ones_are_left_out(shelf: Shelf) -> None:
    await shelf.add("Banjir satu")
    await shelf.add("Banjir dua", state=StoryState.RETRACTED)
    await shelf.add("Banjir tiga", copy_of=1)
    first = await shelf.search("banjir")
    await shelf.add("Banjir empat")
    again = await shelf.search("banjir", anchor=first.stretch.anchor)
    assert [story.title for story in again.stretch.stories] == ["Banjir satu"]


async def test_results_are_paged_in_one_order(shelf: Shelf) -> None:
    for number in range(25):
        await shelf.add(f"Banjir nomor {number}")
    pages = [await shelf.search("banjir", anchor=25, offset=offset) for offset in (0, 10, 20, 30)]
    found = [story.title for page in pages for story in page.stretch.stories]
    assert found == [f"Banjir nomor {number}" for number in reversed(range(25))]
    assert [page.stretch.more for page in pages] == [True, True, False, False]


async def test_a_corrected_story_is_found_by_its_new_words_only(shelf: Shelf) -> None:
    await shelf.add("Banjir surut", text="Jembatan ditutup.")
    async with shelf.database.write() as session:
        story = await session.get_one(Story, 1)
        story.title = "Gempa reda"
        await indexing.keep(session, [story])
    assert (await shelf.search("banjir")).how is not How.ALL
    assert await shelf.titles("gempa") == await shelf.titles("jembatan") == ["Gempa reda"]
    async with shelf.database.write() as session:
        await session.delete(await session.get_one(Story, 1))
    assert await shelf.titles("gempa") == []


HOSTILE = (
    "'", '"', '"""', "\\", "%", "_", "*", "a*", ":*", "!", "&", "|", "<->", "(", ")", "((((", "NEAR(a b)", "a AND",
    "OR", "NOT", "lead:x", "-x", "^x", "{a b}", "\x00", "x" * 5000, "a " * 2000, "ﷺ" * 300, "日本語 ニュース",
    "🔥" * 100, "'; DROP TABLE stories; --", '"' * 301, "a" + "\u0301" * 500, "İstanbul ß ſ",
    "0x1e5 1e5 -3.4e-5 a@b.c http://a.b/c",
)  # fmt: skip


async def test_no_query_breaks_the_search(shelf: Shelf) -> None:
    await shelf.add("Kabar 1e5 dari http://a.b/c", summary="a@b.c 日本語 ١٢٣")
    for text in HOSTILE:
        await shelf.search(text)
    for text in ("1e5", "日本語", "١٢٣"):
        assert await shelf.titles(text)
