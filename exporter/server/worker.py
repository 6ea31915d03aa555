"""One worker process of a server: answers on the connections that are its own.

Started by `supervisor` with the world in memory that all workers share; it opens no bundle. The
first worker verifies the rest of the bundle.
"""

import asyncio
import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from exporter.errors import BundleError
from exporter.served import ServedBundle
from exporter.server.accepting import Accepting
from exporter.server.affinity import FIRST_WORKER, Home
from exporter.server.app import Local
from exporter.server.asgi import Application
from exporter.server.board import Board, Column
from exporter.server.doors import Doors
from exporter.server.peers import Peers
from exporter.server.process import configuration, failed, verify_later
from exporter.server.rollouts import Worlds
from exporter.server.routing import Place, Placing, Routing
from exporter.server.settings import ServerSettings

BUNDLE_CHANGED: Final = 3
"""Exit code of a worker whose bundle turned out changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the supervisor made and every worker has."""

    bundle: ServedBundle
    worlds: Worlds
    settings: ServerSettings
    board: Board
    doors: Doors
    listener: socket.socket


def work(shared: Shared, home: Home) -> int:
    """Serves until the board says that the server is drained; returns the exit code."""
    gc.enable()
    place = Place(home=home, board=shared.board, peers=Peers(shared.doors, home.worker))
    placing = Placing(place, shared.settings.capacity)
    local = Local(
        shared.worlds,
        shared.bundle.seal,
        shared.settings,
        shared.board,
        home=home,
        place=placing.make if home.worker == FIRST_WORKER else None,
    )
    placing.local = local
    routing = Routing(place, local)
    answering = partial(place.peers.answering, routing.answer_peer)
    server = WorkerServer(local.application(routing.answer, answering), shared, place)
    server.run(sockets=[])
    return 0 if server.fault is None else BUNDLE_CHANGED


class WorkerServer(uvicorn.Server):
    """A uvicorn server that accepts nothing itself, and follows the board instead of signals."""

    def __init__(self, application: Application, shared: Shared, place: Place) -> None:
        super().__init__(configuration(application))
        self.fault: BundleError | None = None
        self._shared = shared
        self._place = place
        self._supervisor = os.getppid()
        self._accepting: Accepting | None = None
        self._verification: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        shared, place = self._shared, self._place
        self._accepting = Accepting(shared.listener, shared.doors, place, self._serve_on)
        shared.board.rows[place.home.worker][Column.IS_ALIVE] = 1
        if place.home.worker == FIRST_WORKER:
            self._verification = asyncio.create_task(self._verify())

    async def on_tick(self, counter: int) -> bool:
        if os.getppid() != self._supervisor:
            os._exit(1)
        return await super().on_tick(counter) or self._shared.board.is_drained()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting is not None:
            self._accepting.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the supervisor hears them, and writes on the board what they mean."""
        yield

    async def _serve_on(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes one for a connection that it accepted."""
        return HttpToolsProtocol(self.config, self.server_state, self.lifespan.state)

    async def _verify(self) -> None:
        try:
            await verify_later(self._shared.bundle)
        except BundleError as error:
            failed(error)
            self.fault, self.should_exit = error, True
