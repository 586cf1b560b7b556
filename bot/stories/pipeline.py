"""The pipeline: what a source says becomes what readers see. Each stage is a module of its own; here they follow.

        a source that is due      a hub's delivery      the CMS             a page that is wanted
        bot.stories.poller        bot.web.websub        bot.web.api         bot.stories.completer
                 │                      │                   │                       │
      fetch      reading.fetcher        │                   │                articles.lookups
                 │                      │                   │                       │
      parse      reading.documents ─────┘                   │                articles.article
                 │  take_in                                 │  publish              │  complete
                 └──────────────┬───────────────────────────┴───────────────────────┘
      recognise     telling.recognise   which stories these are, by their keys (telling.keys)
      note          telling.appearances what this source says of each, beside what it said before
      copies        telling.copies      whether a new story is another site's text again
      compose       telling.compose     what is shown, from all that is said: the best for each field
      decide        telling.decide      new, corrected, completed, …; pushed, or why not
      store         here                stories, keys and appearances, each in one statement
      complete      telling.wants       whose page is to be read, since the story lacks something
      queue         delivery            alerts, corrections, retractions; all in the same transaction

The first four need one statement each for a whole document; a document that says what it said last never comes here.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.config import Newsroom, SourceTable
from bot.delivery import alerts, corrections, notices, revisions
from bot.storage import fulltext
from bot.storage.engine import Database, Session
from bot.storage.models import Story, StoryState
from bot.stories import sources
from bot.stories.articles.article import Article
from bot.stories.items import Item, captioned
from bot.stories.reading.summaries import is_cut
from bot.stories.showing import indexing
from bot.stories.telling import appearances, copies, recognise, rows, wants, withdrawal
from bot.stories.telling.appearances import CMS, PAGE, Appearance, Fields, Kind, fields_of, is_breaking, renewed
from bot.stories.telling.compose import Shown, compose
from bot.stories.telling.copies import RecentStories, Text
from bot.stories.telling.decide import (
    COMPLETED_WITHIN,
    HELD_ABOVE,
    Change,
    Decision,
    Said,
    Verdict,
    decide,
    is_too_old,
)
from bot.stories.telling.keys import keyed, keys_of
from bot.stories.telling.recognise import Entry, KeyTaken, Recognised
from bot.stories.telling.wants import Want

log = structlog.get_logger("kabar.pipeline")

AT_ONCE = 500  # items of one transaction
PAGES_AT_MOST = 30  # wanted of one document; the newest
ATTEMPTS = 4  # at storing what a source may be storing at the same moment


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of a document."""

    new: int = 0
    corrected: int = 0
    queued: int = 0
    held: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.new or self.corrected or self.queued)

    def __add__(self, other: "Stored") -> "Stored":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Stored(*(mine + theirs for mine, theirs in pairs))


@dataclass(frozen=True, slots=True)
class CmsStory:
    """What the newsroom's own CMS published under its id `name`; `given` are the fields of which it said anything.

    `text`: the article's, if it gave that.
    """

    name: str
    item: Item
    section: str = ""
    update: bool = False
    given: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """Who speaks, and when. `is_news`: what is new is pushed (not at a source's first poll). `flood`: alerts are held.

    `recent` is what new stories are compared with; None where none can be a copy.
    """

    newsroom: Newsroom
    source_id: str
    kind: Kind
    now: datetime
    is_news: bool = True
    flood: bool = False
    recent: RecentStories | None = None


@dataclass(slots=True)
class Telling:
    """One story on its way through the stages."""

    recognised: Recognised
    said: Said
    everything: list[Appearance]
    shown: Shown
    decision: Decision
    story: Story
    copy_of: int | None = None
    is_new: bool = field(default=False)


async def take_in(
    database: Database,
    newsroom: Newsroom,
    source: SourceTable,
    items: Sequence[Item],
    now: datetime,
    *,
    push: bool,
    recent: RecentStories,
    then: Callable[[Session, Stored], Awaitable[None]] | None = None,
) -> Stored:
    """Store what a document of a source holds; `push`: its new stories are news (not at a source's first poll).

    A large one takes several transactions, and others write between them; `then` is done in the last. A flood is stored
    and not pushed: an admin is asked.
    """
    pairs = keyed([item for item in items if item.title], source.id)
    entries = [Entry(keys, fields_of(item, source, newsroom)) for item, keys in pairs]
    parts = [entries[at : at + AT_ONCE] for at in range(0, len(entries), AT_ONCE)] or [entries]
    popular = source.list == "popular"
    if popular:
        parts = parts[:1]
    kind = Kind.POPULAR if popular else Kind.LIST
    round_ = Round(newsroom, source.id, kind, now, is_news=push, recent=None if popular else recent)
    if len(parts) > 1:
        async with database.read() as session:
            new = await recognise.unknown(session, source.id, items)
        round_ = replace(round_, flood=len(new) > HELD_ABOVE)
    done = Stored()
    for part in reversed(parts):  # the newest last

        async def once(session: Session, part: Sequence[Entry] = part, before: Stored = done) -> Stored:
            is_news = push or await sources.is_primed(session, source.id)  # by another process, meanwhile
            so_far = before + await tell(session, part, replace(round_, is_news=is_news))
            if part is parts[0]:
                if so_far.held:
                    await notices.add(session, "pushes_held", {"source": source.id, "count": so_far.held}, now)
                if then is not None:
                    await then(session, so_far)
            return so_far

        done = await _store(database, once)
    return done


async def publish(database: Database, newsroom: Newsroom, published: CmsStory, now: datetime) -> Stored:
    """Store what the CMS published; its alert or its correction begins at once."""
    item = published.item
    source = SourceTable(id=CMS, url=newsroom.newsroom.url, section=published.section or None, update=published.update)
    said = replace(fields_of(item, source, newsroom), kind=Kind.CMS, given=published.given)
    entry = Entry((recognise.cms_key(published.name), *keys_of(item, CMS)), said)
    round_ = Round(newsroom, CMS, Kind.CMS, now)
    body = fulltext.body_of(published.text)

    async def once(session: Session) -> Stored:
        stored = await tell(session, [entry], round_)
        if body and (story := await recognise.find(session, published.name)) is not None:
            await indexing.keep_body(session, story.id, body)
        return stored

    return await _store(database, once)


async def complete(
    database: Database, newsroom: Newsroom, want: Want, article: Article | None, now: datetime
) -> Stored:
    """Store what an article's own page says of its story.

    None: the page said nothing. It is asked again later, and the story's alert does not wait for it any longer.
    """
    body = fulltext.body_of(article.body) if article is not None else ""

    async def once(session: Session) -> Stored:
        if article is None:
            await wants.postpone(session, want)
            await alerts.go(session, await session.get_one(Story, want.story_id))
            return Stored()
        await wants.fulfil(session, want.story_id)
        said = _fields_of_page(article, want.url, newsroom)
        round_ = Round(newsroom, PAGE, Kind.PAGE, now)
        stored = await _tell(session, [Recognised(said, want.story_id)], round_)
        if body:
            await indexing.keep_body(session, want.story_id, body)
        return stored

    return await _store(database, once)


def _fields_of_page(article: Article, url: str, newsroom: Newsroom) -> Fields:
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


async def separate(session: Session, story: Story, newsroom: Newsroom, now: datetime) -> bool:
    """An editor says that a story is no copy: it is listed, and pushed if it is young enough.

    False: it was none, or it is withdrawn.
    """
    if story.copy_of is None or story.state != StoryState.LIVE:
        return False
    story.copy_of, story.updated_at = None, now
    max_age = newsroom.newsroom.push_max_age
    if is_too_old(story.published_at, max_age, now):
        story.verdict = Verdict.TOO_OLD
    elif await alerts.queue(session, story, now, max_age=max_age) is None:
        story.verdict = Verdict.NO_SECTION
    else:
        story.verdict = Verdict.PUSHED
    return True


async def withdraw(session: Session, source_id: str, story_id: int, url: str, now: datetime) -> bool:
    """The page of a story that its source no longer lists is gone. False: it has moved, or the CMS words it."""
    story = await session.get_one(Story, story_id, with_for_update=True)
    if (story.url, story.source_id) != (url, source_id):
        return False
    if await withdrawal.retract(session, story, now):
        await notices.add(session, "story_gone", {"source": source_id, "title": story.title}, now)
    await wants.fulfil(session, story_id)
    return True


async def _store(database: Database, work: Callable[[Session], Awaitable[Stored]]) -> Stored:
    """Do `work` in a transaction, and once more when another one was storing the same story."""
    for attempt in range(ATTEMPTS):
        try:
            async with database.write() as session:
                return await work(session)
        except (KeyTaken, DBAPIError):  # two that wait for each other's keys are told apart by PostgreSQL
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(random.uniform(0, 0.2))
    raise AssertionError("the last attempt returns or raises")


async def tell(session: Session, entries: Sequence[Entry], round_: Round) -> Stored:
    """Recognise a document's entries, and tell their stories, in the transaction of `session`.

    Raises KeyTaken when two sources bring one new story at the same moment; the later transaction begins again.
    """
    recognised = await recognise.recognise(session, entries)
    return await _tell(session, recognised, round_)


async def _tell(session: Session, recognised: Sequence[Recognised], round_: Round) -> Stored:
    """From note to queue."""
    if sum(each.story_id is None for each in recognised) > HELD_ABOVE:
        round_ = replace(round_, flood=True)
    changed = await _changed(session, recognised, round_)
    before = await rows.locked(session, [each.story_id for each in changed if each.story_id is not None])
    said = await appearances.of_stories(session, list(before))
    originals = await _originals(session, [each for each in changed if each.story_id is None], round_)
    tellings = [
        _told_new(each, round_, originals.get(id(each)))
        if each.story_id is None
        else _told(each, before[each.story_id], said[each.story_id], round_)
        for each in reversed(changed)  # documents list the newest first; pushes go out in the order of publishing
        if each.story_id is None or each.story_id in before
    ]
    tellings.sort(key=lambda each: each.shown.published_at)
    await _keep(session, recognised, tellings, round_)
    urgent = await _want_pages(session, tellings, round_)
    return await _queue(session, tellings, urgent, round_)


async def _changed(session: Session, recognised: Sequence[Recognised], round_: Round) -> list[Recognised]:
    """Note: the entries that say something else than the same source's last entries, or of which it says the first."""
    if round_.kind is Kind.CMS:
        return list(recognised)  # to say again what was withdrawn is to say something
    known = [each.story_id for each in recognised if each.story_id is not None]
    digests = await appearances.digests(session, round_.source_id, known) if known else {}
    return [each for each in recognised if each.story_id is None or digests.get(each.story_id) != each.fields.digest]


async def _originals(session: Session, new: Sequence[Recognised], round_: Round) -> dict[int, int]:
    """By the new entry's identity: the story of another site that it repeats. An UPDATE repeats none.

    Until this transaction ends no other compares: of two sources that bring a story at once, one sees the other's.
    """
    if not new or round_.recent is None or not round_.is_news:
        return {}
    await session.lock(rows.ONE_AT_A_TIME)
    await _remember(session, round_.recent, round_.now)
    found: dict[int, int] = {}
    for each in new:
        said = each.fields
        when = said.published_at or round_.now
        text = Text.of(0, round_.source_id, said.url, when, said.title, said.summary)
        for original in () if said.update else round_.recent.originals_of(text):
            story = await session.get(Story, original)
            if story is not None and story.state == StoryState.LIVE:
                found[id(each)] = story.copy_of or story.id
                log.info("story_repeated", source=round_.source_id, title=said.title, story=found[id(each)])
                break
    return found


async def _remember(session: Session, recent: RecentStories, now: datetime) -> None:
    """Take the stories stored since the last time into `recent`."""
    stored = await session.execute(
        select(Story.id, Story.source_id, Story.url, Story.published_at, Story.title, Story.summary)
        .where(Story.id > recent.newest_id, Story.published_at > now - copies.WITHIN)
        .order_by(Story.id.desc())
        .limit(copies.REMEMBERED)
    )
    for row in reversed(stored.all()):
        recent.add(Text.of(*row))


def _told_new(recognised: Recognised, round_: Round, copy_of: int | None) -> Telling:
    """Compose and decide, for a story that nobody has told of yet."""
    now, fields = round_.now, recognised.fields
    appearance = Appearance(round_.source_id, fields, now, now, fields.digest)
    said = Said(appearance, None, round_.is_news, round_.flood, repeats=copy_of is not None)
    shown = compose([appearance], round_.newsroom)
    decision = decide(None, shown, said, round_.newsroom.newsroom.push_max_age, now)
    story = Story(
        source_id=shown.source_id,
        title=shown.title,
        url=shown.url,
        published_at=shown.published_at,
        first_seen_at=now,
        updated_at=now,
        copy_of=copy_of if decision.verdict is Verdict.COPY else None,
        verdict=decision.verdict,
    )
    rows.show(story, shown, now)
    revisions.note(story)
    return Telling(recognised, said, [appearance], shown, decision, story, is_new=True)


def _told(recognised: Recognised, story: Story, everything: Sequence[Appearance], round_: Round) -> Telling:
    """Note, compose and decide, for a story that is known; its row is as it will be shown."""
    now = round_.now
    previous = next((each for each in everything if each.source_id == round_.source_id), None)
    fields, digest = recognised.fields, recognised.fields.digest
    if previous is None:
        appearance = Appearance(round_.source_id, fields, now, now, digest)
    else:
        appearance = replace(previous, fields=renewed(previous, fields), last_seen=now, digest=digest)
    others = [each for each in everything if each is not previous]
    shown = compose([*others, appearance], round_.newsroom)
    said = Said(appearance, previous, round_.is_news, round_.flood)
    before = rows.before(story, everything)
    decision = decide(before, shown, said, round_.newsroom.newsroom.push_max_age, now)
    if not before.retracted or decision.change is Change.RETURNED:
        rows.show(story, shown, now)
        story.state, story.verdict = StoryState.LIVE, decision.verdict
        if decision.separated:
            story.copy_of = None
    return Telling(recognised, said, [*others, appearance], shown, decision, story)


async def _keep(session: Session, recognised: Sequence[Recognised], tellings: Sequence[Telling], round_: Round) -> None:
    """Store the stories, their keys, and what was said of them."""
    new = [each for each in tellings if each.is_new]
    session.add_all(each.story for each in new)
    await session.flush()
    for each in new:
        each.recognised.story_id = each.story.id
    await indexing.keep(session, [each.story for each in tellings])
    names = {key: each.story_id for each in recognised if each.story_id is not None for key in each.names}
    await recognise.name(session, names, {each.story.id for each in new})
    await appearances.store(session, [(each.story.id, each.said.appearance) for each in tellings])
    changed = {each.story.id for each in tellings}
    unchanged = [each.story_id for each in recognised if each.story_id is not None and each.story_id not in changed]
    await appearances.see(session, round_.source_id, unchanged, round_.now)
    if round_.kind is Kind.POPULAR:
        listed = dict.fromkeys(each.story_id for each in recognised if each.story_id is not None)
        await appearances.rank(session, round_.source_id, list(listed))


async def _want_pages(session: Session, tellings: Sequence[Telling], round_: Round) -> set[int]:
    """Want the pages of stories that lack something, and of corrected ones; the stories whose alerts wait for them."""
    if round_.kind in (Kind.CMS, Kind.PAGE):  # the CMS has said what it wants to say
        return set()
    wanted = [each for each in tellings if _wants_page(each, round_.newsroom)][-PAGES_AT_MOST:]
    urgent = {each.story.id for each in wanted if each.decision.push and each.decision.verdict is Verdict.PUSHED}
    await wants.want(session, [each.story.id for each in wanted], urgent=sorted(urgent))
    return urgent


def _wants_page(telling: Telling, newsroom: Newsroom) -> bool:
    """Whether a story lacks what its page may say, or its page may say something else now."""
    kinds = {each.fields.kind for each in telling.everything}
    if telling.story.state != StoryState.LIVE or Kind.CMS in kinds:
        return False
    if Kind.PAGE in kinds:
        previous, said = telling.said.previous, telling.said.appearance
        return previous is not None and previous.fields.title != said.fields.title
    shown = telling.shown
    lacks_words = not shown.summary or is_cut(shown.summary) or not shown.image_url
    lacks_names = bool(newsroom.sections) and not shown.section
    return lacks_words or lacks_names or (Kind.FEED not in kinds and not shown.author)


async def _queue(session: Session, tellings: Sequence[Telling], urgent: set[int], round_: Round) -> Stored:
    """Queue what follows from the decisions."""
    stored = Stored()
    for each in tellings:
        if each.decision.recall:
            await alerts.recall(session, each.story, round_.now)
        changed = not each.is_new and await _correct(session, each, round_)
        held = each.decision.push and round_.flood
        queued = each.decision.push and await _alert(session, each, held, urgent, round_)
        stored += Stored(each.is_new, changed, bool(queued) and not held, bool(queued) and held)
        if each.decision.promoted and round_.kind is not Kind.CMS:
            await corrections.promote(session, each.story, round_.now)
    return stored


async def _alert(session: Session, telling: Telling, held: bool, urgent: set[int], round_: Round) -> bool:
    wait = wants.UPDATE_WAITS if telling.shown.is_update else wants.ALERT_WAITS
    push = await alerts.queue(
        session,
        telling.story,
        round_.now,
        held=held,
        wait=wait if telling.story.id in urgent else 0.0,
        max_age=round_.newsroom.newsroom.push_max_age,
    )
    return push is not None


async def _correct(session: Session, telling: Telling, round_: Round) -> bool:
    """Let a known story's copies follow. True if what readers see has changed, or for the CMS if anything has."""
    story, decision, now = telling.story, telling.decision, round_.now
    if decision.change in (Change.UNCHANGED, Change.WITHDRAWN):
        if round_.kind is Kind.PAGE:
            await alerts.go(session, story)
        return False
    differs = revisions.note(story)
    if round_.kind is Kind.CMS:
        if decision.quiet and decision.change is not Change.RETURNED:
            await corrections.promote(session, story, now)
        else:
            await corrections.correct_now(session, story, now)
        return True
    went = round_.kind is Kind.PAGE and await alerts.go(session, story)
    if not differs or went:
        return differs
    if decision.change is Change.CORRECTED:
        await corrections.schedule(session, story, corrections.SETTLE_SECONDS)
    elif decision.change is Change.EXCHANGED:
        await corrections.schedule(session, story, corrections.SETTLE_SECONDS, quiet=True)
    elif decision.change is Change.COMPLETED and now - story.first_seen_at < COMPLETED_WITHIN:
        await corrections.schedule(session, story, 0.0, quiet=True)
    return True
