"""Inline queries: stories to share in any chat, the newest or those that have the words."""

import re

import structlog
from telegram import InlineQuery, InlineQueryResultsButton, Update, User
from telegram.error import BadRequest

from bot.audience import subscribers
from bot.context import Context
from bot.i18n import Language, choose, load_language
from bot.messages import shared
from bot.stories.showing import browse
from bot.stories.showing import search as finding
from bot.stories.showing.browse import Stretch

log = structlog.get_logger("kabar.chat")

RESULTS = 20  # of one answer; Telegram accepts 50
CACHE_SECONDS = 10  # in which Telegram gives the same person the same answer to the same words
_PLACE = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")


async def suggest(update: Update, context: Context) -> None:
    """Answer with stories as cards; a query that has become too old is left alone."""
    query = update.inline_query
    if query is None:
        return
    language = await _language(context, query.from_user)
    stretch = await _stories(context, query)
    for pictures in (True, False):  # Telegram refuses a whole answer for one address that it does not like
        try:
            await _answer(context, query, language, stretch, pictures=pictures)
        except BadRequest as error:
            log.info("inline_unanswered", user=query.from_user.id, reason=str(error), pictures=pictures)
            if "query is too old" in str(error).lower():
                return
        else:
            return


async def _answer(
    context: Context, query: InlineQuery, language: Language, stretch: Stretch, *, pictures: bool
) -> None:
    public_url = context.news.settings.public_url
    results = [
        shared.article(context.newsroom, story, language, public_url, pictures=pictures) for story in stretch.stories
    ]
    nothing = InlineQueryResultsButton(language._("Nothing found. See the latest"), start_parameter="latest")
    await context.bot.answer_inline_query(
        query.id,
        results,
        cache_time=CACHE_SECONDS,
        is_personal=True,  # each person reads in a language of their own
        next_offset=f"{stretch.anchor}:{stretch.offset + RESULTS}" if stretch.more else "",
        button=None if results or stretch.offset else nothing,
    )


async def _stories(context: Context, query: InlineQuery) -> Stretch:
    place = _PLACE.fullmatch(query.offset)
    anchor, offset = (int(place[1]), int(place[2])) if place else (0, 0)
    async with context.read() as session:
        if not query.query.strip():
            return await browse.latest(session, anchor=anchor, offset=offset, size=RESULTS)
        found = await finding.search(session, query.query, anchor=anchor, offset=offset, size=RESULTS)
    return found.stretch


async def _language(context: Context, user: User) -> Language:
    """The language that the person chose in the private chat, else Telegram's."""
    async with context.read() as session:
        subscriber = await subscribers.find(session, user.id)
    wanted = subscriber.language if subscriber else user.language_code
    return load_language(choose(wanted, context.newsroom.language))
