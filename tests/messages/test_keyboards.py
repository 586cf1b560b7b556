"""Keyboards that grow with the newsroom keep to the Bot API's limits; walking their pages reaches every section."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import targets
from bot.audience import segments
from bot.config import Newsroom
from bot.i18n import Language, load_language
from bot.messages import broadcasts, buttons, menus
from bot.messages.buttons import Button
from bot.messages.text import TEXT_LIMIT, Message, utf16_length
from bot.sandbox.text import check_keyboard, check_text
from bot.storage.models import Push

COUNTS = (0, 1, 23, 24, 25, 100, 113, 200)
LONGEST_NAME = "Ω" * 59 + "😀"

Draw = Callable[[Newsroom, Language, int], Message]


def newsroom(count: int, name: str = "") -> Newsroom:
    """A newsroom with so many sections; all are called `name` if that is given."""
    sections = [
        {"slug": f"s{number}".ljust(32, "-"), "names": {"id": name or f"Rubrik {number}"}} for number in range(count)
    ]
    return Newsroom.model_validate(
        {"newsroom": {"name": "Kabar Contoh", "url": "https://news.example"}, "sections": sections}
    )


def everything(news: Newsroom) -> frozenset[str]:
    return frozenset((targets.UPDATE, *map(targets.of_section, news.slugs)))


def draft(followed: Iterable[str]) -> Push:
    """A broadcast to the followers of these."""
    audience = segments.of_targets(sorted(followed))
    push = Push(
        kind="broadcast", lane=2, state="draft", audience=audience, created_at=datetime(2026, 2, 22, tzinfo=UTC)
    )
    push.id = 10**9
    return push


DRAWN: dict[str, Draw] = {
    "sections": lambda news, language, page: menus.sections(news, language, page),
    "following nothing": lambda news, language, page: menus.following(news, language, frozenset(), page),
    "following everything": lambda news, language, page: menus.following(news, language, everything(news), page),
    "greeting": lambda news, language, page: menus.welcome(news, language, frozenset(), page),
    "greeting a follower": lambda news, language, page: menus.welcome(news, language, everything(news), page),
    "audience": lambda news, language, page: broadcasts.ask_audience(news, language, draft(everything(news)), page),
}
EVERY_KEYBOARD = pytest.mark.parametrize("name", DRAWN)


def check(message: Message) -> None:
    """Telegram takes the message as it is."""
    _, params = message.call()
    assert utf16_length(message.text) <= TEXT_LIMIT
    check_text(message.text, params.get("entities"), limit=TEXT_LIMIT, what="text")
    keyboard = check_keyboard(params.get("reply_markup"))
    rows = keyboard["inline_keyboard"] if keyboard else []
    assert sum(map(len, rows)) <= 100
    assert all(len(row) <= 8 for row in rows)


def buttons_of(message: Message) -> list[Button]:
    read = [buttons.parse(str(each.callback_data)) for row in message.rows for each in row]
    assert None not in read
    return [each for each in read if each is not None]


def pages(message: Message) -> list[int]:
    """The pages that the message's buttons lead to."""
    return [each.page for each in buttons_of(message) if isinstance(each, buttons.PAGES)]


def slugs_on(message: Message) -> list[str]:
    found = []
    for each in buttons_of(message):
        values: Any = each
        if isinstance(each, buttons.OpenSection):
            found.append(str(values.slug))
        elif isinstance(each, buttons.Choose | buttons.ChooseInGreeting | buttons.ChooseAudience):
            found.append(targets.section_of(values.target))
    return [slug for slug in found if slug]


@EVERY_KEYBOARD
@pytest.mark.parametrize("count", COUNTS)
def test_every_section_is_reached_once_by_walking_the_pages(name: str, count: int) -> None:
    news, language = newsroom(count), load_language("id")
    seen: list[str] = []
    page, last = 1, 0
    while page > last:
        message = DRAWN[name](news, language, page)
        check(message)
        seen += slugs_on(message)
        assert set(pages(message)) <= {page - 1, page + 1}
        assert page == 1 or page - 1 in pages(message)
        last, page = page, max(pages(message), default=0)
    assert seen == list(news.slugs)


@EVERY_KEYBOARD
@pytest.mark.parametrize("count", [24, 200])
def test_a_page_of_the_longest_names_is_within_the_limits(name: str, count: int) -> None:
    news = newsroom(count, LONGEST_NAME)
    for code in ("id", "en"):
        for page in range(1, 10):
            check(DRAWN[name](news, load_language(code), page))


@EVERY_KEYBOARD
def test_a_page_that_is_no_longer_there_is_the_nearest_one(name: str) -> None:
    language = load_language("id")
    for page, there in ((0, 1), (99, 9), (10**17, 9)):
        assert DRAWN[name](newsroom(200), language, page) == DRAWN[name](newsroom(200), language, there)
    assert pages(DRAWN[name](newsroom(24), language, 3)) == []


@EVERY_KEYBOARD
def test_the_pages_are_about_equally_long(name: str) -> None:
    first, second = (len(slugs_on(DRAWN[name](newsroom(25), load_language("id"), page))) for page in (1, 2))
    assert (first, second) == (14, 11)  # the rows of the first page are full


def test_what_is_followed_is_named_where_it_does_not_fit_on_one_page() -> None:
    news, language = newsroom(200), load_language("en")
    followed = frozenset((targets.UPDATE, targets.of_section(news.slugs[150]), "section:removed"))
    text = menus.following(news, language, followed, 1).text
    assert "You follow 2 of 201: UPDATE, Rubrik 150" in text
    assert "Page 1 of 9" in text
    many = menus.following(news, language, everything(news), 1).text
    assert "You follow 201 of 201: UPDATE, Rubrik 0, " in many
    assert "and 191 more" in many


def test_an_audience_over_several_pages_is_named() -> None:
    news = newsroom(200)
    push = draft([targets.of_section(news.slugs[150])])
    assert "To: Rubrik 150" in broadcasts.ask_audience(news, load_language("en"), push, 1).text


def test_a_choice_leads_to_the_page_that_it_is_on() -> None:
    news = newsroom(200)
    for page in range(1, 10):
        for slug in slugs_on(menus.sections(news, load_language("en"), page)):
            assert menus.page_with(news, targets.of_section(slug)) == page
    assert menus.page_with(news, targets.UPDATE) == menus.page_with(news, "section:removed") == 1


@pytest.mark.parametrize("count", COUNTS)
def test_an_unknown_section_is_answered_with_those_that_are_like_it(count: int) -> None:
    for name in ("", LONGEST_NAME):
        for asked in ("rubrik 17", "x" * 4000, LONGEST_NAME, ""):
            check(menus.unknown_section(newsroom(count, name), load_language("id"), asked))
    if count > 20:
        assert slugs_on(menus.unknown_section(newsroom(count), load_language("id"), "rubrik 2"))[0].startswith("s2-")
