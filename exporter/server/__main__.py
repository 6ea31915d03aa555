"""`python -m exporter.server BUNDLE`: serve a bundle's world until stopped.

Binds first, writes the port file once requests are answered, so that whoever started it knows when
and where.
"""

import argparse
import os
import socket
import sys
from pathlib import Path

import uvicorn

from exporter.bundle import Bundle
from exporter.errors import ExporterError
from exporter.server.app import create_app
from exporter.server.settings import (
    DEFAULT_BODY_LIMIT,
    DEFAULT_CAPACITY,
    DEFAULT_IDLE_S,
    HOSTS_VARIABLE,
    TOKEN_VARIABLE,
    ServerSettings,
    hosts_of,
    token_of,
)
from world_builder.errors import WorldError
from world_builder.world import DEFAULT_SURFACE

_SHUTDOWN_S = 5
_BACKLOG = 2048


class AnnouncingServer(uvicorn.Server):
    """A uvicorn server that writes its port to a file once it answers."""

    def __init__(self, config: uvicorn.Config, port: int, port_file: Path | None) -> None:
        super().__init__(config)
        self._port = port
        self._port_file = port_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._port_file is not None and self.started:
            partial = self._port_file.with_name(f".{self._port_file.name}.partial")
            partial.write_text(f"{self._port}\n")
            partial.replace(self._port_file)


def main(arguments: list[str] | None = None) -> int:
    """Serves until interrupted; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        app = create_app(Bundle.open(options.bundle), _settings(options))
        listener = _bind(options.host, options.port)
    except (ExporterError, WorldError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    port = int(listener.getsockname()[1])
    sys.stdout.write(f"serving on http://{options.host}:{port}/mcp\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=_SHUTDOWN_S
    )
    AnnouncingServer(config, port, options.port_file).run(sockets=[listener])
    return 0


def _settings(options: argparse.Namespace) -> ServerSettings:
    return ServerSettings(
        control_token=token_of(os.environ),
        capacity=options.capacity,
        idle_s=options.idle_seconds,
        body_limit=options.body_limit,
        allowed_hosts=(*hosts_of(os.environ), *options.allow_host),
        surface=options.surface,
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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
    add("--body-limit", type=_positive, default=DEFAULT_BODY_LIMIT, help="bytes of a request")
    add("--allow-host", action="append", default=[], help="a further host name; repeatable")
    add("--surface", default=DEFAULT_SURFACE, help="tool surface at /mcp (default: %(default)s)")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
