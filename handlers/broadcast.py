"""/broadcast: write, choose the audience, preview, send."""

from typing import Any

from telegram import Message as TelegramMessage
from telegram import MessageEntity, Update
from telegram.error import TelegramError
from telegram.ext.filters import StatusUpdate

from bot.audience import segments
from bot.context import Context
from bot.delivery import drafts, figures, pushes
from bot.messages import broadcasts, buttons, menus
from bot.messages.text import Message
from bot.storage.models import Push
from handlers import words


async def broadcast(update: Update, context: Context) -> None:
    """Begin a draft; the editor's next message becomes its content."""
    language = context.language(await context.subscriber())
    async with context.write() as session:
        await drafts.new(session, _author(update), {}, context.news.now())
    await context.reply(broadcasts.ask_content(language))


async def compose(update: Update, context: Context) -> None:
    """Handle an owner's message: the content of a draft that waits for it, otherwise what any reader's would be."""
    message = update.effective_message
    subscriber = await context.subscriber()
    async with context.write() as session:
        draft = await drafts.of_author(session, _author(update))
        is_empty = draft is not None and not draft.content
        if draft is not None and is_empty and message is not None:
            draft.content = content_of(message)
    if draft is not None and is_empty:
        await context.reply(broadcasts.ask_audience(context.newsroom, context.language(subscriber), draft))
    elif message is not None and message.text:
        await words.plain_text(update, context)
    elif message is not None and not StatusUpdate.ALL.check_update(update):
        await words.no_text(update, context)


def content_of(message: TelegramMessage) -> dict[str, Any]:
    """The Bot API call that sends the message to a reader: sendMessage, sendPhoto, or copyMessage for other kinds."""
    if message.text:
        params: dict[str, Any] = {"text": message.text}
        if message.entities:
            params["entities"] = [entity.to_dict() for entity in message.entities]
        return {"method": "sendMessage", "params": params}
    if message.photo:
        params = {"photo": message.photo[-1].file_id}
        if message.caption:
            params["caption"] = message.caption
        if message.caption_entities:
            params["caption_entities"] = [entity.to_dict() for entity in message.caption_entities]
        return {"method": "sendPhoto", "params": params}
    return {"method": "copyMessage", "params": {"from_chat_id": message.chat.id, "message_id": message.message_id}}


async def choose_audience(update: Update, context: Context, button: buttons.ChooseAudience) -> None:
    """Add a target to the audience of a draft, or remove it."""
    async with context.write() as session:
        draft = await drafts.of_author(session, _author(update))
        if draft is not None and draft.id == button.push_id:
            draft.audience = _changed(draft.audience, button.target, button.on)
    await _show_audience(context, draft, button.push_id, menus.page_with(context.newsroom, button.target))


async def show_audience(update: Update, context: Context, button: buttons.DraftAudience) -> None:
    """Go back from the preview to the audience."""
    async with context.read() as session:
        draft = await drafts.of_author(session, _author(update))
    await _show_audience(context, draft, button.push_id)


async def turn_audience(update: Update, context: Context, button: buttons.AudiencePage) -> None:
    """Show another page of the audience in the same message."""
    async with context.read() as session:
        draft = await drafts.of_author(session, _author(update))
    await _show_audience(context, draft, button.push_id, button.page)


def _changed(audience: segments.Audience, target: str, on: bool) -> segments.Audience:
    """The audience after a target was ticked or unticked; without any ticked target it is everyone."""
    if target == buttons.EVERYONE:
        return dict(segments.EVERYONE)
    chosen = set(audience.get("targets", []))
    chosen = chosen | {target} if on else chosen - {target}
    return segments.of_targets(sorted(chosen)) if chosen else dict(segments.EVERYONE)


async def _show_audience(context: Context, draft: Push | None, number: int, page: int = 1) -> None:
    language = context.language(await context.subscriber())
    if draft is None or draft.id != number or not draft.content:
        await context.answer(broadcasts.too_late(language))
        return
    await context.answer()
    await context.show(broadcasts.ask_audience(context.newsroom, language, draft, page))


async def preview(update: Update, context: Context, button: buttons.PreviewDraft) -> None:
    if (draft := await _written_draft(update, context, button.push_id)) is not None:
        await _preview(context, draft)


async def send(update: Update, context: Context, button: buttons.SendDraft) -> None:
    if await _written_draft(update, context, button.push_id) is not None:
        await _send(context, button.push_id)


async def _written_draft(update: Update, context: Context, number: int) -> Push | None:
    """The draft that the button belongs to. If it is no longer a draft, tell the editor so and return None."""
    async with context.read() as session:
        draft = await drafts.of_author(session, _author(update))
    if draft is not None and draft.id == number and draft.content:
        return draft
    await context.answer(broadcasts.too_late(context.language(await context.subscriber())))
    return None


async def drop(update: Update, context: Context, _: buttons.DropDraft) -> None:
    language = context.language(await context.subscriber())
    async with context.write() as session:
        draft = await drafts.of_author(session, _author(update))
        if draft is not None:
            await pushes.cancel(session, draft.id, context.news.now())
    await context.answer()
    await context.show(broadcasts.dropped(language))


async def _preview(context: Context, draft: Push) -> None:
    """Show the message exactly as readers will get it, and below it the audience, reach and time."""
    language = context.language(await context.subscriber())
    await context.answer()
    try:
        await _show(context, dict(draft.content or {}))
    except TelegramError as error:
        await context.reply(Message.of(f"{broadcasts.refused(language)}\n{error}"))
        return
    async with context.read() as session:
        count = await segments.count(session, draft.audience, await segments.ceiling(session))
    seconds = figures.seconds_needed(count, context.news.settings.send_rate)
    await context.reply(broadcasts.preview(context.newsroom, language, draft, count, seconds))


async def _show(context: Context, content: dict[str, Any]) -> None:
    """Send the content to the editor with the same method as to readers."""
    params, chat = content["params"], context.chat.id
    match content["method"]:
        case "sendMessage":
            entities = MessageEntity.de_list(params.get("entities", []), context.bot)
            await context.bot.send_message(chat, params["text"], entities=entities)
        case "sendPhoto":
            entities = MessageEntity.de_list(params.get("caption_entities", []), context.bot)
            await context.bot.send_photo(
                chat, params["photo"], caption=params.get("caption"), caption_entities=entities
            )
        case _:
            await context.bot.copy_message(chat, params["from_chat_id"], params["message_id"])


async def _send(context: Context, number: int) -> None:
    """Confirm the push; a second tap changes nothing. The preview's question becomes the progress message."""
    language = context.language(await context.subscriber())
    undo = context.news.settings.undo_seconds
    message = context.incoming.effective_message
    async with context.write() as session:
        confirmed = await drafts.confirm(session, number, context.news.now(), undo)
        state = await figures.progress(session, number)
        if confirmed and state is not None and message is not None:
            state.push.progress_message_id = message.message_id
    if not confirmed or state is None:
        await context.answer(broadcasts.too_late(language))
        return
    context.news.wake.set()
    await context.answer()
    await context.show(broadcasts.progress(context.newsroom, language, state.push, state.waiting, "", undo=bool(undo)))


def _author(update: Update) -> int:
    user = update.effective_user
    return user.id if user else 0
