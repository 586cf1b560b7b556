"""The transport: what an answer, a strange answer, and no answer are taken for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter
from yarl import URL

from bot.delivery import telegram
from bot.delivery.outcomes import Moved, Refused, Sent, Unknown, Wait
from bot.delivery.telegram import AiohttpRequest


class Server:
    """A Bot API server that answers every request the same, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.answer = 200, b'{"ok":true,"result":{"message_id":7}}'
        self.silent = False
        self.cut = False
        self.asked: list[tuple[str, bytes]] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append((request.content_type, await request.read()))
        if self.cut:
            assert request.transport is not None
            request.transport.close()
        if self.silent:
            await asyncio.sleep(10)
        return web.Response(status=self.status, body=self.answer)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_post("/sendMessage", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/sendMessage"
    yield made
    await runner.cleanup()


@pytest.fixture
async def request_(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AiohttpRequest]:
    monkeypatch.setattr(telegram, "READ_SECONDS", 0.2)
    made = AiohttpRequest()
    await made.initialize()
    yield made
    await made.shutdown()


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        pytest.param(200, b'{"ok":true,"result":{"message_id":7,"date":1}}', Sent(7), id="an ordinary answer"),
        pytest.param(200, b'{"ok":true,"result":{"date":1,"message_id":8}}', Sent(8), id="in another order"),
        pytest.param(200, b'{"ok": true, "result": {"message_id": 9}}', Sent(9), id="with spaces"),
        pytest.param(200, b'{"ok":true,"result":true}', Sent(0), id="a deletion's"),
        pytest.param(502, b'{"ok":true,"result":{"message_id":7}}', Sent(7), id="a proxy's odd status"),
        pytest.param(200, b"<html>", Unknown("HTTP 200 without a Bot API answer"), id="a page"),
        pytest.param(502, b"", Unknown("HTTP 502 without a Bot API answer"), id="nothing"),
        pytest.param(200, b"[1]", Unknown("HTTP 200 without a Bot API answer"), id="a list"),
        pytest.param(
            *(400, b'{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}'),
            Refused("Bad Request: message is too long"),
            id="a refusal",
        ),
        pytest.param(
            *(400, b'{"ok":false,"error_code":400,"parameters":{"migrate_to_chat_id":-1005}}'),
            Moved(-1005),
            id="a move",
        ),
        pytest.param(
            *(429, b'{"ok":false,"error_code":429,"parameters":{"retry_after":3}}'),
            Wait(3.0, "", flood=True),
            id="a flood",
        ),
    ],
)
async def test_what_an_answer_is_taken_for(
    server: Server, request_: AiohttpRequest, status: int, answer: bytes, outcome: Any
) -> None:
    server.status, server.answer = status, answer
    assert await request_.send(URL(server.url), b'{"chat_id":1}') == (outcome, answer)
    assert server.asked == [("application/json", b'{"chat_id":1}')]


async def test_no_answer_in_time_may_have_been_a_delivery(server: Server, request_: AiohttpRequest) -> None:
    server.silent = True
    outcome, answer = await request_.send(URL(server.url), b"{}")
    assert (type(outcome), answer) == (Unknown, b"")


async def test_a_connection_that_breaks_may_have_been_a_delivery(server: Server, request_: AiohttpRequest) -> None:
    server.cut = True
    assert isinstance((await request_.send(URL(server.url), b"{}"))[0], Unknown)


async def test_without_a_connection_nothing_was_sent(request_: AiohttpRequest) -> None:
    outcome, answer = await request_.send(URL("http://127.0.0.1:1/sendMessage"), b"{}")
    assert (type(outcome), answer) == (Wait, b"")
    assert isinstance(outcome, Wait)
    assert not outcome.flood


async def test_an_answer_to_a_reader_comes_back_as_it_stood(server: Server, request_: AiohttpRequest) -> None:
    server.status = 403
    data = RequestData([RequestParameter.from_input("text", "Halo")])
    assert await request_.do_request(server.url, "POST", data) == (403, server.answer)
    assert server.asked == [("application/json", b'{"text":"Halo"}')]
    await request_.do_request(server.url, "POST")
    assert server.asked[1][1] == b""


async def test_a_file_goes_as_a_form(server: Server, request_: AiohttpRequest) -> None:
    from telegram import InputFile

    data = RequestData([RequestParameter.from_input("photo", InputFile(b"\x89PNG", filename="foto.png"))])
    await request_.do_request(server.url, "POST", data)
    kind, body = server.asked[0]
    assert kind == "multipart/form-data"
    assert b"\x89PNG" in body
    assert b'filename="foto.png"' in body


async def test_a_reader_whose_call_hangs_is_told_apart_from_one_without_a_network(
    server: Server, request_: AiohttpRequest
) -> None:
    server.silent = True
    with pytest.raises(TimedOut):
        await request_.do_request(server.url, "POST")
    with pytest.raises(NetworkError) as caught:
        await request_.do_request("http://127.0.0.1:1/sendMessage", "POST")
    assert not isinstance(caught.value, TimedOut)


async def test_a_long_poll_is_waited_for_longer_than_anything_else(server: Server, request_: AiohttpRequest) -> None:
    server.silent = True
    waiting = asyncio.get_running_loop().create_task(request_.do_request(server.url, "POST", read_timeout=5))
    done, _ = await asyncio.wait([waiting], timeout=0.5)  # longer than the ordinary 0.2 s of this test
    assert not done
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_a_server_may_take_as_long_as_it_holds_an_answer_back() -> None:
    assert AiohttpRequest().read_timeout == telegram.READ_SECONDS > 8


async def test_a_transport_is_opened_once_and_again_after_its_end(server: Server) -> None:
    transport = AiohttpRequest()
    with pytest.raises(RuntimeError):
        await transport.send(URL(server.url), b"{}")
    for _ in range(2):
        await transport.initialize()
        first = transport._session
        await transport.initialize()
        assert transport._session is first
        assert isinstance((await transport.send(URL(server.url), b"{}"))[0], Sent)
        await transport.shutdown()
    await transport.shutdown()
    with pytest.raises(RuntimeError):
        await transport.do_request(server.url, "POST")
