"""One reader counts once per story and day, and nothing is kept that names a reader."""

import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.stories.showing.popularity import CLICK, OPENED, SHARED
from bot.stories.showing.readers import Readers, client_address, of_browser, of_chat

JAKARTA = ZoneInfo("Asia/Jakarta")
NOON = datetime(2026, 2, 22, 5, tzinfo=UTC)  # in Jakarta
SARI, OLIVER = of_chat(1001), of_chat(1003)


def test_a_reader_earns_a_story_the_highest_weight_of_the_day() -> None:
    readers = Readers(JAKARTA)
    weights = (OPENED, OPENED, SHARED, SHARED, CLICK, OPENED)
    assert [readers.earn(7, SARI, weight, NOON) for weight in weights] == [1, 0, 2, 0, 0, 0]
    assert readers.earn(7, OLIVER, OPENED, NOON) == 1
    assert readers.earn(8, SARI, OPENED, NOON) == 1


def test_a_day_ends_at_the_newsrooms_midnight() -> None:
    readers = Readers(JAKARTA)
    evening, midnight = NOON + timedelta(hours=11, minutes=59), NOON + timedelta(hours=12)
    assert [readers.earn(7, SARI, OPENED, at) for at in (NOON, evening, midnight, midnight)] == [1, 0, 1, 0]


def test_the_salt_is_another_each_day_and_no_name_of_a_reader_is_kept() -> None:
    readers = Readers(JAKARTA)
    kept, salts = [], []
    for day in range(3):
        readers.earn(7, "browser 198.51.100.7 Mozilla", CLICK, NOON + timedelta(days=day))
        kept.append(set(readers._earned))
        salts.append(readers._salt)
    assert len(set(salts)) == 3
    assert all(len(salt) == 16 for salt in salts)
    assert not kept[0] & kept[1] and not kept[1] & kept[2]
    assert {type(key) for keys in kept for key in keys} == {int}


def test_memory_is_bounded_and_the_oldest_is_forgotten_first() -> None:
    readers = Readers(JAKARTA, at_most=3)
    for number in range(4):
        readers.earn(number, SARI, OPENED, NOON)
    assert len(readers._earned) == 3
    assert [readers.earn(number, SARI, OPENED, NOON) for number in (3, 0)] == [0, 1]


def test_a_full_set_takes_no_more_than_its_bound_says() -> None:
    readers = Readers(JAKARTA)
    for number in range(100_001):
        readers.earn(number, SARI, OPENED, NOON)
    assert sys.getsizeof(readers._earned) + sum(map(sys.getsizeof, readers._earned)) < 20_000_000


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("8.8.8.8", ["198.51.100.7"], "8.8.8.8"),  # not a proxy of ours: anybody can send the header
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("::1", ["198.51.100.7"], "198.51.100.7"),
        ("172.18.0.3", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),  # what the client sent stands before
        ("10.0.0.1", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("::ffff:8.8.8.8", ["198.51.100.7"], "8.8.8.8"),
        (None, ["198.51.100.7"], "198.51.100.7"),  # a Unix socket
        (None, [], ""),
        ("127.0.0.1", ["2404:c0:1234:5678:aaaa:bbbb:cccc:dddd"], "2404:c0:1234:5678::"),
    ],
)
def test_a_proxys_word_counts_only_from_near_and_only_its_last(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    assert client_address(peer, forwarded) == address


def test_browsers_behind_one_address_are_readers_of_their_own() -> None:
    first, second = (of_browser("8.8.8.8", [], agent) for agent in ("Firefox", "Chrome"))
    assert first != second
