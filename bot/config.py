"""Settings (environment and `.env`) and Newsroom (`newsroom.toml`): immutable, read and validated once at the start."""

import re
import tomllib
from collections import Counter
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import localedata
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
SourceUrl = Annotated[str, Field(min_length=1), AfterValidator(_check_http_url)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewsroomTable(_Table):
    name: str = Field(min_length=1, max_length=100)
    url: SourceUrl
    language: Language = "id"
    timezone: Annotated[str, AfterValidator(_check_zone)] = "Asia/Jakarta"
    push_max_age: Duration = timedelta(hours=6)
    retract: Literal["notice", "delete"] = "notice"


class SectionTable(_Table):
    slug: Slug
    names: dict[Language, Annotated[str, Field(min_length=1, max_length=60)]] = Field(min_length=1)


class SelectTable(_Table):
    """CSS selectors for a list on a page: `item` selects the entries, the others apply within one entry."""

    item: str
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
    categories: tuple[str, ...] = ()
    title_prefixes: tuple[str, ...] = ()


class Newsroom(_Table):
    """The newsroom file: who publishes, in which sections, and where the stories come from."""

    newsroom: NewsroomTable
    sections: tuple[SectionTable, ...] = ()
    sources: tuple[SourceTable, ...] = ()
    update: UpdateTable = UpdateTable()

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        slugs = [section.slug for section in self.sections]
        for names, what in ((slugs, "sections"), ([source.id for source in self.sources], "sources")):
            twice = {name for name, count in Counter(names).items() if count > 1}
            if twice:
                raise ValueError(f"{what}: named twice: {', '.join(sorted(twice))}")
        if "update" in slugs:
            raise ValueError("sections: the slug `update` is taken, it is the name of the UPDATE alerts")
        if any(source.id == "api" for source in self.sources):
            raise ValueError("sources: the id `api` is taken, it is the name of what the story API brings")
        for source in self.sources:
            if source.section is not None and source.section not in slugs:
                accepted = f"one of {', '.join(slugs)}" if slugs else "none is defined"
                raise ValueError(f"source {source.id}: section was {source.section!r}; accepted: {accepted}")
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

    def section_name(self, slug: str, language: str) -> str:
        """The section's name in `language`, else in the newsroom's language, else in any; the slug if it is unknown."""
        for section in self.sections:
            if section.slug == slug:
                names = section.names
                return names.get(language) or names.get(self.language) or next(iter(names.values()))
        return slug

    def find_section(self, text: str) -> str | None:
        """The slug of the section with this slug or this name in any language, ignoring case; None if there is none."""
        wanted = text.strip().casefold()
        for section in self.sections:
            if wanted == section.slug or wanted in (name.casefold() for name in section.names.values()):
                return section.slug
        return None

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
