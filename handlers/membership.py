"""The bot was blocked, unblocked, added to or removed from a chat; a group became a supergroup."""

import structlog
from telegram import Chat, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Update
from telegram.error import BadRequest, Forbidden

from bot.audience import subscribers, subscriptions
from bot.context import Context
from bot.i18n import choose, load_language
from bot.messages import menus

log = structlog.get_logger("kabar.chat")


async def changed(update: Update, context: Context) -> None:
    """Handle `my_chat_member`: store the chat's state. What it follows and its language stay.

    A group or channel that the bot comes to gets to know it.
    """
    change = update.my_chat_member
    if change is None:
        return
    member, now = change.new_chat_member, context.news.now()
    silent = isinstance(member, ChatMemberRestricted) and not member.can_send_messages
    async with context.write() as session:
        if member.status in (ChatMember.LEFT, ChatMember.BANNED):
            state = subscribers.BLOCKED if change.chat.type == Chat.PRIVATE else subscribers.LEFT
            await subscribers.set_state(session, change.chat.id, state, member.status, now)
        elif silent:
            await subscribers.set_state(session, change.chat.id, subscribers.SILENT, "restricted", now)
        elif not await subscribers.set_state(session, change.chat.id, subscribers.ACTIVE, "", now):
            await subscribers.greet(
                session,
                change.chat.id,
                kind=change.chat.type,
                language=choose(
                    change.from_user.language_code if change.chat.type == Chat.PRIVATE else None,
                    context.newsroom.language,
                ),
                now=now,
            )
    if not silent and not _is_there(change.old_chat_member) and _is_there(member):
        await _introduce(change, context)


def _is_there(member: ChatMember) -> bool:
    return member.status in (ChatMember.MEMBER, ChatMember.ADMINISTRATOR) or (
        isinstance(member, ChatMemberRestricted) and member.is_member
    )


async def _introduce(change: ChatMemberUpdated, context: Context) -> None:
    """Greet a group, with its choices. Of a channel only the admin is told who made the bot its admin."""
    try:
        if change.chat.type == Chat.CHANNEL:
            language = load_language(choose(change.from_user.language_code, context.newsroom.language))
            message = menus.channel_introduction(context.newsroom, language, change.chat.title or "")
            await context.news.answers.send(change.from_user.id, message)
        elif change.chat.type != Chat.PRIVATE:
            subscriber = await context.subscriber()
            async with context.read() as session:
                followed = await subscriptions.following(session, subscriber.id)
            language = context.language(subscriber)
            await context.reply(menus.introduction(context.newsroom, language, followed, paused=subscriber.paused))
    except (BadRequest, Forbidden) as error:  # it may not write there, or its admin has never written to it
        log.info("not_introduced", chat=change.chat.id, reason=str(error))


async def upgraded(update: Update, context: Context) -> None:
    """Move a subscriber to its new chat id.

    Telegram announces it twice, `migrate_to_chat_id` in the old group and `migrate_from_chat_id` in the new one; either
    is enough.
    """
    message = update.effective_message
    if message is None:
        return
    old = message.chat.id if message.migrate_to_chat_id else message.migrate_from_chat_id
    new = message.migrate_to_chat_id or message.chat.id
    if old:
        async with context.write() as session:
            await subscribers.move(session, old, new, context.news.now())
