"""Serves a bundle on a listening socket: opens it, starts the HTTP server, verifies the rest.

The files that answers come from are verified before the first one; all others a moment later, off
the event loop, and a changed one ends the server. `app` is what is served.
"""

import asyncio
import gc
import socket
import sys
from pathlib import Path
from typing import Final

import uvicorn

from exporter.errors import BundleError, ExporterError
from exporter.served import ServedBundle
from exporter.server.app import create_app
from exporter.server.settings import ServerSettings
from world_builder.errors import WorldError

_SHUTDOWN_S: Final = 5
_REST_AFTER_S: Final = 1.0
"""The rest of the bundle is verified so long after the start, when the first calls are answered."""


def serve(
    path: Path,
    settings: ServerSettings,
    listener: socket.socket,
    *,
    announced: str,
    port_file: Path | None,
) -> int:
    """Serves until interrupted; returns the exit code.

    `announced` is the URL to tell of; empty starts, verifies everything and ends.
    """
    try:
        bundle = ServedBundle.open(path)
        app = create_app(bundle, settings)
    except (ExporterError, WorldError, OSError) as error:
        return _failed(error)
    gc.freeze()  # the base world lives as long as the process: no collection looks at it again
    gc.enable()
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    server = VerifyingServer(config, bundle, announced, port_file)
    server.run(sockets=[listener])
    return 0 if server.fault is None else _failed(server.fault)


class VerifyingServer(uvicorn.Server):
    """A uvicorn server that says when it answers, and ends when its bundle turns out changed."""

    def __init__(
        self, config: uvicorn.Config, bundle: ServedBundle, announced: str, port_file: Path | None
    ) -> None:
        super().__init__(config)
        self.fault: BundleError | None = None
        self._bundle = bundle
        self._announced = announced
        self._port_file = port_file
        self._verification: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._announced:
            self._announce(sockets or [])
            self._verification = asyncio.create_task(self._verify_later())
        else:
            await self._verify()
            self.should_exit = True

    def _announce(self, sockets: list[socket.socket]) -> None:
        sys.stdout.write(f"serving on {self._announced}\n")
        sys.stdout.flush()
        if self._port_file is not None:
            port = sockets[0].getsockname()[1]
            partial = self._port_file.with_name(f".{self._port_file.name}.partial")
            partial.write_text(f"{port}\n")
            partial.replace(self._port_file)

    async def _verify_later(self) -> None:
        await asyncio.sleep(_REST_AFTER_S)
        await self._verify()

    async def _verify(self) -> None:
        try:
            await asyncio.to_thread(self._bundle.check_rest)
        except BundleError as error:
            self.fault, self.should_exit = error, True


def _failed(error: Exception) -> int:
    sys.stderr.write(f"error: {error}\n")
    return 1
