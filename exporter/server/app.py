"""The application of an environment server: `/mcp`, `/rollouts/...`, `/health`, `/metrics`.

Puts the pieces of one process together. It opens no port; `__main__` does. Several processes are
joined by `routing`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Final

from exporter.seal import Seal
from exporter.served import ServedBundle
from exporter.server.affinity import Home
from exporter.server.asgi import Application, Handler, Reply, Request, json_reply, refusal
from exporter.server.board import Board, Column
from exporter.server.control import Control
from exporter.server.guards import HostGuard
from exporter.server.mcp_endpoint import McpEndpoint
from exporter.server.mcp_methods import McpMethods
from exporter.server.refusals import gone, lost_single
from exporter.server.rollouts import Rollout, Rollouts, Worlds
from exporter.server.settings import ServerSettings
from world_builder.tasks import Start

_LONGEST_REAP_INTERVAL_S: Final = 30.0


def create_app(
    bundle: ServedBundle, settings: ServerSettings, board: Board | None = None
) -> Application:
    """The application of a single process.

    Raises UnknownName for a surface that the world does not have.
    """
    local = Local(Worlds(bundle.world), bundle.seal, settings, board or Board())
    return local.application(local.answer)


class Local:
    """The part of a server that is in this process: finds who answers a request."""

    def __init__(
        self,
        worlds: Worlds,
        seal: Seal,
        settings: ServerSettings,
        board: Board,
        *,
        home: Home | None = None,
        place: Handler | None = None,
    ) -> None:
        """Without a home it is the only process. Raises UnknownName for a surface it has not."""
        self.settings = settings
        self._board = board
        self._seal = seal
        worker = 0 if home is None else home.worker
        self._rollouts = Rollouts(
            worlds,
            capacity=settings.share(worker),
            idle_s=settings.idle_s,
            tally=board.rows[worker],
            home=home,
        )
        self.control = Control(
            self._rollouts,
            Start(tool_surface=settings.surface),
            token=settings.control_token,
            board=board,
            labels={"world": seal.world, "version": seal.version, "digest": seal.digest},
            place=place,
            has_lost_single=home is not None and home.generation > 0,
        )
        self._mcp = McpEndpoint(McpMethods(seal.world, seal.version))

    def application(
        self, answer: Handler, *running: Callable[[], AbstractAsyncContextManager[None]]
    ) -> Application:
        """The ASGI application around `answer`, which may hand requests to other processes."""
        return Application(
            answer,
            guard=HostGuard(self.settings.allowed_hosts),
            body_limit=self.settings.body_limit,
            running=(partial(_reaping, self._rollouts, self.settings.idle_s), *running),
        )

    async def answer(self, request: Request) -> Reply:
        """The reply of this process."""
        path = request.path.split("/")[1:]
        match path:
            case ["mcp"]:
                return await self._answer_in(self.control.single, lost_single, request)
            case ["rollouts", rollout_id, "mcp"]:
                rollout = self._rollouts.get(rollout_id)
                return await self._answer_in(
                    rollout, partial(gone, rollout_id, self._board), request
                )
            case ["health"]:
                return await _by_method({"GET": self._health}, request)
        return await _by_method(self.control.route(path), request)

    async def _answer_in(
        self, rollout: Rollout | None, missing: Callable[[], Reply], request: Request
    ) -> Reply:
        return missing() if rollout is None else await self._mcp.answer(request, rollout)

    async def _health(self, request: Request) -> Reply:
        board = self._board
        return json_reply(
            {
                "status": "draining" if board.is_draining else "ok",
                "world": self._seal.world,
                "version": self._seal.version,
                "digest": self._seal.digest,
                "num_rollouts": board.total(Column.ACTIVE),
                "capacity": self.settings.capacity,
                "has_control": bool(self.settings.control_token),
                "num_workers": len(board.rows),
                "num_workers_alive": board.total(Column.IS_ALIVE),
                "num_worker_restarts": board.total(Column.GENERATION),
            },
            503 if board.is_draining else 200,
        )


async def _by_method(handlers: dict[str, Handler], request: Request) -> Reply:
    """The reply of the handler of the request's method; HEAD counts as GET."""
    if not handlers:
        return refusal(404, "not_found", "nothing is served under this path")
    handler = handlers.get("GET" if request.method == "HEAD" else request.method)
    if handler is not None:
        return await handler(request)
    allowed = ", ".join(handlers)
    return refusal(405, "method_not_allowed", f"only {allowed} works here", {"allow": allowed})


@asynccontextmanager
async def _reaping(rollouts: Rollouts, idle_s: float) -> AsyncIterator[None]:
    task = asyncio.create_task(_reap_for_ever(rollouts, min(idle_s / 4, _LONGEST_REAP_INTERVAL_S)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _reap_for_ever(rollouts: Rollouts, interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s)
        rollouts.reap()
