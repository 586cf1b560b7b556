"""The server takes photos as the Bot API does: what it refuses by address, what as a file, and where a file may go."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.pictures import PictureSite, noise, picture
from tests.sandbox.test_bot_api import SARI, Wire, wire

__all__ = ["wire"]


@pytest.fixture
async def site() -> AsyncIterator[PictureSite]:
    async with PictureSite().running() as running:
        yield running


async def upload(wire: Wire, method: str, file: bytes, **params: Any) -> dict[str, Any]:
    """Send the file as "photo" beside the parameters, in a form."""
    form = aiohttp.FormData()
    for name, value in params.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    form.add_field("photo", BytesIO(file), filename="photo.jpg", content_type="image/jpeg")
    async with wire.session.post(f"{wire.url}/bot{wire.world.token}/{method}", data=form) as answer:
        body: dict[str, Any] = await answer.json()
    return body


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (picture("WEBP"), "image/webp", "wrong type of the web page content"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "wrong type of the web page content"),
        (b"<!doctype html>", "text/html", "wrong type of the web page content"),
        (noise((3000, 2000), quality=95), "image/jpeg", "failed to get HTTP URL content"),
        (b"", "", "failed to get HTTP URL content"),
    ],
    ids=["WebP", "SVG", "HTML", "over 5 MB", "not there"],
)
async def test_what_is_refused_by_address(wire: Wire, site: PictureSite, body: bytes, kind: str, reason: str) -> None:
    address = site.add("/foto", body, kind)
    for _ in range(2):
        assert reason in await wire.refused("sendPhoto", chat_id=SARI, photo=address)
    assert site.asked["/foto"] == 1


async def test_a_file_makes_a_photo_also_of_a_text(wire: Wire) -> None:
    sent = (await upload(wire, "sendPhoto", picture(), chat_id=SARI, caption="Foto"))["result"]
    assert (sent["photo"][-1]["width"], sent["photo"][-1]["height"]) == (640, 360)
    text = (await wire.call("sendMessage", chat_id=SARI, text="Halo"))["result"]
    media = {"type": "photo", "media": "attach://photo", "caption": "Halo"}
    where = {"chat_id": SARI, "message_id": text["message_id"]}
    edited = (await upload(wire, "editMessageMedia", picture(size=(50, 40)), **where, media=media))["result"]
    assert (edited["photo"][-1]["width"], edited["caption"], "text" in edited) == (50, "Halo", False)
    assert await wire.refused("editMessageText", **where, text="Halo") == (
        "Bad Request: there is no text in the message to edit"
    )
    assert wire.world.violations == []


@pytest.mark.parametrize("size", [(9000, 1001), (1000, 49), (49, 1000)])
async def test_a_file_of_unfit_measures_is_refused(wire: Wire, size: tuple[int, int]) -> None:
    for kind in ("JPEG", "PNG"):
        answer = await upload(wire, "sendPhoto", picture(kind, size=size), chat_id=SARI)
        assert answer["description"] == "Bad Request: PHOTO_INVALID_DIMENSIONS"


async def test_a_file_of_ten_megabytes_is_too_large(wire: Wire) -> None:
    answer = await upload(wire, "sendPhoto", noise((4000, 3000), quality=97), chat_id=SARI)
    assert answer["error_code"] == 413
