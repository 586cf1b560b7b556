"""Drawn pictures for the sample stories. A section has two motifs and two palettes; the story's number varies them."""

import random
from collections.abc import Callable

from bot.sandbox import emblems, scenes
from bot.sandbox.shapes import HEIGHT, WIDTH, Palette

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
Motif = Callable[[random.Random, Palette], str]
MOTIFS: dict[str, tuple[Motif, Motif]] = {
    "nasional": (scenes.bridge, scenes.village),
    "politik": (emblems.hall, emblems.ballot),
    "dunia": (emblems.globe, scenes.harbour),
    "ekonomi": (emblems.bars, scenes.market),
    "olahraga": (scenes.track, scenes.stadium),
    "teknologi": (emblems.circuit, emblems.satellite),
    "budaya": (emblems.kayon, scenes.kites),
    "sains": (emblems.telescope, emblems.helix),
}
UPRIGHT = (emblems.bars, emblems.ballot)  # would say something else in a mirror


def draw(section: str, seed: int) -> str:
    """An SVG document of 1280 by 720."""
    chance = random.Random(f"{section}:{seed}")
    palette = chance.choice(PALETTES[section])
    motif = MOTIFS[section][seed % 2]
    drawn = motif(chance, palette)
    mirror = f' transform="translate({WIDTH} 0) scale(-1 1)"' if motif not in UPRIGHT and chance.random() < 0.5 else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{palette.mid}"/>'
        f'<stop offset="1" stop-color="{palette.light}"/></linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#sky)"/><g{mirror}>{drawn}</g></svg>'
    )
