"""The same news twice is one story; two stories of one event are two."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bot.clock import utcnow
from bot.stories.telling.duplicates import RecentStories, Text

NOW = utcnow()


def text(id: int, title: str, summary: str, source: str = "") -> Text:
    return Text.of(id, source or str(id), NOW, title, summary)


def closest(new: Text, known: list[Text]) -> int | None:
    recent = RecentStories()
    for each in known:
        recent.add(each)
    return recent.closest(new)


FLOOD_SUMMARY = (
    "Warga mulai membersihkan lumpur dari rumah mereka setelah air yang menggenang sejak Senin malam akhirnya surut."
)
FLOOD = text(1, "Banjir surut di tiga desa Kabupaten Tanah Merah", FLOOD_SUMMARY)
HARVEST = text(
    2,
    "Panen raya di lereng utara melimpah",
    "Petani memanen sejak subuh di lereng utara, dan harga kopi di pasar kabupaten naik dibanding musim lalu.",
)
KNOWN = [FLOOD, HARVEST]


def test_an_agencys_copy_is_the_same_story() -> None:
    copy = text(
        0,
        "Banjir di tiga desa Kabupaten Tanah Merah surut",
        "Warga mulai membersihkan lumpur dari rumah setelah air yang menggenang sejak Senin malam akhirnya surut.",
    )
    assert closest(copy, KNOWN) == 1


def test_another_story_of_the_same_event_is_another_story() -> None:
    reaction = text(
        0,
        "Bupati janjikan bantuan bagi korban banjir Tanah Merah",
        "Bupati mengatakan bantuan beras dan selimut tiba besok bagi warga tiga desa yang rumahnya terendam lumpur.",
    )
    assert closest(reaction, KNOWN) is None


def test_a_number_that_differs_tells_stories_apart() -> None:
    def quake(id: int, strength: str, place: str) -> Text:
        summary = f"Gempa bermagnitudo {strength} mengguncang {place} siang ini tanpa ancaman tsunami, kata badan itu."
        return text(id, f"Gempa M {strength} guncang {place}", summary)

    assert closest(quake(0, "6,1", "Teluk Awan"), [quake(1, "5,2", "Teluk Awan"), FLOOD]) is None
    assert closest(quake(0, "5,2", "Teluk Awan"), [quake(1, "5,2", "Teluk Awan"), FLOOD]) == 1


def test_too_few_words_tell_nothing() -> None:
    assert closest(text(0, "Banjir surut", ""), [text(1, "Banjir surut", "")]) is None
    assert closest(FLOOD, []) is None


def test_only_another_sources_recent_story_is_repeated() -> None:
    copy = Text.of(0, "lain", NOW, "Banjir surut di tiga desa", FLOOD_SUMMARY)
    assert closest(copy, [text(1, "Banjir surut di tiga desa", FLOOD_SUMMARY)]) == 1
    assert closest(copy, [text(1, "Banjir surut di tiga desa", FLOOD_SUMMARY, source="lain")]) is None
    earlier = Text.of(1, "satu", NOW - timedelta(days=3), "Banjir surut di tiga desa", FLOOD_SUMMARY)
    assert closest(copy, [earlier]) is None


def test_on_labelled_pairs_few_merges_are_false_and_copies_are_found() -> None:
    """140 invented pairs, made to be hard: templates, developments and opposites differ by a word or a number."""
    pairs = json.loads(Path(__file__).with_name("pairs.json").read_text(encoding="utf-8"))
    recent = RecentStories()
    for number, pair in enumerate(pairs, 1):
        recent.add(text(number, **pair["one"], source="one"))
    merged = [
        (pair["same"], pair["kind"])
        for number, pair in enumerate(pairs, 1)
        if recent.closest(text(0, **pair["other"], source="other")) == number
    ]
    kinds = Counter(kind for same, kind in merged if same)
    assert sum(same for same, _ in merged) / len(merged) > 0.85  # 24 of 27
    assert kinds["agency-copy"] >= 13  # of 14
    assert kinds["two-sections"] + kinds["republished"] >= 11  # of 14
