"""Item: what a parser returns, before we know which story it is."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed, a page or an API call, already safe to show.

    Text fields are plain text (no markup, no control, zero-width or bidi-override characters, single spaces);
    addresses are absolute http(s) URLs. What the source did not give is empty or None.
    """

    url: str
    title: str
    guid: str = ""
    summary: str = ""
    author: str = ""
    image_url: str = ""
    image_caption: str = ""
    categories: tuple[str, ...] = ()
    published_at: datetime | None = None  # aware, UTC; never later than the moment of parsing plus a day


def captioned(caption: str, credit: str) -> str:
    """A photo's caption with its credit in brackets, as newspapers print it."""
    return f"{caption} ({credit})".strip() if credit else caption
