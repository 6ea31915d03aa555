"""Asks a server whether it is healthy: exit code 0 when it answers 200.

An image's HEALTHCHECK runs it every few seconds, since small images hold no curl, so it imports no
more than a socket. HTTP only.
"""

import socket
import sys

_TIMEOUT_S = 4.0


def is_healthy(url: str) -> bool:
    """True when a URL such as `http://127.0.0.1:8000/health` answers 200."""
    address, _, path = url.removeprefix("http://").partition("/")
    host, _, port = address.rpartition(":")
    request = f"GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, int(port)), _TIMEOUT_S) as connection:
            connection.sendall(request.encode())
            return connection.recv(64).split(b" ", 2)[1:2] == [b"200"]
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1]) else 1)
