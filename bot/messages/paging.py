"""Keyboards and lists of names that grow with the newsroom: shown in pages, or shortened, so that Telegram takes them.

A page of PAGE buttons, with the longest names and data, is below the 10,000 bytes that Telegram accepts of a keyboard.
Pages are numbered from 1. A number that is out of range, such as one from an old message, is the nearest page.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.i18n import Language
from bot.messages.buttons import Button
from bot.messages.text import Rows

PAGE = 24
NAMES_SHOWN = 10

Item = TypeVar("Item")


def count_of(items: int) -> int:
    """The number of pages; at least 1."""
    return max(1, -(-items // PAGE))


def page_of(place: int, items: int) -> int:
    """The page with the item at `place`, counted from 0."""
    return place // _size(items) + 1


def nearest(page: int, items: int) -> int:
    return min(max(page, 1), count_of(items))


def on_page(items: Sequence[Item], page: int) -> Sequence[Item]:
    """The items of the page. All pages are about equally long, so that no last page has a single button."""
    size = _size(len(items))
    start = (nearest(page, len(items)) - 1) * size
    return items[start : start + size]


def _size(items: int) -> int:
    """Items on a page: an even number, since they stand in rows of two."""
    size = max(1, -(-items // count_of(items)))
    return size + size % 2


def turners(language: Language, items: int, page: int, to_page: Callable[[int], Button]) -> Rows:
    """The row of buttons to the pages before and after; no row if there is one page."""
    here, last = nearest(page, items), count_of(items)
    row = []
    if here > 1:
        row.append(to_page(here - 1).labelled(language._("‹ Previous")))
    if here < last:
        row.append(to_page(here + 1).labelled(language._("More ›")))
    return (tuple(row),) if row else ()


def position(language: Language, items: int, page: int) -> str:
    """Which page of how many this is; "" if there is only one."""
    if count_of(items) == 1:
        return ""
    numbers = {"page": language.number(nearest(page, items)), "pages": language.number(count_of(items))}
    return language._("Page {page} of {pages}").format(**numbers)


def some_of(language: Language, names: Sequence[str], shown: int = NAMES_SHOWN) -> str:
    """The first names, and how many more there are."""
    first = ", ".join(names[:shown])
    left = len(names) - shown
    if left <= 0:
        return first
    words = language.ngettext("{names} and {count} more", "{names} and {count} more", left)
    return words.format(names=first, count=language.number(left))
