"""What several of the drawn pictures share: the sheet, its colours, sun, hills, clouds, land, a palm. All return SVG."""

# ruff: noqa: E501 - lines of SVG

import math
import random
from typing import NamedTuple

WIDTH, HEIGHT = 1280, 720


class Palette(NamedTuple):
    dark: str
    mid: str
    bright: str
    light: str


def sun(chance: random.Random, colour: str, x: tuple[int, int] = (250, 1030)) -> str:
    return f'<circle cx="{chance.randint(*x)}" cy="{chance.randint(130, 260)}" r="{chance.randint(70, 120)}" fill="{colour}"/>'


def hills(chance: random.Random, colour: str, level: int, height: int, opacity: float = 1) -> str:
    shift, pace = chance.uniform(0, 6), chance.uniform(0.8, 1.6)
    points = " ".join(
        f"{x},{level - height * math.sin(x / WIDTH * math.pi * 2 * pace + shift):.0f}" for x in range(0, WIDTH + 1, 40)
    )
    return f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}" fill="{colour}" opacity="{opacity}"/>'


def cloud(x: int, y: int, colour: str) -> str:
    return (
        f'<g fill="{colour}" opacity=".75"><rect x="{x}" y="{y}" width="190" height="44" rx="22"/><circle cx="{x + 70}" cy="{y}" r="40"/>'
        f'<circle cx="{x + 122}" cy="{y + 6}" r="30"/></g>'
    )


def land(chance: random.Random, x: int, y: int, size: int, colour: str) -> str:
    points = " ".join(
        f"{x + size * chance.uniform(0.6, 1.25) * math.cos(i * 0.7):.0f},{y + size * chance.uniform(0.5, 0.9) * math.sin(i * 0.7):.0f}"
        for i in range(9)
    )
    return f'<polygon points="{points}" fill="{colour}" stroke="{colour}" stroke-width="26" stroke-linejoin="round"/>'


def palm(x: int, y: int, colour: str) -> str:
    leaves = "".join(
        f'<path d="M{x} {y} Q{x + dx // 2} {y + lift} {x + dx} {y + drop} Q{x + dx // 2} {y + lift + 26} {x} {y} Z" fill="{colour}"/>'
        for dx, lift, drop in (
            (-120, -50, 40),
            (-90, -20, 90),
            (120, -50, 40),
            (90, -20, 90),
            (-60, -90, -50),
            (60, -90, -50),
        )
    )
    return f'<path d="M{x - 7} {y} Q{x - 22} {y + 200} {x - 14} 600 H{x + 8} Q{x} {y + 200} {x + 7} {y} Z" fill="{colour}"/>{leaves}'
