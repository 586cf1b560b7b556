"""The sample stories' pictures: templates in `bot/sandbox/drawings/`, filled by chance."""

import random
import re

import pytest
import resvg_py

from bot.sandbox.newsroom import SECTIONS
from bot.sandbox.pictures import DRAWINGS, MIRRORED, MOTIFS, NEVER_MIRRORED, PALETTES, draw, fill

PNG = b"\x89PNG\r\n\x1a\n"


def test_every_drawing_is_some_sections_motif_and_every_section_has_two() -> None:
    names = {path.stem for path in DRAWINGS.glob("*.svg")} - {"sheet"}
    assert {name for pair in MOTIFS.values() for name in pair} == names
    assert set(MOTIFS) == set(PALETTES) == set(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_picture_is_whole_and_can_be_rendered(section: str, seed: int) -> None:
    svg = draw(section, seed)
    assert not re.search(r"[{}]", svg)
    names = set(re.findall(r'id="(\w+)"', svg))
    assert set(re.findall(r'href="#(\w+)"|url\(#(\w+)\)', svg)) <= {(name, "") for name in names} | {
        ("", name) for name in names
    }
    assert bytes(resvg_py.svg_to_bytes(svg_string=svg, width=64)).startswith(PNG)


def test_a_story_keeps_its_picture_and_another_story_gets_another() -> None:
    assert draw("sains", 4) == draw("sains", 4)
    assert len({draw("sains", seed) for seed in range(0, 40, 2)}) == 20


def test_pictures_that_say_something_else_in_a_mirror_are_never_mirrored() -> None:
    for section, motifs in MOTIFS.items():
        for parity, motif in enumerate(motifs):
            mirrored = any(f'transform="{MIRRORED}">\n<!--' in draw(section, seed) for seed in range(parity, 60, 2))
            assert mirrored is (motif not in NEVER_MIRRORED), motif


def test_a_placeholder_keeps_its_value() -> None:
    values = {"dark": "#000"}
    filled = fill("{x:1..1000000} {x} {dark} {shade:dark} {side:left|left}", values, random.Random(1))
    first, again, *rest = filled.split()
    assert first == again == values["x"]
    assert rest == ["#000", "#000", "left"]
    assert {fill("{n:1..3}", {}, random.Random(seed)) for seed in range(50)} == {"1", "2", "3"}


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("{nothing}", {}, random.Random(1))
