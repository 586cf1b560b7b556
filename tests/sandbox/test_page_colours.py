"""Text on the chat page stands out from what is behind it by WCAG 2.2 AA: 4.5 for text, 3 for focus rings."""

import re

import pytest

from bot.sandbox.control import PAGE

RULES = re.findall(r":root[^{]*\{([^}]*--paper[^}]*)\}", (PAGE / "page.css").read_text(encoding="utf-8"))
SCHEMES = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", rule)) for rule in RULES]
BEHIND_TEXT = {
    "ink": ("paper", "card", "mine", "theirs"),
    "soft": ("paper", "card"),
    "leaf": ("card", "paper", "mine", "theirs"),
    "ember": ("card", "paper", "wall"),
    "leaf-ink": ("leaf",),
    "ember-ink": ("ember",),
    "paper": ("ink",),
}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def test_there_are_a_light_scheme_and_two_equal_dark_ones() -> None:
    assert len(SCHEMES) == 3
    assert SCHEMES[1] == SCHEMES[2] != SCHEMES[0]


@pytest.mark.parametrize("scheme", SCHEMES[:2], ids=["light", "dark"])
def test_text_and_focus_rings_can_be_seen(scheme: dict[str, str]) -> None:
    for colour, behind in BEHIND_TEXT.items():
        for back in behind:
            assert contrast(scheme[colour], scheme[back]) >= 4.5, (colour, back)
    for back in ("paper", "card", "wall"):
        assert contrast(scheme["glow"], scheme[back]) >= 3, back
