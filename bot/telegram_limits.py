"""What Telegram takes, where both readers of sources and writers of messages have to know."""

BUTTON_URL_LIMIT = 2_048  # characters of the address behind a button or a linked word; a story's own may be longer
