"""Pictures as JPEGs that Telegram accepts as photos: https://core.telegram.org/bots/api#sendphoto."""

from collections.abc import Iterator
from io import BytesIO

# The plugins are imported here, once for all forks: Image.open imports them when it meets their formats.
from PIL import (
    AvifImagePlugin,  # noqa: F401 - registers its decoder
    ExifTags,
    GifImagePlugin,  # noqa: F401 - registers its decoder
    Image,
    JpegImagePlugin,  # noqa: F401 - registers its decoder
    PngImagePlugin,  # noqa: F401 - registers its decoder
    WebPImagePlugin,  # noqa: F401 - registers its decoder
)

from bot.stories.reading.feed_items import Unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
PIXELS = 25_000_000  # a camera's picture has 24 million; beyond that it is a bomb, or nothing for a chat
SIDE = 2560  # pixels; Telegram shows no more. Twice that is far below its limit of 10,000 for both sides together
RATIO = 20  # of the longer side to the shorter
BYTES = 10_000_000
QUALITIES = (87, 70, 50)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def as_jpeg(body: bytes) -> bytes:
    """The picture, or its first frame, upright, on white, and without metadata. Raises Unreadable."""
    try:
        with Image.open(BytesIO(body), formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS:
                raise Unreadable(f"a picture of more than {PIXELS // 1_000_000} million pixels")
            made = _padded(_turned(_small(picture), picture.getexif().get(ExifTags.Base.Orientation)))
        return next(jpeg for jpeg in _encoded(made) if len(jpeg) <= BYTES)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # a decoder raises all kinds of exceptions for broken bytes
        raise Unreadable(f"no picture that can be read ({type(error).__name__})") from error


def _small(picture: Image.Image) -> Image.Image:
    """The picture in RGB, at most SIDE wide and high."""
    picture.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded at an eighth, a quarter or half of its size
    if picture.mode == "I;16":  # convert() would make white of all but the darkest greys
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if not picture.has_transparency_data:
        opaque = picture.convert("RGB")
        opaque.thumbnail((SIDE, SIDE), reducing_gap=2.0)
        return opaque
    clear = picture.convert("RGBA")
    clear.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    paper = Image.new("RGBA", clear.size, "white")
    paper.alpha_composite(clear)
    return paper.convert("RGB")


def _turned(picture: Image.Image, orientation: int | None) -> Image.Image:
    turn = _TURNS.get(orientation or 1)
    return picture if turn is None else picture.transpose(turn)


def _padded(picture: Image.Image) -> Image.Image:
    """The picture between white margins, if it is longer than RATIO times its other side."""
    width, height = picture.size
    size = max(width, -(-height // RATIO)), max(height, -(-width // RATIO))
    paper = Image.new("RGB", size, "white")
    paper.paste(picture, ((size[0] - width) // 2, (size[1] - height) // 2))
    return paper


def _encoded(picture: Image.Image) -> Iterator[bytes]:
    for quality in QUALITIES:
        file = BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        yield file.getvalue()
