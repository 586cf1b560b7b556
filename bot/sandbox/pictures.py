"""Pictures for the sample stories, from the SVG templates in `drawings/`.

A template is SVG with placeholders: `{dark}`, `{mid}`, `{bright}` and `{light}` are the palette's colours,
`{sun_x:180..360}` is a whole number from that range, `{stall:bright|dark}` one of the named values. A name keeps its
value within one picture, so `{sun_x}` repeats it. `sheet.svg` is the document around every motif, with the shapes that
several motifs use.
"""

import random
import re
from pathlib import Path
from typing import NamedTuple

DRAWINGS = Path(__file__).parent / "drawings"
MIRRORED = "translate(1280 0) scale(-1 1)"
_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]+))?\}")


class Palette(NamedTuple):
    dark: str
    mid: str
    bright: str
    light: str


PALETTES = {
    "nasional": (
        Palette("#17324d", "#f2b880", "#e4572e", "#fdf3e3"),
        Palette("#1d3a34", "#a9cfc0", "#f2a541", "#fbf7ea"),
    ),
    "politik": (
        Palette("#3a2449", "#e9c46a", "#c8553d", "#fbf1e6"),
        Palette("#233044", "#d9b8a0", "#b23a48", "#f8efe8"),
    ),
    "dunia": (Palette("#0f3d3e", "#8fd3c8", "#f4a259", "#eef7f2"), Palette("#22395b", "#a7c4e2", "#ef6f6c", "#f2f6fb")),
    "ekonomi": (
        Palette("#1f3b2d", "#b5d99c", "#f0c808", "#f6f7e8"),
        Palette("#4a2c2a", "#f3c98b", "#2a9d8f", "#fdf4e7"),
    ),
    "olahraga": (
        Palette("#0b3954", "#7fc8f8", "#ff6663", "#eff9fe"),
        Palette("#14342b", "#a8dcb5", "#f5b700", "#f1faf0"),
    ),
    "teknologi": (
        Palette("#231942", "#9f86c0", "#5ee7c4", "#f3effa"),
        Palette("#0d2c54", "#84a9d8", "#ffb400", "#eef4fc"),
    ),
    "budaya": (
        Palette("#5c1a1b", "#f0a868", "#8f2d56", "#fff3e6"),
        Palette("#2b2350", "#e8a0a8", "#c9592f", "#fdf0ee"),
    ),
    "sains": (Palette("#14213d", "#6d9dc5", "#fca311", "#edf2fb"), Palette("#10302c", "#6fb3a0", "#f28482", "#eaf6f1")),
}
MOTIFS = {  # names of files in `drawings/`; even and odd story numbers alternate between the two
    "nasional": ("bridge", "village"),
    "politik": ("hall", "ballot"),
    "dunia": ("globe", "harbour"),
    "ekonomi": ("bars", "market"),
    "olahraga": ("track", "stadium"),
    "teknologi": ("circuit", "satellite"),
    "budaya": ("kayon", "kites"),
    "sains": ("telescope", "helix"),
}
NEVER_MIRRORED = ("bars", "ballot")  # mirrored, rising bars would fall and a tick would not be a tick


def draw(section: str, seed: int) -> str:
    """The picture of a story as an SVG document of 1280 by 720; one section and seed always give the same picture."""
    chance = random.Random(f"{section}:{seed}")
    motif = MOTIFS[section][seed % 2]
    values = chance.choice(PALETTES[section])._asdict()
    mirrored = motif not in NEVER_MIRRORED and chance.random() < 0.5
    values["mirror"] = MIRRORED if mirrored else "translate(0 0)"
    values["motif"] = fill(_template(motif), values, chance)
    return fill(_template("sheet"), values, chance)


def fill(template: str, values: dict[str, str], chance: random.Random) -> str:
    """The template with its placeholders replaced. Values drawn by chance are added to `values`.

    Raises KeyError for a name that has neither a value nor a range before its first use.
    """

    def value_of(match: re.Match[str]) -> str:
        name, choice = match.groups()
        if name not in values:
            if choice is None:
                raise KeyError(name)
            values[name] = _draw_value(choice, values, chance)
        return values[name]

    return _PLACEHOLDER.sub(value_of, template)


def _draw_value(choice: str, values: dict[str, str], chance: random.Random) -> str:
    if ".." in choice:
        low, high = map(int, choice.split(".."))
        return str(chance.randint(low, high))
    option = chance.choice(choice.split("|"))
    return values.get(option, option)  # an option may be the name of a colour


def _template(name: str) -> str:
    return (DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")
