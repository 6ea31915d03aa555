"""Sends each request to the worker that it is about; every worker may be asked anything.

`affinity` knows where rollouts live, `peers` carries requests, `app.Local` answers here. Control
requests are checked by the worker that answers them.
"""

from dataclasses import dataclass

from exporter.server.affinity import FIRST_WORKER, Home, home_of, rollout_in
from exporter.server.app import Local
from exporter.server.asgi import Reply, Request
from exporter.server.board import Board, Column
from exporter.server.control import num_asked
from exporter.server.peers import PeerEnded, Peers
from exporter.server.refusals import (
    NO_ROOM_FOR_GROUP,
    full,
    lost_rollout,
    lost_single,
    restarting,
    too_slow,
)

_OF_THE_FIRST = frozenset({"/mcp", "/state", "/reset"})
_NEW_ROLLOUT = "/rollouts"
_MADE = 201
_RESTARTS = 503
_NO_ROOM = frozenset({429, _RESTARTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A worker's own place among all."""

    home: Home
    board: Board
    peers: Peers


class Routing:
    """Answers what a client or another worker asks of this one."""

    def __init__(self, place: Place, local: Local) -> None:
        self._place = place
        self._local = local

    async def answer(self, request: Request) -> Reply:
        """The reply to a client, from wherever it comes."""
        worker = self._worker_of(request.path)
        if worker is None or worker == self._place.home.worker:
            return await self._local.answer(request)
        try:
            return await self._place.peers.ask(worker, request)
        except PeerEnded:
            return _ended(request.path)
        except TimeoutError:
            return too_slow()

    async def answer_peer(self, request: Request) -> Reply:
        """The reply to another worker; it is never sent on, but for placing a new rollout."""
        if request.path == _NEW_ROLLOUT and self._place.home.worker != FIRST_WORKER:
            return await self._local.control.make_here(request)
        return await self._local.answer(request)

    def _worker_of(self, path: str) -> int | None:
        """None when any worker can answer."""
        board = self._place.board
        if rollout_id := rollout_in(path):
            home = home_of(rollout_id, board)
            return home.worker if home is not None and home.is_of(board) else None
        return FIRST_WORKER if path in _OF_THE_FIRST or path == _NEW_ROLLOUT else None


class Placing:
    """Puts each new rollout where the fewest are; runs in the first worker."""

    def __init__(self, place: Place, capacity: int) -> None:
        self._place = place
        self._capacity = capacity
        self.local: Local | None = None
        """This worker's own part, once it is there."""
        self._due = [0] * len(place.board.rows)
        """What `Column.CREATED` of each worker comes to, once all that it was asked for is made."""

    async def make(self, request: Request) -> Reply:
        """The rollout; a refusal when no worker has room."""
        rows = self._place.board.rows
        refused = full(self._capacity)
        for worker in sorted(range(len(rows)), key=self._load):
            if not rows[worker][Column.IS_ALIVE]:
                refused = restarting()
                continue
            reply = await self._make_in(worker, request)
            if reply.status not in _NO_ROOM:
                return reply
            refused = reply if reply.status == _RESTARTS or _is_of_group(reply) else refused
        return refused

    def _load(self, worker: int) -> int:
        """Rollouts that a worker has, with those on their way: each counts once at any moment."""
        row = self._place.board.rows[worker]
        return row[Column.ACTIVE] + max(0, self._due[worker] - row[Column.CREATED])

    async def _make_in(self, worker: int, request: Request) -> Reply:
        num = num_asked(request.body)
        created = self._place.board.rows[worker][Column.CREATED]
        # More may have been made than was due: by a request that was given up, or sent by the
        # process that had this place before.
        self._due[worker] = max(self._due[worker], created) + num
        is_made = False
        try:
            reply = await self._asked_of(worker, request)
            is_made = reply.status == _MADE
            return reply
        finally:
            if not is_made:
                self._due[worker] -= num

    async def _asked_of(self, worker: int, request: Request) -> Reply:
        if worker == self._place.home.worker and self.local is not None:
            return await self.local.control.make_here(request)
        try:
            return await self._place.peers.ask(worker, request)
        except (PeerEnded, TimeoutError):
            return restarting()


def _is_of_group(reply: Reply) -> bool:
    return NO_ROOM_FOR_GROUP.encode() in reply.body


def _ended(path: str) -> Reply:
    """The worker that was asked ended before it answered."""
    if rollout_in(path):
        return lost_rollout()
    return restarting() if path == _NEW_ROLLOUT else lost_single()
