"""Addresses as readers get them."""

import re
from urllib.parse import urlsplit, urlunsplit

_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id", re.IGNORECASE)


def without_tracking(url: str) -> str:
    """The address as it stands, save parameters by which advertising and mail services count clicks."""
    parts = urlsplit(url)
    pairs = parts.query.split("&")
    kept = [pair for pair in pairs if not is_click(pair)]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query="&".join(kept)))


def is_click(pair: str) -> bool:
    """Whether a parameter of an address only counts who clicked where."""
    return _TRACKING.fullmatch(pair.partition("=")[0]) is not None
