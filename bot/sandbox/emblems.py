"""Drawn things that stand for a section: each from a chance and a palette to SVG."""

# ruff: noqa: E501 - lines of SVG

import math
import random

from bot.sandbox.shapes import HEIGHT, WIDTH, Palette, cloud, hills, land, sun


def hall(chance: random.Random, palette: Palette) -> str:
    """A hall with columns."""
    dark, _, bright, light = palette
    top = chance.randint(120, 180)
    columns = "".join(
        f'<rect x="{x}" y="310" width="54" height="250" fill="{light}"/><rect x="{x - 8}" y="300" width="70" height="20" fill="{bright}"/>'
        for x in range(262, 1000, 117)
    )
    return (
        sun(chance, bright, (180, 360))
        + hills(chance, dark, 560, 60, 0.18)
        + f'<rect y="640" width="{WIDTH}" height="80" fill="{dark}"/>'
        + f'<line x1="640" y1="{top}" x2="640" y2="{top - 90}" stroke="{dark}" stroke-width="8"/>'
        + f'<path d="M644 {top - 90} q50 -18 90 0 t90 0 v54 q-40 18 -90 0 t-90 0 Z" fill="{bright}"/>'
        + f'<polygon points="190,300 640,{top} 1090,300" fill="{dark}"/><circle cx="640" cy="{(top + 330) // 2}" r="34" fill="{light}"/>'
        + f'<rect x="230" y="300" width="820" height="270" fill="{dark}" opacity=".82"/>{columns}'
        + "".join(
            f'<rect x="{200 - i * 40}" y="{560 + i * 28}" width="{880 + i * 80}" height="30" fill="{(light, bright, light)[i]}"/>'
            for i in range(3)
        )
    )


def ballot(chance: random.Random, palette: Palette) -> str:
    """Papers on their way into a box."""
    dark, mid, bright, light = palette
    papers = ""
    for i in range(7):
        x, y = 200 + i * 140 + chance.randint(-30, 30), chance.randint(70, 250)
        papers += (
            f'<g transform="translate({x} {y}) rotate({chance.randint(-35, 35)})"><rect x="-34" y="-44" width="68" height="88" rx="6" fill="{light}"/>'
            f'<path d="M-18 -18 H18 M-18 0 H18 M-18 18 H4" stroke="{mid}" stroke-width="7" stroke-linecap="round"/></g>'
        )
    return (
        f'<circle cx="640" cy="430" r="330" fill="{light}" opacity=".45"/>{papers}'
        f'<rect y="630" width="{WIDTH}" height="90" fill="{dark}"/>'
        f'<g transform="translate(640 300) rotate({chance.randint(-8, 8)})"><rect x="-90" y="-110" width="180" height="230" rx="10" fill="{light}"/>'
        f'<rect x="-56" y="-74" width="42" height="42" rx="6" fill="none" stroke="{dark}" stroke-width="8"/>'
        f'<path d="M-50 -58 L-36 -42 L-8 -84" fill="none" stroke="{bright}" stroke-width="12" stroke-linecap="round" stroke-linejoin="round"/>'
        f'<path d="M8 -52 H60 M-56 0 H60 M-56 34 H30" stroke="{mid}" stroke-width="10" stroke-linecap="round"/></g>'
        f'<rect x="400" y="390" width="480" height="250" rx="14" fill="{dark}"/><rect x="370" y="360" width="540" height="56" rx="14" fill="{bright}"/>'
        f'<rect x="510" y="380" width="260" height="14" rx="7" fill="{dark}"/><circle cx="640" cy="520" r="58" fill="{mid}"/>'
        f'<path d="M612 522 L634 546 L672 496" fill="none" stroke="{dark}" stroke-width="16" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def globe(chance: random.Random, palette: Palette) -> str:
    """A globe with its lines and a route."""
    dark, mid, bright, light = palette
    lines = "".join(
        f'<ellipse cx="640" cy="390" rx="{rx}" ry="260" fill="none" stroke="{light}" stroke-width="3" opacity=".45"/>'
        for rx in (70, 150, 220)
    )
    rows = "".join(
        f'<line x1="{640 - w}" y1="{y}" x2="{640 + w}" y2="{y}" stroke="{light}" stroke-width="3" opacity=".45"/>'
        for y, w in ((230, 205), (310, 247), (390, 260), (470, 247), (550, 205))
    )
    lands = "".join(
        land(chance, chance.randint(480, 800), chance.randint(230, 550), chance.randint(50, 95), mid) for _ in range(5)
    )
    clouds = "".join(cloud(chance.randint(60, 1100), chance.randint(90, 600), light) for _ in range(4))
    return (
        f'{sun(chance, bright, (250, 420))}{clouds}<clipPath id="ball"><circle cx="640" cy="390" r="260"/></clipPath>'
        f'<circle cx="640" cy="390" r="260" fill="{dark}"/><g clip-path="url(#ball)">{lands}</g>{lines}{rows}'
        f'<path d="M430 480 Q640 {chance.randint(120, 240)} 860 330" fill="none" stroke="{bright}" stroke-width="9" '
        f'stroke-dasharray="4 22" stroke-linecap="round"/><circle cx="430" cy="480" r="16" fill="{bright}"/>'
        f'<circle cx="860" cy="330" r="16" fill="{bright}"/>'
    )


def bars(chance: random.Random, palette: Palette) -> str:
    """Bars that rise, and a line above them."""
    dark, mid, bright, light = palette
    heights = sorted(chance.randint(90, 360) + i * 10 for i in range(9))
    swap = chance.randint(2, 6)  # a month that went less well
    heights[swap], heights[swap + 1] = heights[swap + 1], heights[swap]
    bars = "".join(
        f'<rect x="{190 + i * 104}" y="{620 - h}" width="66" height="{h}" rx="10" fill="{dark if i % 3 else bright}"/>'
        for i, h in enumerate(heights)
    )
    line = " ".join(f"{223 + i * 104},{560 - h}" for i, h in enumerate(heights))
    dots = "".join(
        f'<circle cx="{223 + i * 104}" cy="{560 - h}" r="13" fill="{light}" stroke="{dark}" stroke-width="7"/>'
        for i, h in enumerate(heights)
    )
    return (
        sun(chance, bright, (220, 420))
        + hills(chance, mid, 500, 60, 0.7)
        + f'<rect y="615" width="{WIDTH}" height="105" fill="{dark}"/>{bars}'
        + f'<polyline points="{line}" fill="none" stroke="{dark}" stroke-width="8" stroke-linejoin="round"/>{dots}'
    )


def circuit(chance: random.Random, palette: Palette) -> str:
    """A circuit: paths at right angles from a chip."""
    dark, mid, bright, light = palette
    paths = ""
    for i in range(8):
        y = 190 + i * 48
        for edge, end, side in ((470, chance.randint(60, 300), -1), (810, chance.randint(980, 1220), 1)):
            bend = edge + side * (40 + abs(i - 3.5) * 18)
            level = y + (i - 3.5) * chance.randint(10, 30)
            paths += (
                f'<polyline points="{edge},{y} {bend:.0f},{y} {bend:.0f},{level:.0f} {end},{level:.0f}" fill="none" stroke="{dark}" '
                f'stroke-width="7" stroke-linejoin="round"/><circle cx="{end}" cy="{level:.0f}" r="14" fill="{bright}" stroke="{dark}" stroke-width="6"/>'
            )
    return (
        f'<circle cx="640" cy="360" r="330" fill="{light}" opacity=".4"/>'
        f'{paths}<rect x="470" y="120" width="340" height="480" rx="36" fill="{dark}"/>'
        f'<rect x="520" y="180" width="240" height="360" rx="22" fill="{mid}"/>'
        + "".join(
            f'<rect x="{553 + c * 48}" y="{215 + r * 62}" width="30" height="36" rx="6" fill="{chance.choice((bright, light, dark))}"/>'
            for r in range(5)
            for c in range(4)
        )
    )


def satellite(chance: random.Random, palette: Palette) -> str:
    """A satellite above the curve of the Earth."""
    dark, mid, bright, light = palette
    stars = "".join(
        f'<circle cx="{chance.randint(0, WIDTH)}" cy="{chance.randint(0, 480)}" r="{chance.randint(2, 5)}" fill="{light}"/>'
        for _ in range(60)
    )
    panel = "".join(
        f'<rect x="{96 + i * 62}" y="-60" width="54" height="120" fill="{mid}" stroke="{light}" stroke-width="5"/>'
        for i in range(3)
    )
    waves = "".join(
        f'<path d="M{-60 - i * 34} {110 + i * 16} q{60 + i * 34} {50 + i * 16} {120 + i * 68} 0" fill="none" stroke="{bright}" stroke-width="8" stroke-linecap="round"/>'
        for i in range(3)
    )
    lands = "".join(
        land(chance, chance.randint(100, 1180), chance.randint(590, 740), chance.randint(60, 120), bright)
        for _ in range(4)
    )
    return (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{dark}"/>{stars}<circle cx="{chance.randint(120, 260)}" cy="150" r="60" fill="{light}" opacity=".9"/>'
        f'<clipPath id="earth"><circle cx="640" cy="1300" r="800"/></clipPath><circle cx="640" cy="1300" r="830" fill="{mid}" opacity=".35"/>'
        f'<circle cx="640" cy="1300" r="800" fill="{mid}"/><g clip-path="url(#earth)" opacity=".55">{lands}</g>'
        f'<g transform="translate({chance.randint(600, 760)} {chance.randint(230, 280)}) rotate({chance.randint(-24, -8)})">'
        f'<rect x="-300" y="-6" width="600" height="12" fill="{light}"/>{panel}<g transform="scale(-1 1)">{panel}</g>'
        f'<rect x="-64" y="-74" width="128" height="148" rx="16" fill="{light}"/><rect x="-40" y="-46" width="80" height="44" rx="8" fill="{dark}"/>'
        f'<circle cx="0" cy="34" r="20" fill="{bright}"/><path d="M-44 96 a44 30 0 0 1 88 0 Z" fill="{bright}"/>{waves}</g>'
    )


def kayon(chance: random.Random, palette: Palette) -> str:
    """The leaf-shaped figure that opens a shadow play, between two curtains."""
    dark, mid, bright, light = palette
    dots = "".join(
        f'<circle cx="{x + (y // 90 % 2) * 50}" cy="{y}" r="{chance.randint(7, 13)}" fill="{bright}" opacity=".28"/>'
        for x in range(30, WIDTH, 100)
        for y in range(40, HEIGHT, 90)
    )
    branches = "".join(
        f'<path d="M640 {y} Q{640 + s * w} {y - 6} {640 + s * w} {y - 62} q{-s * 6} -26 {-s * 30} -22 q{-s * 16} 6 {-s * 8} 22" '
        f'fill="none" stroke="{mid}" stroke-width="8" stroke-linecap="round"/><circle cx="{640 + s * (w + 10)}" cy="{y - 84}" r="9" fill="{light}"/>'
        for y, w in ((500, 92), (415, 96), (330, 66), (255, 38))
        for s in (-1, 1)
    )
    folds = "".join(
        f'<path d="M{x} 0 Q{x - 40} 360 {x + 10} 720" stroke="{dark}" stroke-width="7" fill="none" opacity=".35"/>'
        f'<path d="M{WIDTH - x} 0 Q{WIDTH - x + 40} 360 {WIDTH - x - 10} 720" stroke="{dark}" stroke-width="7" fill="none" opacity=".35"/>'
        for x in (50, 110, 170)
    )
    return (
        f'{dots}<circle cx="640" cy="360" r="310" fill="{light}" opacity=".55"/>'
        f'<path d="M640 40 C600 170 430 260 440 450 C446 540 500 590 550 612 L730 612 C780 590 834 540 840 450 C850 260 680 170 640 40 Z" fill="{dark}"/>'
        f'<path d="M640 104 C604 210 466 290 474 446 C480 520 520 562 560 584 L720 584 C760 562 800 520 806 446 C814 290 676 210 640 104 Z" fill="none" stroke="{mid}" stroke-width="5"/>'
        f'<path d="M640 170 V584" stroke="{mid}" stroke-width="10"/>{branches}'
        f'<path d="M580 584 V540 H700 V584 M600 540 L640 508 L680 540" fill="{bright}" stroke="{mid}" stroke-width="6" stroke-linejoin="round"/>'
        f'<rect x="632" y="606" width="16" height="114" fill="{dark}"/>'
        f'<path d="M0 0 H230 Q120 360 230 720 H0 Z" fill="{bright}"/><path d="M{WIDTH} 0 H1050 Q1160 360 1050 720 H{WIDTH} Z" fill="{bright}"/>{folds}'
    )


def telescope(chance: random.Random, palette: Palette) -> str:
    """A night over hills, with stars that belong together, a moon and a telescope."""
    dark, mid, bright, light = palette
    stars = [(chance.randint(80, 1200), chance.randint(50, 380)) for _ in range(34)]
    shown = "".join(f'<circle cx="{x}" cy="{y}" r="{chance.randint(2, 7)}" fill="{light}"/>' for x, y in stars)
    joined = " ".join(f"{x},{y}" for x, y in sorted(stars[:6]))
    angle, moon = chance.randint(-50, -25), chance.randint(160, 420)
    return (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{dark}"/><rect width="{WIDTH}" height="{HEIGHT}" fill="url(#sky)" opacity=".16"/>'
        f'<path d="M{moon} 90 a80 80 0 1 0 74 118 a66 66 0 0 1 -74 -118 Z" fill="{bright}"/>'
        f'<polyline points="{joined}" fill="none" stroke="{light}" stroke-width="3" opacity=".5"/>{shown}'
        + hills(chance, mid, 560, 50, 0.85)
        + hills(chance, mid, 600, 36, 0.5)
        + hills(chance, dark, 660, 24)
        + f'<path d="M640 510 L560 690 M640 510 L720 690 M640 510 V690" stroke="{light}" stroke-width="14" stroke-linecap="round"/>'
        f'<g transform="translate(640 500) rotate({angle})"><rect x="-60" y="-34" width="300" height="68" rx="16" fill="{light}"/>'
        f'<rect x="220" y="-46" width="50" height="92" rx="12" fill="{bright}"/><rect x="-110" y="-18" width="60" height="36" rx="8" fill="{bright}"/></g>'
    )


def helix(chance: random.Random, palette: Palette) -> str:
    """A double helix among leaves."""
    dark, mid, bright, light = palette
    shift, steps = chance.uniform(0, 6), 44
    strands: tuple[list[str], list[str]] = ([], [])
    rungs = ""
    for i in range(steps + 1):
        x, wave = -40 + i * 1360 / steps, 130 * math.sin(i * 0.36 + shift)
        strands[0].append(f"{x:.0f},{360 + wave:.0f}")
        strands[1].append(f"{x:.0f},{360 - wave:.0f}")
        if i % 2:
            rungs += (
                f'<line x1="{x:.0f}" y1="{360 + wave:.0f}" x2="{x:.0f}" y2="360" stroke="{bright}" stroke-width="11"/>'
                f'<line x1="{x:.0f}" y1="360" x2="{x:.0f}" y2="{360 - wave:.0f}" stroke="{light}" stroke-width="11"/>'
            )
    leaves = "".join(
        f'<g transform="translate({80 + i * 160 + chance.randint(-30, 30)} {chance.choice((720, 0))}) rotate({chance.randint(-30, 30)})" fill="{dark}" opacity=".5">'
        f'<path d="M0 -170 Q90 0 0 170 Q-90 0 0 -170 Z"/><path d="M0 -150 V150" stroke="{mid}" stroke-width="6"/></g>'
        for i in range(8)
    )
    lines = "".join(
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="22" stroke-linecap="round" stroke-linejoin="round"/>'
        for points, colour in zip(strands, (dark, dark), strict=True)
    )
    return (
        f'<circle cx="{chance.randint(340, 940)}" cy="360" r="270" fill="{light}" opacity=".5"/>{leaves}'
        f'<g transform="rotate({chance.randint(-14, -6)} 640 360)">{rungs}{lines}</g>'
    )
