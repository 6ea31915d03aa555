"""The application of an environment server: `/mcp`, `/rollouts/...`, `/health`.

Puts the pieces together. It opens no port; `__main__` does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from exporter.seal import Seal
from exporter.served import ServedBundle
from exporter.server.asgi import Application, Handler, Reply, Request, json_reply, refusal
from exporter.server.control import Control, no_rollout
from exporter.server.guards import HostGuard
from exporter.server.mcp_endpoint import McpEndpoint
from exporter.server.mcp_methods import McpMethods
from exporter.server.rollouts import Rollout, Rollouts
from exporter.server.settings import ServerSettings
from world_builder.tasks import Start

_LONGEST_REAP_INTERVAL_S: Final = 30.0


def create_app(bundle: ServedBundle, settings: ServerSettings) -> Application:
    """The application that serves a bundle. Raises UnknownName for a surface it does not have."""
    rollouts = Rollouts(bundle.world, capacity=settings.capacity, idle_s=settings.idle_s)
    control = Control(rollouts, Start(tool_surface=settings.surface), settings.control_token)
    server = _Server(bundle.seal, rollouts, control, has_control=bool(settings.control_token))
    return Application(
        server.answer,
        guard=HostGuard(settings.allowed_hosts),
        body_limit=settings.body_limit,
        running=partial(_reaping, rollouts, settings.idle_s),
    )


class _Server:
    """Finds who answers a request."""

    def __init__(
        self, seal: Seal, rollouts: Rollouts, control: Control, *, has_control: bool
    ) -> None:
        self._seal = seal
        self._rollouts = rollouts
        self._control = control
        self._has_control = has_control
        self._mcp = McpEndpoint(McpMethods(seal.world, seal.version))

    async def answer(self, request: Request) -> Reply:
        path = request.path.split("/")[1:]
        match path:
            case ["mcp"]:
                return await self._mcp.answer(request, self._control.single)
            case ["rollouts", rollout_id, "mcp"]:
                return await self._answer_in(self._rollouts.get(rollout_id), request)
            case ["health"]:
                return await _by_method({"GET": self._health}, request)
        return await _by_method(self._control.route(path), request)

    async def _answer_in(self, rollout: Rollout | None, request: Request) -> Reply:
        return no_rollout() if rollout is None else await self._mcp.answer(request, rollout)

    async def _health(self, request: Request) -> Reply:
        return json_reply(
            {
                "status": "ok",
                "world": self._seal.world,
                "version": self._seal.version,
                "digest": self._seal.digest,
                "num_rollouts": len(self._rollouts),
                "capacity": self._rollouts.capacity,
                "has_control": self._has_control,
            }
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
