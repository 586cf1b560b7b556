"""The courier: brings one message to one chat, whatever it takes, and returns its record."""

import itertools
import time
from functools import partial

import structlog
from yarl import URL

from bot import loops
from bot.audience import subscribers
from bot.delivery import contents
from bot.delivery.budget import ChatPace
from bot.delivery.deliveries import Chat, Record
from bot.delivery.ledger import Ledger
from bot.delivery.outcomes import Gone, Mark, Missing, Moved, Outcome, Refused, Sent, Unknown, Wait
from bot.delivery.photos import Photo, Photos
from bot.delivery.telegram import ATTACHED, AiohttpRequest
from bot.logs import OngoingFailure

log = structlog.get_logger("kabar.sender")

TRIES = 4  # further tries after one that got no answer
UNKNOWN_BACKOFF = 5.0  # seconds, tripled with every try
FLOOD_WINDOW = 2.0  # seconds; flood waits of two chats within them concern the whole bot
OTHER_WAYS = 4  # fallbacks tried in one chat after a refusal: another kind of copy, a file for an address, then text
CONNECTION_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between tries without a connection; the last repeats


class Courier:
    """One process's way to Telegram. `base_url` ends with the token; `pace` is None where chats have no limit.

    Without `photos`, what Telegram refuses by its address goes as text.
    """

    def __init__(
        self,
        ledger: Ledger,
        request: AiohttpRequest,
        base_url: str,
        pace: ChatPace | None,
        photos: Photos | None = None,
    ) -> None:
        self._ledger = ledger
        self._request = request
        self._base_url = base_url
        self._pace = pace
        self._photos = photos
        self._urls: dict[str, URL] = {}
        self._floods: dict[int, float] = {}
        self._telegram_away = OngoingFailure(log, "telegram_away")

    async def deliver(self, content: contents.Content, chat: Chat) -> Record:
        """Make one try to deliver to a chat, including its move and fallbacks; returns the record."""
        if self._pace is not None and (wait := self._pace.wait(chat.chat_id, time.monotonic())):
            return Record(chat, Mark.UNKNOWN if chat.doubt else Mark.WAITING, wait=wait, tried=False)
        try:
            if self._photos is not None and content.has_new_photo:
                first = await self._photos.first(content.photo, content.image_url, urgent=content.is_urgent)
                content.use_photo(first)
            outcome, photo = await self._post(content, chat)
            if isinstance(outcome, Sent):
                return content.record(chat, outcome.message_id)
            return await self._handle_failure(content, chat, outcome, photo)
        except Exception:  # a bug that one chat triggers must not stop the push
            log.exception("delivery_failed", chat=chat.chat_id)
            return self._unanswered(chat, "internal error")

    async def _handle_failure(self, content: contents.Content, chat: Chat, outcome: Outcome, photo: Photo) -> Record:
        """Follow a moved chat, and try fallbacks after a refusal; returns the record."""
        if isinstance(outcome, Moved):
            new, old, now = outcome.chat_id, chat.chat_id, self._ledger.now()
            await self._ledger.persist(lambda session: subscribers.move(session, old, new, now))
            chat = chat._replace(chat_id=new)
            outcome, photo = await self._post(content, chat)
        for _ in range(OTHER_WAYS):
            if not isinstance(outcome, Refused):
                break
            other = await self._other_way(content, chat, outcome, photo)
            if other is None:
                break
            log.info("sent_another_way", chat=chat.chat_id, story=content.story_id, reason=outcome.reason)
            chat = other
            outcome, photo = await self._post(content, chat)
        return await self._record_of(content, chat, outcome)

    async def _other_way(self, content: contents.Content, chat: Chat, refused: Refused, photo: Photo) -> Chat | None:
        """What to try next in the chat: another form of `photo` if that was refused, else the content's fallback."""
        if refused.here:
            return None if chat.plain else chat._replace(plain=True)
        if self._photos is None or not (refused.photo and photo):
            return content.fallback(chat, refused)
        if content.photo == photo:
            other = await self._photos.next(photo, content.image_url, urgent=content.is_urgent)
            if content.photo == photo:  # else another chat's message has learned better meanwhile
                content.use_photo(other)
        return chat

    async def _post(self, content: contents.Content, chat: Chat) -> tuple[Outcome, Photo]:
        """Send one message; its outcome, and the form of the photo then.

        While there is no connection, nothing is sent: wait here and try again.
        """
        for attempt in itertools.count():
            method, body = content.body(chat)
            photo = content.photo
            if isinstance(photo, bytes) and ATTACHED.encode() in body:
                outcome, answer = await self._request.upload(self._url(method), body, photo)
            else:
                outcome, answer = await self._request.send(self._url(method), body)
            learns = isinstance(outcome, Sent) and content.has_new_photo and not chat.plain
            if learns and (file_id := content.learn_photo(answer)):
                keep = partial(contents.keep_photo, story_id=content.story_id or 0, image_url=content.image_url)
                await self._ledger.persist(partial(keep, file_id=file_id, instead_of=content.replaced_file_id))
            if not isinstance(outcome, Wait) or outcome.flood:
                self._telegram_away.clear()
                return outcome, photo
            if self._ledger.stopping.is_set():
                return outcome, photo
            self._telegram_away.note(outcome.reason)
            await loops.wait(self._ledger.stopping, CONNECTION_WAITS[min(attempt, len(CONNECTION_WAITS) - 1)])
        raise AssertionError("itertools.count() does not end")

    def _url(self, method: str) -> URL:
        """The method's URL, parsed once."""
        url = self._urls.get(method)
        if url is None:
            url = self._urls[method] = URL(f"{self._base_url}/{method}")
        return url

    async def _record_of(self, content: contents.Content, chat: Chat, outcome: Outcome) -> Record:
        match outcome:
            case Sent(message_id):
                return content.record(chat, message_id)
            case Wait(seconds, reason, flood):
                if flood:
                    await self._note_flood(chat, seconds, reason)
                return Record(chat, Mark.UNKNOWN if chat.doubt else Mark.WAITING, wait=seconds)
            case Gone():
                return Record(chat, Mark.GONE, gone=outcome)
            case Missing():
                return Record(chat, Mark.GONE)
            case Unknown(reason):
                return self._unanswered(chat, reason)
            case Refused(reason) | Moved(reason):
                log.warning("send_refused", chat=chat.chat_id, reason=reason)
                return Record(chat, Mark.REFUSED)

    def _unanswered(self, chat: Chat, reason: str) -> Record:
        log.warning("send_unanswered", chat=chat.chat_id, tries=chat.tries + 1, reason=reason)
        if chat.tries >= TRIES:
            return Record(chat, Mark.LOST)
        return Record(chat, Mark.UNKNOWN, wait=UNKNOWN_BACKOFF * 3**chat.tries)

    async def _note_flood(self, chat: Chat, seconds: float, reason: str) -> None:
        """A flood wait of one chat concerns it alone; of two chats within FLOOD_WINDOW, the whole bot."""
        now = time.monotonic()
        self._floods = {other: at for other, at in self._floods.items() if now - at < FLOOD_WINDOW}
        self._floods[chat.chat_id] = now
        log.warning("flood", chat=chat.chat_id, seconds=seconds, whole_bot=len(self._floods) > 1, reason=reason)
        if len(self._floods) > 1:
            await self._ledger.halt(seconds)
