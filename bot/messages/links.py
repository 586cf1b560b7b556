"""Counted links: the address on our own server that leads to a story, and is counted (bot.web.clicks)."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST = 12  # characters; the story ids of a database need fewer


def counted_link(public_url: str, story_id: int) -> str:
    return f"{public_url.rstrip('/')}/r/{code_of(story_id)}"


def code_of(story_id: int) -> str:
    """The story's number as it stands in a counted link, in base 36."""
    digits = ""
    while story_id:
        story_id, digit = divmod(story_id, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def story_of(code: str) -> int:
    """The story that a code names; 0 where it names none."""
    plain = code.isascii() and code.isalnum() and len(code) <= _LONGEST
    return int(code, len(_DIGITS)) if plain else 0
