"""Stories that readers share in other chats: results of inline queries."""

from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions

from bot.config import Newsroom
from bot.i18n import Language
from bot.messages.stories import card, linkable, story_time
from bot.messages.text import NO_PREVIEW, shorten
from bot.storage.models import Story

TITLE_OF_RESULT = 120


def article(
    newsroom: Newsroom, story: Story, language: Language, public_url: str = "", *, pictures: bool = True
) -> InlineQueryResultArticle:
    """A result that sends the story's card as text, with its picture as the preview above if `pictures`."""
    message = card(newsroom, story, language, public_url)
    picture = linkable(story.image_url) if pictures and story.image_url else None
    section = newsroom.section_name(story.section, language.code) if story.section else ""
    title = shorten(story.title, TITLE_OF_RESULT) or newsroom.name
    preview = LinkPreviewOptions(url=picture, prefer_large_media=True, show_above_text=True) if picture else NO_PREVIEW
    return InlineQueryResultArticle(
        str(story.id),
        f"UPDATE · {title}" if story.is_update else title,
        InputTextMessageContent(message.text, entities=message.entities, link_preview_options=preview),
        reply_markup=message.markup,
        description=" · ".join(filter(None, (section, story_time(newsroom, story)))),
        thumbnail_url=picture,
    )
