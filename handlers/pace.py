"""What a chat gets that writes faster than it can be answered."""

from bot.context import Context, Surplus
from bot.messages import menus


async def too_fast(surplus: Surplus, context: Context) -> None:
    """Say once that something was left out, to a person; a group or a channel is spared one more message."""
    if not context.is_private:
        return
    text = menus.too_fast(context.language(await context.subscriber()))
    await context.reply(text)
