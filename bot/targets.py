"""Targets: what a subscriber can follow, as the text that subscriptions and audiences keep."""

UPDATE = "update"
_SECTION = "section:"


def of_section(slug: str) -> str:
    return _SECTION + slug


def section_of(target: str) -> str:
    """The slug of the section that a target means; "" for UPDATE."""
    return target.removeprefix(_SECTION) if target.startswith(_SECTION) else ""
