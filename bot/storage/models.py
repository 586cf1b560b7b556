"""The tables; docs/architecture.md explains what each is for and which guarantees its keys give.

Two kinds of time: `Moment` columns are wall-clock time to be shown (aware, UTC). Float columns are seconds since 1970
by the database's own clock, the only clock used for leases, the budget and due times, so that processes on machines
with different clocks agree.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column
from sqlalchemy.types import JSON, Double

from bot.storage.states import (
    PushKind as PushKind,
)
from bot.storage.states import (
    PushState as PushState,
)
from bot.storage.states import (
    Sound as Sound,
)
from bot.storage.states import (
    StoryState as StoryState,
)
from bot.storage.states import (
    SubscriberState as SubscriberState,
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. SQLite has no time zones, so there it is stored naive and made aware again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime; columns of this type take aware ones")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite generates ids only for an INTEGER key
Data = MutableDict.as_mutable(JSON)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):  # rows are compared by identity
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Source(Base, kw_only=True, eq=False):
    """The state of a source between polls; its settings are in the newsroom file."""

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    settings: Mapped[str] = mapped_column(
        String(32), default="", server_default=""
    )  # digest of its table in the newsroom file
    moved_to: Mapped[str] = mapped_column(Text, default="", server_default="")  # the target of its permanent redirect
    etag: Mapped[str] = mapped_column(Text, default="", server_default="")
    last_modified: Mapped[str] = mapped_column(Text, default="", server_default="")
    body_digest: Mapped[str] = mapped_column(
        String(32), default="", server_default=""
    )  # of the last document, for a feed of its entries
    digest: Mapped[str] = mapped_column(String(32), default="", server_default="")  # of what was parsed from it
    next_poll_at: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"), index=True)
    poll_wait: Mapped[float] = mapped_column(
        Double, default=86_400.0, server_default=text("86400")
    )  # seconds ahead that `next_poll_at` was when it was set
    lease_owner: Mapped[str] = mapped_column(String(64), default="", server_default="")
    lease_until: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))
    primed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    failing_since: Mapped[datetime | None] = mapped_column(Moment, default=None)
    told_failing: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    last_error: Mapped[str] = mapped_column(Text, default="", server_default="")
    last_success_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    last_change_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    complaints: Mapped[dict[str, Any]] = mapped_column(
        JSON, default_factory=dict, server_default="{}"
    )  # bot.stories.reading.documents: of the last document
    page_overrun: Mapped[dict[str, Any]] = mapped_column(
        JSON, default_factory=dict, server_default="{}"
    )  # the last article's page that exceeded the limits of parsing


class HubSubscription(Base, kw_only=True, eq=False):
    """A subscription to a WebSub hub for a source; see bot.stories.reading.websub."""

    __tablename__ = "hub_subscriptions"

    source_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    hub: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(64), default="", server_default="")
    asked: Mapped[str] = mapped_column(String(16), default="", server_default="")  # subscribe | unsubscribe | nothing
    active: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    ask_at: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))  # when to ask the hub (again)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    last_error: Mapped[str] = mapped_column(Text, default="", server_default="")


class Story(Base, kw_only=True, eq=False):
    __tablename__ = "stories"
    __table_args__ = (
        Index("ix_stories_latest", "state", "published_at", "id"),
        Index("ix_stories_section", "section", "state", "published_at", "id"),
        Index("ix_stories_heat", "heat"),
        Index("ix_stories_updated_at", "updated_at"),
        Index("ix_stories_source", "source_id", "published_at"),
        Index(
            "ix_stories_updates",
            "published_at",
            "id",
            sqlite_where=text("is_update = 1"),
            postgresql_where=text("is_update"),
        ),
        Index(
            "ix_stories_copy_of",
            "copy_of",
            sqlite_where=text("copy_of IS NOT NULL"),
            postgresql_where=text("copy_of IS NOT NULL"),
        ),
        Index(
            "ix_stories_correct_at",
            "correct_at",
            sqlite_where=text("correct_at IS NOT NULL"),
            postgresql_where=text("correct_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    source_id: Mapped[str] = mapped_column(String(32))
    section: Mapped[str] = mapped_column(String(32), default="", server_default="")
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="", server_default="")
    url: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text, default="", server_default="")
    image_url: Mapped[str] = mapped_column(Text, default="", server_default="")
    image_caption: Mapped[str] = mapped_column(Text, default="", server_default="")  # with its credit
    image_file_id: Mapped[str] = mapped_column(Text, default="", server_default="")
    is_update: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    state: Mapped[str] = mapped_column(String(16), default=StoryState.LIVE, server_default="live")
    revision: Mapped[int] = mapped_column(SmallInteger, default=1, server_default=text("1"))  # bot.delivery.revisions
    revisions: Mapped[list[Any]] = mapped_column(JSON, default_factory=list, server_default="[]")
    correct_at: Mapped[float | None] = mapped_column(Double, default=None)  # when copies are to be corrected
    correct_quietly: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # nothing was wrong
    corrected_at: Mapped[datetime | None] = mapped_column(Moment, default=None)  # when copies last were
    published_at: Mapped[datetime] = mapped_column(Moment)  # when the source gives no time: when we first saw it
    first_seen_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    heat: Mapped[float | None] = mapped_column(Double, default=None)  # bot.stories.showing.popularity
    copy_of: Mapped[int | None] = mapped_column(BigInteger, default=None)  # another site's story that it repeats
    verdict: Mapped[str] = mapped_column(String(16), default="", server_default="")  # bot.stories.telling.decide


class StoryWords(Base, kw_only=True, eq=False):
    """The words by which a story is found, as bot.storage.fulltext writes them. The database keeps an index of it."""

    __tablename__ = "story_words"

    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True)
    lead: Mapped[str] = mapped_column(Text, default="", server_default="")  # title, summary and author
    body: Mapped[str] = mapped_column(Text, default="", server_default="")  # the article's text, where we have read it


class KnownWord(Base, kw_only=True, eq=False):
    """A word of some story's title, summary or author: what a misspelled one may stand for."""

    __tablename__ = "known_words"
    __table_args__ = ({"sqlite_with_rowid": False},)

    word: Mapped[str] = mapped_column(String(400), primary_key=True)


class StoryKey(Base, kw_only=True, eq=False):
    """An identifier under which sources may list a story again; see bot.stories.telling.keys."""

    __tablename__ = "story_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)


class Appearance(Base, kw_only=True, eq=False):
    """What one source, the article's page or the CMS says of a story: bot.stories.telling.appearances."""

    __tablename__ = "appearances"
    __table_args__ = (
        Index(
            "ix_appearances_ranked",
            "source_id",
            "rank",
            sqlite_where=text("rank > 0"),
            postgresql_where=text("rank > 0"),
        ),
        {"sqlite_with_rowid": False},
    )

    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(32), default="", server_default="")
    first_seen: Mapped[datetime] = mapped_column(Moment)
    last_seen: Mapped[datetime] = mapped_column(Moment)
    rank: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))


class PageWant(Base, kw_only=True, eq=False):
    """An article's page that is to be read, since its story lacks something: bot.stories.telling.wants."""

    __tablename__ = "page_wants"

    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True)
    urgent: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # an alert waits for it
    not_before: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"), index=True)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))


class Subscriber(Base, kw_only=True, eq=False):
    """One chat: a person, a group, a topic of a group, or a channel. Send errors change its state, never delete it."""

    __tablename__ = "subscribers"
    __table_args__ = (
        UniqueConstraint("chat_id", "thread_id"),
        Index(
            "ix_subscribers_recap_at",
            "recap_at",
            sqlite_where=text("recap_at IS NOT NULL"),
            postgresql_where=text("recap_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    kind: Mapped[str] = mapped_column(String(16), default="private", server_default="private")
    language: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=SubscriberState.ACTIVE, server_default="active")
    state_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    state_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    paused: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # by /stop: nothing is pushed
    zone: Mapped[str] = mapped_column(String(64), default="", server_default="")  # "": the newsroom's
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger, default=None)  # minutes of the day, in `zone`
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    quiet_update: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # UPDATE comes even so
    # Alerts are held from `hold_from` to `hold_until`, then a recap brings them (bot.audience.quiet).
    hold_from: Mapped[float | None] = mapped_column(Double, default=None)
    hold_until: Mapped[float | None] = mapped_column(Double, default=None)
    recap_at: Mapped[float | None] = mapped_column(Double, default=None)  # when the recap is due, or due again
    recap_tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    recapped_to: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))  # the last hold's end


class Subscription(Base, kw_only=True, eq=False):
    """A subscriber follows a target; see bot.targets."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("ix_subscriptions_target_subscriber_id_sound", "target", "subscriber_id", "sound"),
        {"sqlite_with_rowid": False},
    )

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True)
    target: Mapped[str] = mapped_column(String(64), primary_key=True)
    sound: Mapped[int] = mapped_column(SmallInteger, default=Sound.LOUD, server_default=text("0"))


class SavedStory(Base, kw_only=True, eq=False):
    """A story that a reader has saved; see bot.audience.saved."""

    __tablename__ = "saved_stories"
    __table_args__ = (Index("ix_saved_stories_story_id", "story_id"), {"sqlite_with_rowid": False})

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True)
    saved_at: Mapped[datetime] = mapped_column(Moment)


class Push(Base, kw_only=True, eq=False):
    """One message to many chats; see bot.delivery.pushes for its states."""

    __tablename__ = "pushes"
    __table_args__ = (
        Index("ix_pushes_state_lane_id", "state", "lane", "id"),
        Index("ix_pushes_uncounted", "id", sqlite_where=text("total < 0"), postgresql_where=text("total < 0")),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(16))
    lane: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    story_id: Mapped[int | None] = mapped_column(ForeignKey("stories.id"), default=None, index=True)
    alert_of: Mapped[int | None] = mapped_column(ForeignKey("stories.id"), unique=True, default=None)
    revision: Mapped[int] = mapped_column(
        SmallInteger, default=0, server_default=text("0")
    )  # the revision of the story that it sends
    content: Mapped[dict[str, Any] | None] = mapped_column(Data, default=None)  # {"method": …, "params": {…}}
    audience: Mapped[dict[str, Any]] = mapped_column(Data)  # bot.audience.segments
    ceiling: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    aimed_at: Mapped[float] = mapped_column(
        Double, default=0.0, server_default=text("0"), index=True
    )  # since when the audience is this one: what a hold that ends later brings, the push itself does not
    text_only: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    author: Mapped[int | None] = mapped_column(BigInteger, default=None)
    progress_message_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    progress_shown: Mapped[str] = mapped_column(Text, default="", server_default="")
    not_before: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))
    probes: Mapped[int] = mapped_column(
        SmallInteger, default=0, server_default=text("0")
    )  # how often it was paused because Telegram did not answer, since it last did
    expires_at: Mapped[float | None] = mapped_column(Double, default=None)  # an alert: then its story is too old
    total: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    sent: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    gone: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    refused: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    lost: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    doubled: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    finished_at: Mapped[datetime | None] = mapped_column(Moment, default=None)


class PushRange(Base, kw_only=True, eq=False):
    """A range of subscriber ids, `start < id <= end`, that one process at a time sends to."""

    __tablename__ = "push_ranges"
    __table_args__ = (Index("ix_push_ranges_done_push_id", "done", "push_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    push_id: Mapped[int] = mapped_column(ForeignKey("pushes.id", ondelete="CASCADE"))
    start: Mapped[int] = mapped_column(BigInteger)
    cursor: Mapped[int] = mapped_column(BigInteger)  # every id up to here has an outcome
    issued: Mapped[int] = mapped_column(BigInteger)  # ids up to here may have been sent
    end: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(64), default="", server_default="")
    lease_until: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))
    fence: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    unsent: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())  # some have no place yet
    done: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    seen_since: Mapped[datetime | None] = mapped_column(
        Moment, default=None
    )  # first pass: only chats active since then


class Delivery(Base, kw_only=True, eq=False):
    """The delivery of one push to one subscriber. `not_before` is set only while it waits to be tried again."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_waiting",
            "not_before",
            sqlite_where=text("not_before IS NOT NULL"),
            postgresql_where=text("not_before IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    push_id: Mapped[int] = mapped_column(ForeignKey("pushes.id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    outcome: Mapped[int] = mapped_column(SmallInteger)  # bot.delivery.outcomes.Mark
    tries: Mapped[int] = mapped_column(SmallInteger, default=1, server_default=text("1"))
    revision: Mapped[int] = mapped_column(
        SmallInteger, default=0, server_default=text("0")
    )  # of the story, as the chat's copy shows it
    photo: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # with a photo, or as text
    at: Mapped[int] = mapped_column(Integer)
    not_before: Mapped[float | None] = mapped_column(Double, default=None)


class Budget(Base, kw_only=True, eq=False):
    """A single row: how fast all processes together may send."""

    __tablename__ = "budget"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    next_free: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))
    answers_free: Mapped[float] = mapped_column(
        Double, default=0.0, server_default=text("0")
    )  # as next_free, of what answers may use while a push waits
    rate: Mapped[float] = mapped_column(Double)
    setting: Mapped[float] = mapped_column(Double)
    changed_at: Mapped[float] = mapped_column(
        Double, default=0.0, server_default=text("0")
    )  # when `rate` was last changed
    halted_for: Mapped[float] = mapped_column(
        Double, default=0.0, server_default=text("0")
    )  # seconds of the last flood wait; 0 when the rate has been raised after it


class Lease(Base, kw_only=True, eq=False):
    """A named lock with an owner and an expiry, such as the one for polling getUpdates; see bot.storage.leases."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    until: Mapped[float] = mapped_column(Double)


class ReceivedUpdate(Base, kw_only=True, eq=False):
    """An update from Telegram, with its update_id. Kept without its body for a day after it was handled."""

    __tablename__ = "received_updates"
    __table_args__ = (
        Index("ix_received_updates_to_do", "owner", sqlite_where=text("NOT done"), postgresql_where=text("NOT done")),
        Index("ix_received_updates_received_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(String(64))  # the process that handles it
    body: Mapped[dict[str, Any]] = mapped_column(Data)
    received_at: Mapped[float] = mapped_column(Double)
    done: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class Card(Base, kw_only=True, eq=False):
    """A story's card that a chat opened itself; pruned after two days, see bot.delivery.cards."""

    __tablename__ = "cards"
    __table_args__ = (Index("ix_cards_story_id", "story_id"), Index("ix_cards_sent_at", "sent_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    language: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(Integer)
    photo: Mapped[bool] = mapped_column(Boolean)
    sent_at: Mapped[float] = mapped_column(Double)
    not_before: Mapped[float] = mapped_column(Double, default=0.0, server_default=text("0"))
    tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))


class Notice(Base, kw_only=True, eq=False):
    """A message to the admins, kept until it was sent to each of them once."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(Data)
    created_at: Mapped[datetime] = mapped_column(Moment)
    said_at: Mapped[datetime | None] = mapped_column(Moment, default=None, index=True)
