"""The bot was blocked, unblocked, added to or removed from a chat; a group became a supergroup."""

from telegram import Chat, ChatMember, ChatMemberRestricted, Update

from bot.audience import subscribers
from bot.context import Context
from bot.i18n import choose


async def changed(update: Update, context: Context) -> None:
    """Handle `my_chat_member`: store the chat's state. What it follows and its language stay."""
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
