"""What Telegram takes, where both readers of sources and writers of messages have to know."""

import unicodedata

BUTTON_URL_LIMIT = 2_048  # characters of the address behind a button or a linked word; a story's own may be longer

# Letters and symbols that show nothing: Hangul fillers, the blank Braille pattern, the object replacement character.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\ufffc"


def is_visible(text: str) -> bool:
    """Whether something of the text can be seen; Telegram refuses a message or a button of which nothing can."""
    return any(unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK_LETTERS for letter in text)
