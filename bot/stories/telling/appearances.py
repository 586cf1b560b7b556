"""Appearances: what each source says of a story, kept as that source last said it. The type; its rows are below.

A source's entry is compared with the same source's last entry. What the entry leaves out the source still stands by: a
list that drops a summary has not corrected the story.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import bindparam, select, update

from bot.config import Newsroom, SourceTable
from bot.storage import models
from bot.storage.engine import Session
from bot.stories.articles.article import Article
from bot.stories.items import Item, captioned
from bot.stories.reading.summaries import is_cut

CMS = "api"  # the source id of what the story API brings
PAGE = "@page"  # the source id of the article's own page; no source of a newsroom file can have it
CARRIED_OVER = ""  # the digest of a story's one appearance from before appearances were kept


class Kind(StrEnum):
    """What a source is to a story: compose prefers by it."""

    CMS = "cms"
    FEED = "feed"
    LIST = "list"  # a page's list, or a sitemap
    POPULAR = "popular"
    PAGE = "page"  # the article's own


@dataclass(frozen=True, slots=True)
class Fields:
    """What a source says of a story; empty where it says nothing.

    `names` are sections as the source calls them, `section` a slug that the newsroom file or the CMS gives.
    `named_photo`: the newsroom file names the list's photo. `given`: what the CMS said of, though it may be nothing.
    """

    kind: Kind
    url: str
    title: str
    summary: str = ""
    author: str = ""
    image_url: str = ""
    image_caption: str = ""
    names: tuple[str, ...] = ()
    section: str = ""
    published_at: datetime | None = None
    update: bool = False
    named_photo: bool = False
    given: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """As it is stored: without what is empty."""
        said: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        said["names"], said["given"] = list(self.names), sorted(self.given)
        said["published_at"] = self.published_at and self.published_at.isoformat()
        return {name: value for name, value in said.items() if value}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Fields":
        known = {name: value for name, value in said.items() if name in cls.__dataclass_fields__}
        moment = known.get("published_at")
        known["published_at"] = _moment(moment) if moment else None
        known["kind"] = Kind(known["kind"])
        known["names"], known["given"] = tuple(known.get("names", ())), frozenset(known.get("given", ()))
        return cls(**known)

    @property
    def digest(self) -> str:
        return blake2b(orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Appearance:
    """One source's word on one story. `rank` is its place in the source's popular list, 0 if it has none.

    `digest` is of the source's last entry, `fields` what it stands by.
    """

    source_id: str
    fields: Fields
    first_seen: datetime
    last_seen: datetime
    digest: str = field(default=CARRIED_OVER)
    rank: int = 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def fields_of(item: Item, source: SourceTable, newsroom: Newsroom) -> Fields:
    """What a polled source's entry says."""
    popular = source.list == "popular"
    return Fields(
        kind=Kind.POPULAR if popular else Kind.FEED if source.kind == "feed" else Kind.LIST,
        url=item.url,
        title=item.title,
        summary=item.summary,
        author=item.author,
        image_url=item.image_url,
        image_caption=item.image_caption,
        names=item.categories,
        section=source.section or "",
        published_at=item.published_at,
        update=not popular and (source.update or is_breaking(item.title, item.categories, newsroom)),
        named_photo=source.select is not None and bool(source.select.image),
    )


def fields_of_page(article: Article, url: str, newsroom: Newsroom) -> Fields:
    """What the article's own page says. A page of the newsroom's breaking section is an UPDATE's."""
    return Fields(
        kind=Kind.PAGE,
        url=url,
        title=article.title,
        summary="" if article.summary == article.title else article.summary,
        author=article.author,
        image_url=article.image_url,
        image_caption=captioned(article.image_caption, article.image_credit),
        names=article.sections,
        published_at=article.published_at,
        update=is_breaking("", article.sections, newsroom),
    )


def is_breaking(title: str, names: Iterable[str], newsroom: Newsroom) -> bool:
    """Whether a section's name, or the first word of the title, makes a story an UPDATE."""
    breaking = {name.casefold() for name in newsroom.update.categories}
    if any(name.casefold() in breaking for name in names):
        return True
    prefixes = (re.escape(prefix.casefold()) for prefix in newsroom.update.title_prefixes)
    return any(re.match(prefix + r"(?!\w)", title.casefold()) for prefix in prefixes)


def renewed(previous: Appearance, new: Fields) -> Fields:
    """What a source stands by after its next entry: the entry, and what it said before of what the entry leaves out."""
    old, carried_over = previous.fields, previous.digest == CARRIED_OVER
    if new.kind is Kind.CMS:
        return _renewed_by_cms(old, new)
    photo_stays = not new.image_url or _is_same_file(old.image_url, new.image_url)
    return replace(
        new,
        title=old.title if _says_less(new.title, old.title) else new.title,
        summary=old.summary if _says_less(new.summary, old.summary, carried_over) else new.summary,
        url=old.url if _path(old.url) == _path(new.url) else new.url,  # a session or a host that changes at every poll
        author=new.author or old.author,
        image_url=old.image_url if photo_stays else new.image_url,
        image_caption=new.image_caption or (old.image_caption if photo_stays else ""),
        names=new.names or old.names,
        section=new.section or old.section,
        published_at=old.published_at or new.published_at,  # many a feed says the time of its last edit
        update=new.update or old.update,
    )


def _renewed_by_cms(old: Fields, new: Fields) -> Fields:
    """The CMS takes away what it gives as nothing, and leaves what it does not mention."""
    said = {
        name: getattr(new, name) if getattr(new, name) or name in new.given else getattr(old, name)
        for name in ("summary", "author", "image_url", "image_caption")
    }
    if said["image_url"] != old.image_url and not new.image_caption:
        said["image_caption"] = ""  # it was the other photo's
    return replace(
        new,
        **said,
        section=new.section or old.section,
        published_at=new.published_at or old.published_at,
        update=new.update or old.update,
        given=new.given | old.given,
    )


def _says_less(new: str, old: str, carried_over: bool = False) -> bool:
    """Whether the new words are nothing, or only the old ones' beginning. What was carried over may be the page's."""
    return not new or (is_cut(new) and (old.startswith(new.rstrip(".… ")) or (carried_over and not is_cut(old))))


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _is_same_file(old: str, new: str) -> bool:
    """Whether two addresses of a photo differ in host or query only; one made by a script may be any photo."""
    path = _path(new)
    return path == _path(old) and path.lower().endswith((".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"))


AT_ONCE = 500  # rows of one statement
_KEPT = ("fields", "digest", "last_seen", "rank")


async def digests(session: Session, source_id: str, story_ids: Sequence[int]) -> dict[int, str]:
    """By story the digest of the source's last entry, where it has said something of the story."""
    row = models.Appearance
    found: dict[int, str] = {}
    for some in _parts(story_ids):
        rows = await session.execute(
            select(row.story_id, row.digest).where(row.source_id == source_id, row.story_id.in_(some))
        )
        found |= {story_id: digest for story_id, digest in rows}
    return found


async def of_stories(session: Session, story_ids: Sequence[int]) -> dict[int, list[Appearance]]:
    """Everything that is said of the stories."""
    found: dict[int, list[Appearance]] = {story_id: [] for story_id in story_ids}
    for some in _parts(story_ids):
        query = select(models.Appearance.__table__).where(models.Appearance.story_id.in_(some))
        for row in await session.execute(query):
            said = Fields.from_json(row.fields)
            found[row.story_id].append(
                Appearance(row.source_id, said, row.first_seen, row.last_seen, row.digest, row.rank)
            )
    return found


async def store(session: Session, said: Sequence[tuple[int, Appearance]]) -> None:
    """Keep what was said of stories, in the place of what the same source said before."""
    if not said:
        return
    insert = session.upsert(models.Appearance)
    statement = insert.on_conflict_do_update(
        index_elements=["story_id", "source_id"], set_={name: insert.excluded[name] for name in _KEPT}
    )
    await (await session.connection()).execute(
        statement,
        [
            {
                "story_id": story_id,
                "source_id": each.source_id,
                "fields": each.fields.as_json(),
                "digest": each.digest,
                "first_seen": each.first_seen,
                "last_seen": each.last_seen,
                "rank": each.rank,
            }
            for story_id, each in said
        ],
    )


async def see(session: Session, source_id: str, story_ids: Sequence[int], now: datetime) -> None:
    """The source still lists the stories."""
    row = models.Appearance
    for some in _parts(story_ids):
        await session.execute(
            update(row)
            .where(row.source_id == source_id, row.story_id.in_(some))
            .values(last_seen=now)
            .execution_options(synchronize_session=False)
        )


async def rank(session: Session, source_id: str, story_ids: Sequence[int]) -> None:
    """The source's popular list is these stories, in this order."""
    row = models.Appearance
    connection = await session.connection()
    await connection.execute(update(row).where(row.source_id == source_id, row.rank > 0).values(rank=0))
    places = [{"story": story_id, "place": place} for place, story_id in enumerate(story_ids, 1)]
    if places:
        await connection.execute(
            update(row)
            .where(row.source_id == source_id, row.story_id == bindparam("story"))
            .values(rank=bindparam("place")),
            places,
        )


def _parts(story_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (story_ids[at : at + AT_ONCE] for at in range(0, len(story_ids), AT_ONCE))
