"""Settings (environment and `.env`) and Newsroom (`newsroom.toml`): immutable, read and validated once at the start."""

import re
import tomllib
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import localedata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.telegram_limits import is_visible


class SettingsError(Exception):
    """An invalid setting. The text is one line that names the setting, the value given and what is accepted."""


def _parse_ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(int(part) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("user ids, comma separated, such as 123456789,987654321") from None


def _parse_tokens(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.strip().partition(":") for part in value.split(",") if part.strip()]
    if any(not name or not secret for name, _, secret in pairs):
        raise ValueError("name:secret pairs, comma separated")
    return {
        secret: name for name, _, secret in pairs
    }  # a name may have two secrets, while the new one replaces the old


def _parse_private(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off", ""):
        return False
    hosts = frozenset(part.strip() for part in text.split(",") if part.strip())
    if any(not re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\s/]+):\d{1,5}", host) for host in hosts):
        raise ValueError("true, false, or host:port pairs, comma separated")
    return hosts


def _check_http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if value and not valid:
        raise ValueError("an address such as https://news.example/rss")
    return value


def _check_base_url(value: str) -> str:
    return _check_http_url(value).rstrip("/")


def _check_database_url(value: str) -> str:
    if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
        raise ValueError("sqlite+aiosqlite:///file.db or postgresql+asyncpg://user@host/name")
    return value


def _check_webhook(value: str) -> str:
    value = _check_base_url(value)
    if value and not value.endswith("/telegram"):
        raise ValueError("a complete address ending in /telegram")
    return value


def _check_token(value: str) -> str:
    if value and not re.fullmatch(r"[1-9]\d*:[A-Za-z0-9_-]+", value):
        raise ValueError("a token as BotFather gives it, such as 123456789:AAE…")
    return value


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]


class Settings(BaseSettings):
    """The operator's settings, in the order of `.env.example`, which explains each."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    bot_token: Annotated[str, AfterValidator(_check_token)] = Field("", repr=False)
    bot_api_url: BaseUrl = "https://api.telegram.org"
    admin_ids: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_parse_ids)] = ()
    database_url: Annotated[str, AfterValidator(_check_database_url)] = "sqlite+aiosqlite:///kabar.db"
    newsroom: Path = Path("newsroom.toml")
    send_rate: float = Field(30, ge=0, le=10_000)
    paid_broadcast: bool = False
    paid_rate: float = Field(1000, gt=0, le=10_000)
    paid_stars_per_day: int = Field(0, ge=0)
    chat_rate: bool = True
    undo_seconds: int = Field(15, ge=0, le=3600)
    webhook_url: Annotated[str, AfterValidator(_check_webhook)] = ""
    webhook_secret: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,256}$", repr=False)
    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=0, le=65535)
    public_url: BaseUrl = ""
    api_tokens: Annotated[dict[str, str], NoDecode, BeforeValidator(_parse_tokens)] = Field(
        {}, repr=False
    )  # name by secret
    allow_private_sources: Annotated[bool | frozenset[str], NoDecode, BeforeValidator(_parse_private)] = False
    retention_days: int = Field(30, ge=1, le=3650)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = "info"
    log_format: Annotated[Literal["text", "json"], BeforeValidator(str.lower)] = "text"

    @field_validator("http_port")
    @classmethod
    def _check_port(cls, value: int, info: ValidationInfo) -> int:
        if not value and info.data.get("webhook_url"):
            raise ValueError("1 to 65535, because with WEBHOOK_URL updates come in there")
        return value

    @classmethod
    def load(cls, env_file: str | Path | None = ".env", **given: Any) -> Self:
        """Read the environment and `env_file`; values in `given` have precedence over both. Raises SettingsError."""
        try:
            return cls(**{"_env_file": env_file, **given})
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper()
            secret = name in ("BOT_TOKEN", "WEBHOOK_SECRET", "API_TOKENS")
            given_text = "" if secret else f" was {_shorten(first.get('input'))};"
            raise SettingsError(f"{name}:{given_text} accepted: {accepted(first)}") from None


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


_IN_WORDS = {
    "tuple_type": "tables, each under a header in double brackets, such as [[sources]]",
    "model_type": 'a table, such as { item = "li", title = "a", link = "a" }',
    "dict_type": 'a table, such as { id = "Politik", en = "Politics" }',
    "string_pattern_mismatch": "lower-case letters, digits, - and _, at most 32, beginning with a letter or a digit",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text in quotation marks",
}


def accepted(error: Any) -> str:
    """What would be accepted instead, from a Pydantic error; it completes the sentence "accepted: …"."""
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] in _IN_WORDS:
        return _IN_WORDS[error["type"]]
    if "expected" in context:
        return str(context["expected"])
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("a valid ")


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _parse_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(value).strip())
    if not match:
        raise ValueError("a number and a unit, such as 30s, 5m, 6h or 1d")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def _check_every(value: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= value <= timedelta(days=7):
        raise ValueError("1s to 7d")
    return value


def _check_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("a time zone such as Asia/Jakarta")
    return value


def _check_language(value: str) -> str:
    if not localedata.exists(value.replace("-", "_")):
        raise ValueError("the code of a language, such as id or en")
    return value


def _check_site(value: str) -> str:
    if not re.fullmatch(r"[^\s/:@.]+(?:\.[^\s/:@.]+)+", value):
        raise ValueError("a site without its scheme, such as news.example")
    return value


Language = Annotated[str, AfterValidator(_check_language)]
Site = Annotated[str, AfterValidator(_check_site)]
Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]


def _name(limit: int) -> AfterValidator:
    """A name to be shown, for example as a button's label, which Telegram refuses if nothing of it is visible."""

    def check(value: str) -> str:
        value = " ".join(value.split())
        if not is_visible(value) or len(value) > limit:
            raise ValueError(f"1 to {limit} characters, at least one of them visible")
        return value

    return AfterValidator(check)


def _check_word(value: str) -> str:
    if not is_visible(value):
        raise ValueError("a word, such as BREAKING")
    return value


def _check_selector(value: str) -> str:
    if not value.strip():
        raise ValueError("a CSS selector, such as .list li")
    return value


def _check_names(value: dict[str, str]) -> dict[str, str]:
    if not value:
        raise ValueError('at least one name, such as { id = "Politik", en = "Politics" }')
    return value


Word = Annotated[str, AfterValidator(_check_word)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
SourceUrl = Annotated[str, Field(min_length=1), AfterValidator(_check_http_url)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewsroomTable(_Table):
    name: Annotated[str, _name(100)]
    url: SourceUrl
    language: Language = "id"
    timezone: Annotated[str, AfterValidator(_check_zone)] = "Asia/Jakarta"
    push_max_age: Duration = timedelta(hours=6)
    retract: Literal["notice", "delete"] = "notice"


class SectionTable(_Table):
    slug: Slug
    names: Annotated[dict[Language, Annotated[str, _name(60)]], AfterValidator(_check_names)]


class SelectTable(_Table):
    """CSS selectors for a list on a page: `item` selects the entries, the others apply within one entry."""

    item: Annotated[str, AfterValidator(_check_selector)]
    title: str = "a"
    link: str = "a"
    time: str = ""
    summary: str = ""
    image: str = ""


class SourceTable(_Table):
    id: Slug
    kind: Literal["feed", "sitemap", "page"] = "feed"
    url: SourceUrl
    section: str | None = None
    every: Annotated[Duration, AfterValidator(_check_every)] = timedelta(minutes=5)
    adaptive: bool = True
    update: bool = False
    list: Literal["stories", "popular"] = "stories"
    select: SelectTable | None = None
    sites: tuple[Site, ...] = ()  # others whose stories it lists


class UpdateTable(_Table):
    categories: tuple[Word, ...] = ()
    title_prefixes: tuple[Word, ...] = ()


def _check_own(names: list[str], tables: str, field: str, taken: str, by: str) -> None:
    """Each name belongs to one table only, and `taken` to none. Raises ValueError for the first that does not."""
    for place, name in enumerate(names):
        given = f"{tables}[{place + 1}].{field}: was {name!r}; accepted: "
        if name == taken:
            raise ValueError(f"{given}any other; it stands for {by}")
        if name in names[:place]:
            raise ValueError(f"{given}one that no other {tables.removesuffix('s')} has")


class Newsroom(_Table):
    """The newsroom file: who publishes, in which sections, and where the stories come from."""

    newsroom: NewsroomTable
    sections: tuple[SectionTable, ...] = ()
    sources: tuple[SourceTable, ...] = ()
    update: UpdateTable = UpdateTable()

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        slugs = [section.slug for section in self.sections]
        _check_own(slugs, "sections", "slug", "update", "the UPDATE alerts")
        _check_own([source.id for source in self.sources], "sources", "id", "api", "the story API")
        for place, source in enumerate(self.sources, 1):
            if source.section is not None and source.section not in slugs:
                accepted = f"one of {', '.join(slugs)}" if slugs else "none is defined"
                raise ValueError(f"sources[{place}].section: was {source.section!r}; accepted: {accepted}")
        return self

    @property
    def name(self) -> str:
        return self.newsroom.name

    @property
    def language(self) -> str:
        return self.newsroom.language

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.newsroom.timezone)

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(section.slug for section in self.sections)

    @cached_property
    def rankings(self) -> frozenset[str]:
        """The ids of the sources that are popular lists."""
        return frozenset(source.id for source in self.sources if source.list == "popular")

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """The sections' names in every language, by slug."""
        return {section.slug: section.names for section in self.sections}

    def section_name(self, slug: str, language: str) -> str:
        """The section's name in `language`, else in the newsroom's language, else in any; the slug if it is unknown."""
        names = self._names.get(slug)
        if names is None:
            return slug
        return names.get(language) or names.get(self.language) or next(iter(names.values()))

    def find_section(self, text: str) -> str | None:
        """The slug of the section with this slug or this name in any language, ignoring case; None if there is none."""
        wanted = text.strip().casefold()
        for section in self.sections:
            if wanted == section.slug or wanted in (name.casefold() for name in section.names.values()):
                return section.slug
        return None

    def sections_like(self, text: str) -> list[str]:
        """The slugs of the sections whose slug or a name has a word that begins with this text, in the file's order."""
        wanted = " " + " ".join(text.casefold().split())
        if wanted == " ":
            return []
        return [
            section.slug
            for section in self.sections
            if any(wanted in f" {name.casefold()}" for name in (section.slug, *section.names.values()))
        ]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the newsroom file. Raises SettingsError, which names the wrong place in the file."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise SettingsError(f"NEWSROOM: {path} does not exist; ./kabar init writes one") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path}: cannot be read: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).strip(
                "."
            )
            if not place:
                raise SettingsError(f"{path}: {accepted(first)}") from None
            if first["type"] == "missing":
                raise SettingsError(f"{path}: {place} is missing") from None
            if first["type"] == "extra_forbidden":
                raise SettingsError(f"{path}: {place} is not a known name") from None
            given = _shorten(first["input"])
            raise SettingsError(f"{path}: {place}: was {given}; accepted: {accepted(first)}") from None
