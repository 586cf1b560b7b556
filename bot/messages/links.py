"""Counted links: addresses on our own server that redirect to a story and count the click (bot.web.clicks)."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST = 12  # characters; the story ids of a database need fewer


def counted_link(public_url: str, story_id: int) -> str:
    return f"{public_url.rstrip('/')}/r/{code_of(story_id)}"


def code_of(story_id: int) -> str:
    """The story id as written in a counted link: in base 36."""
    digits = ""
    while story_id:
        story_id, digit = divmod(story_id, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def story_of(code: str) -> int:
    """The story id that a code stands for; 0 for an invalid code."""
    valid = code.isascii() and code.isalnum() and len(code) <= _LONGEST
    return int(code, len(_DIGITS)) if valid else 0
