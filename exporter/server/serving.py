"""Serves a bundle on a listening socket: opens it, starts the HTTP server, verifies the rest.

The files that answers come from are verified before the first one; all others a moment later, off
the event loop, and a changed one ends the server. `app` is what is served; with several workers
`supervisor` runs them.
"""

import asyncio
import gc
import os
import socket
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from types import FrameType

import uvicorn

from exporter.errors import BundleError, ExporterError
from exporter.served import ServedBundle
from exporter.server.app import create_app
from exporter.server.asgi import Application
from exporter.server.board import Board, Column
from exporter.server.process import announce, configuration, end_by, failed, verify_later
from exporter.server.settings import ServerSettings
from world_builder.errors import WorldError


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
        if settings.num_workers > 1 and announced:
            from exporter.server.supervisor import supervise

            return supervise(bundle, settings, listener, announced, port_file)
        board = Board()
        application = create_app(bundle, replace(settings, num_workers=1), board)
    except (ExporterError, WorldError, OSError) as error:
        return failed(error)
    gc.freeze()  # the base world lives as long as the process: no collection looks at it again
    gc.enable()
    row = board.rows[0]
    row[Column.PROCESS_ID], row[Column.IS_ALIVE] = os.getpid(), 1
    server = VerifyingServer(application, bundle, board, settings.drain_s, announced, port_file)
    server.run(sockets=[listener])
    return 0 if server.fault is None else failed(server.fault)


class VerifyingServer(uvicorn.Server):
    """A uvicorn server that says when it answers, drains before it stops, and ends when its bundle
    turns out changed.
    """

    def __init__(
        self,
        application: Application,
        bundle: ServedBundle,
        board: Board,
        drain_s: float,
        announced: str,
        port_file: Path | None,
    ) -> None:
        super().__init__(configuration(application))
        self.fault: BundleError | None = None
        self._bundle = bundle
        self._board = board
        self._drain_s = drain_s
        self._announced = announced
        self._port_file = port_file
        self._verification: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._announced:
            announce(self._announced, (sockets or [])[0], self._port_file)
            self._verification = asyncio.create_task(self._verify(verify_later(self._bundle)))
        else:
            await self._verify(asyncio.to_thread(self._bundle.check_rest))
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._board.is_drained()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._board.is_draining:
            end_by(sig)
        self._captured_signals.append(sig)
        self._board.drain(self._drain_s)

    async def _verify(self, verification: Awaitable[None]) -> None:
        try:
            await verification
        except BundleError as error:
            self.fault, self.should_exit = error, True
