"""Which values are accepted in `newsroom.toml` and the environment, and how wrong ones are refused at the start."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.config import Newsroom, Settings, SettingsError
from bot.stories.reading.fetcher import place_of


def newsroom(**source: Any) -> Newsroom:
    given = {"id": "dunia", "url": "https://news.example/rss"} | source
    return Newsroom.model_validate({"newsroom": {"name": "K", "url": "https://news.example"}, "sources": [given]})


@pytest.mark.parametrize("url", ["https://news.example/rss/", "https://news.example/rss?u=/"])
def test_a_sources_address_stays_as_it_is_written(url: str) -> None:
    assert newsroom(url=url).sources[0].url == url


@pytest.mark.parametrize(
    "source",
    [
        {"url": "https://news.example:99999/rss"},
        {"url": "https://news.example:0/rss"},
        {"url": "https://[news.example/rss"},
        {"url": "ftp://news.example/rss"},
        {"url": "news.example/rss"},
        {"id": "api"},
    ],
)
def test_a_source_that_could_not_be_read_is_refused_at_the_start(source: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        newsroom(**source)


def test_a_base_address_needs_no_slash_at_its_end() -> None:
    assert Settings.load(None, public_url="https://bot.news.example/").public_url == "https://bot.news.example"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://[::1]:8787/feed", "[::1]:8787"),
        ("https://news.example/rss", "news.example:443"),
        ("http://news.example/rss", "news.example:80"),
    ],
)
def test_a_private_address_is_allowed_by_its_host_and_port(url: str, place: str) -> None:
    assert place_of(url) == place
    allowed = Settings.load(None, allow_private_sources=place).allow_private_sources
    assert allowed == frozenset({place})


def load(**given: Any) -> Settings:
    return Settings.load(None, **given)


def test_lists_are_read_with_blanks_and_empty_parts() -> None:
    assert load(admin_ids=" 1, 22,,3 ").admin_ids == (1, 22, 3)
    assert load(admin_ids="").admin_ids == ()
    assert load(api_tokens="cms:s3:cret, cms:new").api_tokens == {"s3:cret": "cms", "new": "cms"}


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("yes", True),
        (" TRUE ", True),
        ("0", False),
        ("", False),
        ("a.example:80, [::1]:8787", frozenset({"a.example:80", "[::1]:8787"})),
    ],
)
def test_private_sources_are_allowed_all_none_or_by_address(text: str, allowed: object) -> None:
    assert load(allow_private_sources=text).allow_private_sources == allowed


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("admin_ids", "1,x", "user ids, comma separated"),
        ("database_url", "mysql://x", "postgresql+asyncpg://"),
        ("webhook_url", "https://bot.example/hook", "ending in /telegram"),
        ("public_url", "bot.example", "an address such as"),
        ("allow_private_sources", "a.example", "host:port pairs"),
        ("http_port", 65536, "65535"),
        ("undo_seconds", -1, "0"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("send_rate", "fast", "a number"),
    ],
)
def test_a_wrong_setting_is_one_line_with_its_name_what_was_given_and_what_is_accepted(
    name: str, value: object, accepted: str
) -> None:
    with pytest.raises(SettingsError) as error:
        load(**{name: value})
    line = str(error.value)
    assert line.startswith(f"{name.upper()}: was {value!r}; accepted: ")
    assert accepted in line
    assert "\n" not in line


def test_a_webhook_without_a_web_server_is_refused() -> None:
    url = "https://bot.news.example/telegram"
    with pytest.raises(SettingsError) as error:
        load(webhook_url=url, http_port=0)
    accepted = "1 to 65535, because with WEBHOOK_URL updates come in there"
    assert str(error.value) == f"HTTP_PORT: was 0; accepted: {accepted}"
    assert load(http_port=0).http_port == 0
    assert load(webhook_url=url, http_port=1).webhook_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [("bot_token", "geheim"), ("webhook_secret", "geheim geheim"), ("api_tokens", "geheim"), ("api_tokens", ":geheim")],
)
def test_a_wrong_secret_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(**{name: value})
    assert str(error.value).startswith(f"{name.upper()}: accepted: ")
    assert "geheim" not in str(error.value)


def test_secrets_are_in_no_representation_of_the_settings() -> None:
    settings = load(bot_token="1:geheim", webhook_secret="geheim", api_tokens="cms:geheim")
    assert "geheim" not in repr(settings)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "")
    monkeypatch.setenv("SEND_RATE", "12")
    assert (load().http_port, load().send_rate) == (8080, 12)


SECTIONS = '[[sections]]\nslug = "dunia"\nnames = { id = "Dunia", en = "World" }\n'
SOURCE = '[[sources]]\nid = "a"\nurl = "https://news.example/rss"\n'
A_NAME = "accepted: 1 to 60 characters, at least one of them visible"
HEAD = '[newsroom]\nname = "K"\nurl = "https://news.example"\n'


def written(path: Path, text: str) -> Newsroom:
    file = path / "newsroom.toml"
    file.write_text(text, encoding="utf-8")
    return Newsroom.load(file)


def test_a_section_is_found_by_slug_or_name_and_named_in_the_nearest_language(tmp_path: Path) -> None:
    news = written(tmp_path, HEAD + SECTIONS)
    assert [news.find_section(text) for text in ("dunia", " WORLD ", "Dunia", "politik")] == ["dunia"] * 3 + [None]
    assert [news.section_name("dunia", language) for language in ("en", "fr", "id")] == ["World", "Dunia", "Dunia"]
    assert news.section_name("olahraga", "id") == "olahraga"


def test_a_name_is_read_without_the_blanks_around_it(tmp_path: Path) -> None:
    news = written(tmp_path, HEAD + SECTIONS.replace('"Dunia"', '"  Dunia\\n Kita "'))
    assert news.section_name("dunia", "id") == "Dunia Kita"


def test_sections_are_found_by_the_beginning_of_a_word_of_a_name(tmp_path: Path) -> None:
    news = written(
        tmp_path, HEAD + SECTIONS + SECTIONS.replace("unia", "aerah Kita").replace('"daerah Kita"', '"lokal"')
    )
    assert [news.sections_like(text) for text in ("da", " KITA ", "d", "wor", "loka", "unia", " ", "")] == [
        ["lokal"],
        ["lokal"],
        ["dunia", "lokal"],
        ["dunia", "lokal"],
        ["lokal"],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("1.5h", 5400), ("1d", 86400)])
def test_durations_have_a_unit(tmp_path: Path, text: str, seconds: float) -> None:
    news = written(tmp_path, f'{HEAD}push_max_age = "{text}"\n')
    assert news.newsroom.push_max_age.total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[newsroom]\nname = "K"\n', "newsroom.url is missing"),
        (HEAD + "colour = 1\n", "newsroom.colour is not a known name"),
        (HEAD + 'timezone = "Jakarta"\n', "newsroom.timezone: was 'Jakarta'; accepted: a time zone such as"),
        (HEAD + 'push_max_age = "5"\n', "newsroom.push_max_age: was '5'; accepted: a number and a unit"),
        (HEAD + SECTIONS + SECTIONS, "sections[2].slug: was 'dunia'; accepted: one that no other section has"),
        (HEAD + SOURCE + SOURCE, "sources[2].id: was 'a'; accepted: one that no other source has"),
        (
            HEAD + SOURCE.replace('"a"', '"api"'),
            "sources[1].id: was 'api'; accepted: any other; it stands for the story API",
        ),
        (
            HEAD + SECTIONS.replace('"dunia"', '"update"'),
            "sections[1].slug: was 'update'; accepted: any other; it stands",
        ),
        (HEAD + SECTIONS.replace('"Dunia"', '" "'), f"sections[1].names.id: was ' '; {A_NAME}"),
        (
            HEAD + SECTIONS.replace('"World"', '"\\u200b\\u2060"'),
            f"sections[1].names.en: was '\\u200b\\u2060'; {A_NAME}",
        ),
        (HEAD + SECTIONS.replace('"Dunia"', '"\\u3164"'), f"sections[1].names.id: was 'ㅤ'; {A_NAME}"),
        (HEAD + SECTIONS.replace("Dunia", "D" * 61), f"sections[1].names.id: was '{'D' * 58}…; {A_NAME}"),
        (HEAD + SECTIONS.replace('"Dunia"', "5"), "sections[1].names.id: was 5; accepted: text in quotation marks"),
        (HEAD + '[[sections]]\nslug = "dunia"\nnames = {}\n', "sections[1].names: was {}; accepted: at least one name"),
        (HEAD + '[[sections]]\nslug = "dunia"\nnames = "Dunia"\n', "sections[1].names: was 'Dunia'; accepted: a table"),
        (
            HEAD + SECTIONS.replace('"dunia"', f'"{"d" * 33}"'),
            f"sections[1].slug: was '{'d' * 33}'; accepted: lower-case letters, digits, - and _, at most 32",
        ),
        (HEAD + SECTIONS.replace('"dunia"', '""'), "sections[1].slug: was ''; accepted: lower-case letters"),
        (
            HEAD + SECTIONS.replace('"dunia"', '"Dunia Kita"'),
            "sections[1].slug: was 'Dunia Kita'; accepted: lower-case",
        ),
        (HEAD.replace('"K"', '" "'), "newsroom.name: was ' '; accepted: 1 to 100 characters"),
        (HEAD + '[update]\ntitle_prefixes = ["BREAKING", ""]\n', "update.title_prefixes[2]: was ''; accepted: a word"),
        (HEAD + '[update]\ncategories = [" "]\n', "update.categories[1]: was ' '; accepted: a word"),
        (
            HEAD + SOURCE + 'kind = "page"\nselect = { item = "" }\n',
            "sources[1].select.item: was ''; accepted: a CSS sel",
        ),
        (
            HEAD + '[[sources]]\nid = "a"\nurl = "https://news.example/rss"\nsection = "x"\n',
            "sources[1].section: was 'x'; accepted: none is defined",
        ),
        (
            HEAD + '[[sources]]\nid = "a"\nurl = "https://news.example/rss"\nevery = "8d"\n',
            "sources[1].every: was '8d'; accepted: 1s to 7d",
        ),
        ("[newsroom", "cannot be read"),
    ],
)
def test_a_wrong_newsroom_file_is_one_line_with_the_place(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(SettingsError) as error:
        written(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'newsroom.toml'}: ")
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_newsroom_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"does not exist; \./kabar init"):
        Newsroom.load(tmp_path / "newsroom.toml")
