"""Drawn places, for the sample stories: each from a chance and a palette to SVG."""

# ruff: noqa: E501 - lines of SVG

import math
import random

from bot.sandbox.shapes import WIDTH, Palette, cloud, hills, palm, sun


def bridge(chance: random.Random, palette: Palette) -> str:
    """A bridge over water before hills."""
    dark, mid, bright, light = palette
    low = chance.randint(560, 620)  # of the cable's curve

    def cable(x: int) -> float:
        t = (x - 140) / 1000
        return 330 + 2 * t * (1 - t) * (low - 330)

    ropes = "".join(
        f'<line x1="{x}" y1="{cable(x):.0f}" x2="{x}" y2="480" stroke="{dark}" stroke-width="5"/>'
        for x in range(180, 1101, 46)
    )
    return (
        sun(chance, bright)
        + hills(chance, mid, 420, 60, 0.8)
        + hills(chance, dark, 520, 40, 0.35)
        + f'<rect y="560" width="{WIDTH}" height="160" fill="{mid}"/>'
        + f'<path d="M140 330 Q640 {low} 1140 330" fill="none" stroke="{dark}" stroke-width="12"/>'
        + ropes
        + f'<rect x="80" y="470" width="1120" height="24" fill="{dark}"/>'
        + "".join(f'<rect x="{x}" y="250" width="34" height="370" fill="{dark}"/>' for x in (140, 1106))
        + "".join(
            f'<rect x="{chance.randint(0, 1100)}" y="{y}" width="{chance.randint(80, 260)}" height="6" rx="3" fill="{light}" opacity=".7"/>'
            for y in range(590, 710, 22)
        )
    )


def village(chance: random.Random, palette: Palette) -> str:
    """Steep roofs and palms above terraces of rice."""
    dark, mid, bright, light = palette
    terraces = "".join(hills(chance, mid if i % 2 else dark, 540 + i * 44, 22, 0.55 + i * 0.1) for i in range(5))
    houses = ""
    for x in (chance.randint(130, 260), chance.randint(480, 620), chance.randint(860, 1010)):
        w, y = chance.randint(150, 210), chance.randint(430, 480)
        houses += (
            f'<rect x="{x - w // 2 + 26}" y="{y}" width="{w - 52}" height="120" fill="{light}"/>'
            f'<rect x="{x - 22}" y="{y + 36}" width="44" height="84" fill="{bright}"/>'
            f'<path d="M{x - w // 2} {y + 14} L{x - w // 4} {y - 44} L{x - w // 6} {y - 110} H{x + w // 6} L{x + w // 4} {y - 44} L{x + w // 2} {y + 14} Z" fill="{dark}"/>'
        )
    palms = "".join(palm(x + chance.randint(-30, 30), chance.randint(230, 300), dark) for x in (380, 760, 1150))
    return (
        sun(chance, bright)
        + hills(chance, mid, 430, 70, 0.8)
        + palms
        + houses
        + hills(chance, light, 540, 8)
        + terraces
    )


def harbour(chance: random.Random, palette: Palette) -> str:
    """A lighthouse, and a ship that comes home."""
    dark, mid, bright, light = palette
    x = chance.randint(520, 760)
    stripes = "".join(
        f'<polygon points="{244 - i * 5},{250 + i * 100} {316 + i * 5},{250 + i * 100} {319 + i * 5},{300 + i * 100} {241 - i * 5},{300 + i * 100}" fill="{bright}"/>'
        for i in range(3)
    )
    waves = "".join(hills(chance, dark if i % 2 else mid, 560 + i * 36, 10, 0.5 + i * 0.12) for i in range(4))
    containers = "".join(
        f'<rect x="{x + 130 + i * 62}" y="{chance.choice((392, 430))}" width="56" height="76" fill="{chance.choice((bright, light, mid))}"/>'
        for i in range(4)
    )
    return (
        f"{sun(chance, bright, (860, 1060))}{cloud(chance.randint(620, 800), 110, light)}{cloud(60, 180, light)}"
        f'<polygon points="280,190 1280,60 1280,330" fill="{light}" opacity=".55"/>'
        f'<path d="M60 600 Q180 500 300 520 T520 620 Z" fill="{dark}"/>'
        f'<polygon points="246,230 314,230 336,560 224,560" fill="{light}"/>{stripes}'
        f'<rect x="236" y="222" width="88" height="16" fill="{dark}"/><rect x="256" y="164" width="48" height="60" fill="{bright}"/>'
        f'<polygon points="244,166 280,124 316,166" fill="{dark}"/>'
        f'{containers}<rect x="{x + 30}" y="370" width="80" height="136" fill="{light}"/><rect x="{x + 44}" y="330" width="36" height="44" fill="{bright}"/>'
        f'<path d="M{x - 20} 500 H{x + 430} L{x + 380} 590 H{x + 30} Z" fill="{dark}"/>{waves}'
    )


def market(chance: random.Random, palette: Palette) -> str:
    """Stalls under striped awnings, with heaped baskets."""
    dark, mid, bright, light = palette
    stalls = ""
    for x in (70, 470, 870):
        top = chance.randint(225, 275)
        stripe = chance.choice((bright, dark))
        awning = "".join(
            f'<path d="M{x + i * 48} {top} h48 v70 a24 24 0 0 1 -48 0 Z" fill="{light if i % 2 else stripe}"/>'
            for i in range(7)
        )
        fruit = ""
        for b in range(3):
            cx, colour = x + 70 + b * 98, chance.choice((bright, mid, light))
            fruit += "".join(
                f'<circle cx="{cx + dx}" cy="{y}" r="20" fill="{colour}"/>'
                for dx, y in ((-30, 500), (0, 500), (30, 500), (-15, 472), (15, 472), (0, 446))
            )
            fruit += f'<path d="M{cx - 46} 506 H{cx + 46} L{cx + 34} 560 H{cx - 34} Z" fill="{dark}"/>'
        stalls += (
            f'<rect x="{x + 8}" y="{top}" width="12" height="390" fill="{dark}"/><rect x="{x + 316}" y="{top}" width="12" height="390" fill="{dark}"/>'
            f'{fruit}<rect x="{x - 6}" y="556" width="348" height="90" rx="8" fill="{stripe}"/><rect x="{x - 6}" y="556" width="348" height="16" fill="{dark}"/>{awning}'
        )
    lamps = "".join(
        f'<circle cx="{x}" cy="{150 + 34 * math.sin(x / 130):.0f}" r="13" fill="{bright}"/>'
        for x in range(30, WIDTH, 82)
    )
    string = " ".join(f"{x},{136 + 34 * math.sin(x / 130):.0f}" for x in range(0, WIDTH + 1, 20))
    return (
        f'{hills(chance, mid, 470, 50, 0.6)}<polyline points="{string}" fill="none" stroke="{dark}" stroke-width="4"/>{lamps}'
        f'<rect y="640" width="{WIDTH}" height="80" fill="{dark}" opacity=".85"/>{stalls}'
    )


def track(chance: random.Random, palette: Palette) -> str:
    """A track in curves and a ball in the air."""
    dark, _, bright, light = palette
    lanes = "".join(
        f'<ellipse cx="640" cy="760" rx="{620 - i * 74}" ry="{330 - i * 40}" fill="none" stroke="{light}" stroke-width="6"/>'
        for i in range(5)
    )
    x, y = chance.randint(420, 960), chance.randint(150, 250)
    clouds = "".join(cloud(chance.randint(40, 1080), chance.randint(70, 260), light) for _ in range(3))
    return (
        f'{clouds}<ellipse cx="640" cy="780" rx="760" ry="390" fill="{dark}"/>'
        f'<ellipse cx="640" cy="770" rx="650" ry="345" fill="{bright}"/>{lanes}'
        f'<path d="M140 620 Q{x - 160} {y - 60} {x} {y}" fill="none" stroke="{light}" stroke-width="8" stroke-dasharray="3 24" stroke-linecap="round"/>'
        f'<circle cx="{x}" cy="{y}" r="66" fill="{light}" stroke="{dark}" stroke-width="8"/>'
        f'<polygon points="{x},{y - 26} {x + 25},{y - 8} {x + 15},{y + 22} {x - 15},{y + 22} {x - 25},{y - 8}" fill="{dark}"/>'
        f'<path d="M{x} {y - 26} V{y - 62} M{x + 25} {y - 8} L{x + 58} {y - 22} M{x + 15} {y + 22} L{x + 36} {y + 52} M{x - 15} {y + 22} L{x - 36} {y + 52} M{x - 25} {y - 8} L{x - 58} {y - 22}" stroke="{dark}" stroke-width="7"/>'
    )


def stadium(chance: random.Random, palette: Palette) -> str:
    """A full stand under floodlights before the pitch."""
    dark, mid, bright, light = palette
    crowd = "".join(
        f'<circle cx="{x + (row % 2) * 16}" cy="{258 + row * 30}" r="10" fill="{chance.choice((bright, light, mid, mid))}"/>'
        for row in range(6)
        for x in range(20, WIDTH, 32)
        if chance.random() < 0.9
    )
    lights = "".join(
        f'<rect x="{x - 6}" y="110" width="12" height="130" fill="{dark}"/><rect x="{x - 62}" y="60" width="124" height="60" rx="10" fill="{dark}"/>'
        + "".join(
            f'<circle cx="{x - 40 + i * 27}" cy="{76 + j * 27}" r="9" fill="{light}"/>'
            for i in range(4)
            for j in range(2)
        )
        + f'<polygon points="{x - 60},120 {x + 60},120 {x + 240},460 {x - 240},460" fill="{light}" opacity=".16"/>'
        for x in (170, 640, 1110)
    )
    stripes = "".join(
        f'<polygon points="{500 + i * 70 - 350},460 {500 + i * 70 - 280},460 {640 + (i - 6) * 180},720 {640 + (i - 7) * 180},720" fill="{mid}" opacity=".5"/>'
        for i in range(0, 16, 2)
    )
    return (
        f'<rect width="{WIDTH}" height="460" fill="{dark}" opacity=".25"/><rect y="230" width="{WIDTH}" height="230" fill="{dark}"/>{crowd}{lights}'
        f'<rect y="440" width="{WIDTH}" height="26" fill="{bright}"/><rect y="460" width="{WIDTH}" height="260" fill="{light}"/>{stripes}'
        f'<path d="M640 466 V720 M0 500 H{WIDTH}" stroke="{dark}" stroke-width="6" opacity=".5"/>'
        f'<ellipse cx="640" cy="610" rx="200" ry="66" fill="none" stroke="{dark}" stroke-width="6" opacity=".5"/>'
        f'<circle cx="{chance.randint(520, 760)}" cy="{chance.randint(580, 640)}" r="26" fill="{bright}" stroke="{dark}" stroke-width="6"/>'
    )


def kites(chance: random.Random, palette: Palette) -> str:
    """Kites with long tails over a beach."""
    dark, mid, bright, light = palette
    kites = ""
    for i, x in enumerate((230, 600, 980)):
        y, size = chance.randint(130, 290), chance.randint(74, 120)
        colour, other = (bright, dark) if i % 2 else (dark, bright)
        tail = " ".join(f"{18 * math.sin(step * 0.9):.0f},{size * 1.4 + step * 15:.0f}" for step in range(16))
        kites += (
            f'<path d="M{x} {y} Q{x + 60} {y + 260} {560 + i * 70} 640" fill="none" stroke="{dark}" stroke-width="3" opacity=".5"/>'
            f'<g transform="translate({x + chance.randint(-40, 40)} {y}) rotate({chance.randint(-28, 28)})">'
            f'<polyline points="{tail}" fill="none" stroke="{other}" stroke-width="7" stroke-linejoin="round" stroke-linecap="round"/>'
            f'<polygon points="0,{-size} {size},0 0,{size * 1.4:.0f} {-size},0" fill="{colour}"/><polygon points="0,{-size} {size},0 0,0" fill="{other}"/>'
            f'<polygon points="0,0 0,{size * 1.4:.0f} {-size},0" fill="{light}" opacity=".55"/></g>'
        )
    people = "".join(
        f'<circle cx="{560 + i * 70}" cy="616" r="15" fill="{dark}"/><path d="M{546 + i * 70} 690 v-36 a14 16 0 0 1 28 0 v36 Z" fill="{(bright, dark, mid)[i]}"/>'
        for i in range(3)
    )
    return (
        f"{sun(chance, light)}{cloud(chance.randint(40, 300), 420, light)}{cloud(chance.randint(800, 1050), 460, light)}"
        f'<rect y="560" width="{WIDTH}" height="90" fill="{bright}" opacity=".35"/>{hills(chance, mid, 640, 18)}{hills(chance, light, 672, 12, 0.8)}{people}{kites}'
    )
