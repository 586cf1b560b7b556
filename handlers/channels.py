"""Presses in a channel: none posts anything there. An admin's changes the message, a reader's leads to the bot."""

from bot.context import Context
from bot.i18n import choose, load_language
from bot.messages import buttons

POSTING = (
    buttons.OpenLatest,
    buttons.OpenPopular,
    buttons.OpenUpdates,
    buttons.OpenSections,
    buttons.OpenSection,
    buttons.OpenStory,
    buttons.SaveStory,  # what is saved is a reader's own
)


async def handled(context: Context, button: buttons.Button) -> bool:
    """Answer a press in a channel that its handler may not carry out there; False if it may."""
    if isinstance(button, POSTING):  # it would send a message
        await context.open_private(button.private)
        return True
    user = context.incoming.effective_user
    wanted = user.language_code if user else None
    denial = await context.denial(load_language(choose(wanted, context.newsroom.language)))
    if not denial:
        return False
    if button.private:
        await context.open_private(button.private)
    else:
        await context.answer(denial)
    return True
