"""Keeps the sandbox to this machine: it has no passwords, so no other machine and no other web site may reach it.

A page on another site can make its visitor's browser send requests to 127.0.0.1: directly (the `Origin` names that
site), or through a host name of that site that resolves to 127.0.0.1 (DNS rebinding: the `Host` is that name).
"""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address, without port or brackets, is this machine's loopback interface."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@web.middleware
async def refuse_foreign_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 unless `Host` is a loopback name and `Origin`, where a browser sends it, is the sandbox itself."""
    origin = request.headers.get("Origin")
    if not is_loopback(_host_name(request.host)) or origin not in (None, f"http://{request.host}"):
        return web.Response(status=403, text="The sandbox answers only requests from its own pages on this machine.\n")
    return await handler(request)


def _host_name(host: str) -> str:
    """The name of a `Host` header, without its port; "" where it cannot be parsed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
