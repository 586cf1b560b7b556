"""Addresses as readers get them, and the site that an address belongs to."""

import re
from urllib.parse import urlsplit, urlunsplit

_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id", re.IGNORECASE)
_PUBLIC = frozenset(
    ("co", "com", "or", "org", "go", "gov", "ac", "edu", "net", "web", "sch", "my", "mil", "desa", "biz")
)


def without_tracking(url: str) -> str:
    """The address as it stands, save parameters by which advertising and mail services count clicks."""
    parts = urlsplit(url)
    pairs = parts.query.split("&")
    kept = [pair for pair in pairs if not is_click(pair)]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query="&".join(kept)))


def is_click(pair: str) -> bool:
    """Whether a parameter of an address only counts who clicked where."""
    return _TRACKING.fullmatch(pair.partition("=")[0]) is not None


def site_of(url: str) -> str:
    """The site of an address: its registered domain, as near as can be told without a list of them; of an address in
    numbers, the host and its port.

    Under a public suffix that `_PUBLIC` does not name (blogspot.com, kyoto.jp), all are one site.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    labels = host.split(".")
    if labels[-1].isdecimal() or ":" in host or len(labels) == 1:
        return parts.netloc.rpartition("@")[2].casefold()
    long = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _PUBLIC
    return ".".join(labels[-3 if long else -2 :])
