"""`python -m exporter.server BUNDLE`: serve a bundle's world until stopped.

Listens before it imports anything heavy, so that a client waits for its first answer instead of
asking again; writes the port file once requests are answered. `serving` does the rest.
"""

import argparse
import gc
import os
import socket
import sys
from pathlib import Path

from exporter.server.settings import (
    DEFAULT_BODY_LIMIT,
    DEFAULT_CAPACITY,
    DEFAULT_DRAIN_S,
    DEFAULT_IDLE_S,
    DEFAULT_SURFACE,
    HOSTS_VARIABLE,
    TOKEN_VARIABLE,
    ServerSettings,
    hosts_of,
    token_of,
)

_BACKLOG = 2048


def main(arguments: list[str] | None = None) -> int:
    """Serves until interrupted; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.workers > 1 and not token_of(os.environ):
        sys.stderr.write(f"error: several workers share rollouts: set {TOKEN_VARIABLE}\n")
        return 1
    try:
        listener = _bind(options.host, options.port)
    except OSError as error:
        sys.stderr.write(f"error: {options.host}:{options.port}: {error}\n")
        return 1
    with listener:
        port = int(listener.getsockname()[1])
        announced = "" if options.check else f"http://{options.host}:{port}/mcp"
        gc.disable()  # what start makes stays; `serving` turns it on again
        from exporter.server.serving import serve

        return serve(
            options.bundle,
            _settings(options),
            listener,
            announced=announced,
            port_file=options.port_file,
        )


def _settings(options: argparse.Namespace) -> ServerSettings:
    return ServerSettings(
        control_token=token_of(os.environ),
        capacity=options.capacity,
        idle_s=options.idle_seconds,
        body_limit=options.body_limit,
        allowed_hosts=(*hosts_of(os.environ), *options.allow_host),
        surface=options.surface,
        num_workers=options.workers,
        drain_s=options.drain_seconds,
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(_BACKLOG)
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m exporter.server",
        description="Serve a bundle's world over MCP at /mcp.",
        epilog=f"{TOKEN_VARIABLE} in the environment turns on control (POST /rollouts); "
        f"{HOSTS_VARIABLE} names the hosts a URL may use.",
    )
    add = parser.add_argument
    add("bundle", type=Path, help="the folder or the tar of a bundle")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8000, help="0 takes a free one (default: %(default)s)")
    add("--port-file", type=Path, help="where to write the port once the server answers")
    add("--capacity", type=_positive, default=DEFAULT_CAPACITY, help="most rollouts at one time")
    add("--idle-seconds", type=float, default=DEFAULT_IDLE_S, help="idle rollouts are removed")
    add("--workers", type=_positive, default=1, help="processes (default: %(default)s)")
    add("--drain-seconds", type=float, default=DEFAULT_DRAIN_S, help="for rollouts, when stopped")
    add("--body-limit", type=_positive, default=DEFAULT_BODY_LIMIT, help="bytes of a request")
    add("--allow-host", action="append", default=[], help="a further host name; repeatable")
    add("--surface", default=DEFAULT_SURFACE, help="tool surface at /mcp (default: %(default)s)")
    add("--check", action="store_true", help="start, verify the whole bundle, and exit")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
