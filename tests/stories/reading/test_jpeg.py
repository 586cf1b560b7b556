"""Any picture of a site becomes a JPEG that Telegram takes as a photo; what is none is refused."""

import struct
from typing import Any

import pytest
from PIL import ExifTags, Image

from bot.stories.reading import jpeg
from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.jpeg import as_jpeg
from tests.pictures import RED, bomb, encoded, noise, opened, picture


def near(one: Any, other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("WEBP", "RGB"),
        ("WEBP", "RGBA"),
        ("GIF", "P"),
        ("AVIF", "RGB"),
    ],
)
def test_every_kind_becomes_a_jpeg_of_its_size_and_colour(kind: str, mode: str) -> None:
    made = opened(as_jpeg(picture(kind, mode=mode)))
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (640, 360))
    assert near(made.getpixel((300, 200)), RED)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_a_grey_picture_stays_as_light_as_it_is(mode: str) -> None:
    made = opened(as_jpeg(encoded(Image.new("L", (50, 50), 255).convert(mode), "PNG")))
    assert near(made.getpixel((20, 20)), (255, 255, 255))


def test_sixteen_bits_of_grey_are_not_all_white() -> None:
    assert near(opened(as_jpeg(encoded(Image.new("I;16", (50, 50), 128 * 256), "PNG"))).getpixel((20, 20)), (128,) * 3)


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    clear.paste((*RED, 255), (0, 0, 30, 60))
    for kind in ("PNG", "WEBP"):
        made = opened(as_jpeg(encoded(clear, kind)))
        assert near(made.getpixel((5, 30)), RED)
        assert near(made.getpixel((55, 30)), (255, 255, 255))


def test_a_large_photo_is_scaled_down_and_a_small_one_is_not_blown_up() -> None:
    assert opened(as_jpeg(noise((4000, 1000)))).size == (2560, 640)
    assert opened(as_jpeg(picture(size=(90, 60)))).size == (90, 60)


@pytest.mark.parametrize(
    ("size", "made"),
    [((800, 16), (800, 40)), ((16, 800), (40, 800)), ((800, 40), (800, 40)), ((7000, 20), (2560, 128))],
)
def test_a_strip_gets_margins_that_make_it_a_photo(size: tuple[int, int], made: tuple[int, int]) -> None:
    result = opened(as_jpeg(picture(size=size)))
    assert result.size == made
    assert max(made) <= 20 * min(made)
    assert near(result.getpixel((made[0] // 2, made[1] // 2)), RED)


def test_a_photo_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "Wulan Prameswari"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "S"
    wide = Image.new("RGB", (200, 100), "white")
    wide.paste(RED, (0, 0, 100, 100))
    body = encoded(wide, "JPEG", exif=exif, comment=b"rahasia", icc_profile=b"profil")
    assert b"Wulan" in body
    made = as_jpeg(body)
    upright = opened(made)
    assert upright.size == (100, 200)
    assert near(upright.getpixel((50, 20)), RED)  # the left half is the upper one now
    assert near(upright.getpixel((50, 180)), (255, 255, 255))
    assert not upright.getexif()
    assert not any(secret in made for secret in (b"Wulan", b"rahasia", b"profil"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_as_a_viewer_shows_it(orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    corner = Image.new("RGB", (64, 32), "white")
    corner.paste(RED, (0, 0, 32, 16))
    body = encoded(corner, "JPEG", exif=exif, quality=95)
    shown, made = ImageOps.exif_transpose(opened(body)), opened(as_jpeg(body))
    assert made.size == shown.size
    for point in ((8, 8), (made.width - 8, 8), (8, made.height - 8), (made.width - 8, made.height - 8)):
        assert near(made.getpixel(point), shown.getpixel(point))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_shown(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, "blue", "green")]
    body = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert near(opened(as_jpeg(body)).getpixel((20, 20)), RED)


def test_a_photo_that_would_be_too_many_bytes_is_compressed_more(monkeypatch: pytest.MonkeyPatch) -> None:
    body = noise((1000, 800), quality=95)
    fine = len(as_jpeg(body))
    monkeypatch.setattr(jpeg, "BYTES", fine - 1)
    assert len(as_jpeg(body)) < fine
    monkeypatch.setattr(jpeg, "BYTES", 1000)
    with pytest.raises(Unreadable):
        as_jpeg(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<!doctype html><title>Foto</title>", id="a page"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="a drawing"),
        pytest.param(picture("BMP"), id="a format that we do not ask for"),
        pytest.param(picture("PNG")[:200], id="half a picture"),
        pytest.param(noise((300, 300))[:9000], id="half a JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="nothing after the signature"),
        pytest.param(b"RIFF" + struct.pack("<I", 99) + b"WEBPVP8L" + bytes(99), id="a broken WebP"),
        pytest.param(bomb(), id="a bomb"),
        pytest.param(encoded(Image.new("1", (5001, 5000)), "PNG"), id="a little too many pixels"),
    ],
)
def test_what_is_no_picture_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match="picture"):
        as_jpeg(body)
