"""Targets: what a subscriber can follow, as stored in subscriptions and audiences: "update" or "section:<slug>"."""

UPDATE = "update"
_SECTION = "section:"


def of_section(slug: str) -> str:
    return _SECTION + slug


def section_of(target: str) -> str:
    """The slug of a section's target; "" for UPDATE."""
    return target.removeprefix(_SECTION) if target.startswith(_SECTION) else ""
