"""A Bot API server that takes everything at once, in a process of its own: what is left is the sender's own cost."""

import asyncio
import itertools
import sys

from aiohttp import web

ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Kabar","username":"kabar_bot"}}'
SENT = b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}}'


async def serve() -> None:
    numbers = itertools.count(1)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        body = ME if request.match_info["method"] == "getMe" else SENT % next(numbers)
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the parent goes


if __name__ == "__main__":
    asyncio.run(serve())
