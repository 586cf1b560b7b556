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
