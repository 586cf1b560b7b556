from typing import Any

import pytest

from bot.clock import utcnow
from bot.delivery import revisions
from bot.storage.models import Story


def story() -> Story:
    now = utcnow()
    return Story(
        source_id="dunia",
        title="Kereta malam",
        url="https://news.example/1",
        published_at=now,
        first_seen_at=now,
        updated_at=now,
    )


def test_a_story_that_returns_to_its_words_returns_to_their_number() -> None:
    one = story()
    numbers = []
    for title in ("Kereta malam", "Kereta pagi", "Kereta malam"):
        one.title = title
        revisions.note(one)
        numbers.append(one.revision)
    assert numbers == [1, 2, 1]


def test_a_story_that_never_stays_the_same_is_not_numbered_for_ever() -> None:
    one = story()
    for number in range(revisions.AT_MOST + 5):
        one.summary = f"Dibaca {number} kali"
        revisions.note(one)
    assert (one.revision, len(one.revisions)) == (revisions.AT_MOST, revisions.AT_MOST)
    assert not revisions.note(one)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Kereta pagi"),
        ("summary", "Ringkasan"),
        ("url", "https://news.example/2"),
        ("author", "Sari"),
        ("image_caption", "Kereta di stasiun"),
        ("image_url", "https://news.example/foto.jpg"),
        ("is_update", True),
    ],
)
def test_whatever_a_reader_sees_makes_another_revision(field: str, value: Any) -> None:
    one = story()
    revisions.note(one)
    before = getattr(one, field)
    setattr(one, field, value)
    assert revisions.note(one)
    assert not revisions.note(one)
    setattr(one, field, before)
    assert revisions.note(one)
    assert (one.revision, len(one.revisions)) == (1, 2)


@pytest.mark.parametrize(
    "changed", [{"section": "politik"}, {"image_file_id": "AgAC"}, {"state": "retracted"}], ids=lambda value: f"{value}"
)
def test_what_a_copy_does_not_show_makes_none(changed: dict[str, Any]) -> None:
    one = story()
    revisions.note(one)
    for field, value in changed.items():
        setattr(one, field, value)
    assert not revisions.note(one)


def test_the_first_content_is_number_one_and_is_no_change() -> None:
    one = story()
    assert not revisions.note(one)
    assert (one.revision, len(one.revisions)) == (1, 1)


def test_the_words_of_one_field_are_not_those_of_the_next() -> None:
    one = story()
    one.title, one.summary = "Kereta", "malam tiba"
    revisions.note(one)
    one.title, one.summary = "Kereta malam", "tiba"
    assert revisions.note(one)
    one.title, one.summary = "Keretamalam tiba", ""
    assert revisions.note(one)


def test_which_revisions_had_the_present_photo() -> None:
    one = story()
    for title, photo in (("Satu", "a.jpg"), ("Dua", "a.jpg"), ("Tiga", "b.jpg"), ("Empat", ""), ("Lima", "a.jpg")):
        one.title, one.image_url = title, photo
        revisions.note(one)
    assert [revisions.same_photo(one, number) for number in range(-1, 8)] == [
        *(False, False),
        *(True, True, False, False, True),
        *(False, False),
    ]


def test_copies_of_before_revisions_were_kept_have_no_known_photo() -> None:
    assert not revisions.same_photo(story(), 1)


def test_a_story_may_have_a_thousand_contents() -> None:
    one = story()
    one.revisions = [f"{number:012}:x" for number in range(999)]
    assert revisions.note(one)
    assert (one.revision, len(one.revisions)) == (1000, 1000)
    one.title = "Yang kesekian"
    assert not revisions.note(one)


def test_another_caption_is_another_revision() -> None:
    one = story()
    one.image_caption = "Kereta di stasiun"
    revisions.note(one)
    one.image_caption = "Kereta di jembatan"
    assert revisions.note(one)


def test_contents_that_were_noted_by_earlier_versions_are_recognised() -> None:
    one = story()
    revisions.note(one)
    assert one.revisions == ["b249cf8b09d0:ef6e31b489af"]  # as it stands in databases
