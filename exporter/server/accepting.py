"""Takes connections from the address that all workers share, each to the worker it is about.

The first line of the first request says which rollout a connection is for; the worker that accepted
it hands the socket itself on. Later requests on it may be about other rollouts: `routing` sends
those where they belong.
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from exporter.server.affinity import home_of, rollout_in
from exporter.server.doors import Doors
from exporter.server.routing import Place

Serve: TypeAlias = Callable[[socket.socket], Awaitable[object]]

_AT_ONCE: Final = 8
"""Connections accepted before other workers get their turn."""
_FIRST_LINE_BYTES: Final = 512
_FIRST_WORD_S: Final = 60.0
"""A connection must say something so soon."""
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_ROOM_S: Final = 0.5
_HANDED: Final = b"c"


class Accepting:
    """Accepts for one worker, until it is closed."""

    def __init__(self, listener: socket.socket, doors: Doors, place: Place, serve: Serve) -> None:
        """`serve` begins to answer on a connection."""
        self._listener = listener
        self._doors = doors
        self._place = place
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._handing = doors[place.home.worker].handing
        listener.setblocking(False)
        self._loop.add_reader(listener, self._accept)
        self._loop.add_reader(self._handing, self._receive)

    def close(self) -> None:
        """Accepts nothing more, and drops connections that said nothing."""
        self._loop.remove_reader(self._listener)
        self._loop.remove_reader(self._handing)
        for connection in tuple(self._silent):
            self._heard(connection)
            connection.close()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._pause()
                return
            connection.setblocking(False)
            late = self._loop.call_later(_FIRST_WORD_S, self._drop, connection)
            self._silent[connection] = late
            self._loop.add_reader(connection, self._place_it, connection)

    def _pause(self) -> None:
        self._loop.remove_reader(self._listener)
        self._loop.call_later(_ROOM_S, self._loop.add_reader, self._listener, self._accept)

    def _place_it(self, connection: socket.socket) -> None:
        self._heard(connection)
        try:
            said = connection.recv(_FIRST_LINE_BYTES, socket.MSG_PEEK)
        except OSError:
            connection.close()
            return
        worker = self._worker_of(said)
        if worker == self._place.home.worker or not self._hand(connection, worker):
            self._begin(connection)

    def _worker_of(self, said: bytes) -> int:
        """Whose connection it is; this worker's when that cannot be seen."""
        path = said.partition(b"\n")[0].split(b" ")[1:2]
        rollout_id = rollout_in(path[0].decode("latin-1")) if path else ""
        home = home_of(rollout_id, self._place.board)
        if home is None or not home.is_of(self._place.board):
            return self._place.home.worker
        return home.worker

    def _hand(self, connection: socket.socket, worker: int) -> bool:
        """False when that worker has its hands full; any worker can serve a connection."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, connection.fileno().to_bytes(4, "little"))]
        try:
            self._handing.sendmsg([_HANDED], rights, 0, self._doors[worker].handing_name)
        except OSError:
            return False
        connection.close()
        return True

    def _receive(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                _, files, _, _ = socket.recv_fds(self._handing, len(_HANDED), 1)
            except OSError:
                return
            for file in files:
                self._begin(socket.socket(fileno=file))

    def _begin(self, connection: socket.socket) -> None:
        task = self._loop.create_task(self._served(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _served(self, connection: socket.socket) -> None:
        with suppress(OSError):
            await self._serve(connection)

    def _heard(self, connection: socket.socket) -> None:
        self._silent.pop(connection).cancel()
        self._loop.remove_reader(connection)

    def _drop(self, connection: socket.socket) -> None:
        self._heard(connection)
        connection.close()
