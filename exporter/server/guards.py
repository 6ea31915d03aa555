"""What every request must pass: an expected host and no foreign web page.

A page in a browser on the same machine could otherwise reach the server under a name of its own
(DNS rebinding). It checks no token; `control` does.
"""

from collections.abc import Iterable

from exporter.server.asgi import Reply, Request, refusal
from exporter.server.settings import HOSTS_VARIABLE


class HostGuard:
    """Refuses requests addressed to another host (421) or sent by a foreign page (403)."""

    def __init__(self, allowed_hosts: Iterable[str]) -> None:
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    def __call__(self, request: Request) -> Reply | None:
        if "*" in self._allowed:
            return None
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host_name(host) not in self._allowed:
            message = f"host {host!r} is not served; name it in {HOSTS_VARIABLE} or --allow-host"
            return refusal(421, "host_not_allowed", message)
        if origin is not None and host_name(origin.partition("://")[2]) not in self._allowed:
            message = f"pages of {origin!r} may not use this server"
            return refusal(403, "origin_not_allowed", message)
        return None


def host_name(netloc: str) -> str:
    """The host of `host:port`, lower case.

    >>> host_name("LocalHost:8000"), host_name("[::1]:80"), host_name("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    name, colon, port = netloc.lower().rpartition(":")
    return name if colon and port.isdigit() else netloc.lower()
