"""What every request must pass: an expected host, no foreign web page, a body of bounded size.

A page in a browser on the same machine could otherwise reach the server under a name of its own
(DNS rebinding). It checks no token; `control` does.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from mcp.server.transport_security import RequestBodyLimitMiddleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.server.control import refusal
from exporter.server.settings import HOSTS_VARIABLE


class HostGuard:
    """Refuses requests addressed to another host (421) or sent by a foreign page (403)."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "*" in self._allowed:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host_name(host) not in self._allowed:
            message = f"host {host!r} is not served; name it in {HOSTS_VARIABLE} or --allow-host"
            await refusal(421, "host_not_allowed", message)(scope, receive, send)
        elif origin is not None and host_name(urlsplit(origin).netloc) not in self._allowed:
            message = f"pages of {origin!r} may not use this server"
            await refusal(403, "origin_not_allowed", message)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def guarded(app: ASGIApp, *, allowed_hosts: Iterable[str], body_limit: int) -> ASGIApp:
    """The application behind every guard."""
    return HostGuard(RequestBodyLimitMiddleware(app, body_limit), allowed_hosts)


def host_name(netloc: str) -> str:
    """The host of `host:port`, lower case.

    >>> host_name("LocalHost:8000"), host_name("[::1]:80"), host_name("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    name, colon, port = netloc.lower().rpartition(":")
    return name if colon and port.isdigit() else netloc.lower()
