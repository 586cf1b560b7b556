"""Whether a text is another site's again."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import utcnow
from bot.stories.reading.addresses import site_of
from bot.stories.telling.copies import RecentStories, Text

NOW = utcnow()
PAIRS = json.loads(Path(__file__).with_name("developments.json").read_text(encoding="utf-8"))


def text(title: str, summary: str, number: int = 1) -> Text:
    return Text.of(number, f"s{number}", f"https://s{number}.example/{number}", NOW, title, summary)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: str(pair["other"][0]))
@pytest.mark.parametrize("first", ["one", "other"])
def test_what_came_after_is_news_and_one_text_again_is_not(pair: dict[str, list[str]], first: str) -> None:
    second = {"one": "other", "other": "one"}[first]
    known = RecentStories()
    known.add(text(*pair[first], number=1))
    found = known.originals_of(text(*pair[second], number=2))
    assert found == ([1] if pair["same"] else [])


FLOOD = (
    "Banjir surut di tiga desa",
    "Warga membersihkan lumpur dari rumah setelah air yang menggenang kampung di tepi sungai "
    "akhirnya surut, kata kepala desa.",
)


@pytest.mark.parametrize(
    ("title", "summary", "same"),
    [
        (*FLOOD, True),
        ("Di tiga desa banjir telah surut", FLOOD[1], True),
        ("FOTO: Banjir surut di tiga desa", "ARGASARI (ANTARA) — " + FLOOD[1], True),
        (FLOOD[0], FLOOD[1][:80] + "…", True),
        ("Banjir surut di empat desa", FLOOD[1], False),
        ("Banjir belum surut di tiga desa", FLOOD[1], False),
        ("Banjir surut di tiga desa Argasari", FLOOD[1], False),
        (FLOOD[0], FLOOD[1] + " Dua orang meninggal.", False),
        (FLOOD[0], FLOOD[1] + " Seorang warga bernama Rahmat hilang.", False),
        (FLOOD[0], FLOOD[1].replace("surut", "naik"), False),
        (FLOOD[0], "", False),
    ],
)
def test_one_word_of_news_more_makes_it_another_story(title: str, summary: str, same: bool) -> None:
    assert text(title, summary, 2).is_copy_of(text(*FLOOD)) is same


def test_two_addresses_of_one_site_are_two_stories_however_alike_their_words() -> None:
    one = Text.of(1, "a", "https://news.example/1", NOW, *FLOOD)
    assert not Text.of(2, "b", "https://m.news.example/2", NOW, *FLOOD).is_copy_of(one)
    assert not Text.of(2, "a", "https://lain.example/2", NOW, *FLOOD).is_copy_of(one)
    assert not Text.of(2, "b", "https://lain.example/2", NOW - timedelta(days=3), *FLOOD).is_copy_of(one)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.news.example/a", "news.example"),
        ("https://jateng.antara.co.id/a", "antara.co.id"),
        ("https://kompas.id/a", "kompas.id"),
        ("http://127.0.0.1:8001/a", "127.0.0.1:8001"),
        ("http://localhost:8001/a", "localhost:8001"),
    ],
)
def test_a_site_is_its_registered_domain(url: str, site: str) -> None:
    assert site_of(url) == site


def test_on_labelled_pairs_no_copy_is_false() -> None:
    """140 invented pairs, made to be hard: templates, developments and opposites differ by a word or a number."""
    pairs = json.loads(Path(__file__).with_name("pairs.json").read_text(encoding="utf-8"))
    merged = Counter(
        pair["same"] for pair in pairs if text(**pair["other"], number=2).is_copy_of(text(**pair["one"], number=1))
    )
    assert merged[False] == 0
