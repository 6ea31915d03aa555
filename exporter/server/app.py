"""The ASGI application of an environment server: `/mcp`, `/rollouts/...`, `/health`.

Puts the pieces together. It opens no port; `__main__` does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from exporter.bundle import Bundle
from exporter.server.control import Control, Handler
from exporter.server.guards import guarded
from exporter.server.mcp_endpoint import McpEndpoint, session_manager
from exporter.server.rollouts import Rollout, Rollouts
from exporter.server.settings import ServerSettings
from world_builder.tasks import Start

_LONGEST_REAP_INTERVAL_S: Final = 30.0


def create_app(bundle: Bundle, settings: ServerSettings) -> ASGIApp:
    """The application that serves a bundle. Raises UnknownName for a surface it does not have."""
    rollouts = Rollouts(bundle.environment, capacity=settings.capacity, idle_s=settings.idle_s)
    control = Control(rollouts, Start(tool_surface=settings.surface), settings.control_token)
    manager = session_manager(bundle.name, bundle.version, settings.body_limit)

    def find_single(request: HTTPConnection) -> Rollout | None:
        return control.single

    def find_rollout(request: HTTPConnection) -> Rollout | None:
        return rollouts.get(request.path_params["id"])

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with manager.run(), _reaping(rollouts, settings.idle_s):
            yield

    routes = [
        Route("/health", _health(bundle, rollouts, bool(settings.control_token))),
        Route("/mcp", McpEndpoint(manager, find_single)),
        Route("/rollouts/{id}/mcp", McpEndpoint(manager, find_rollout)),
        *control.routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return guarded(app, allowed_hosts=settings.allowed_hosts, body_limit=settings.body_limit)


def _health(bundle: Bundle, rollouts: Rollouts, has_control: bool) -> Handler:
    async def health(request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "status": "ok",
                "world": bundle.name,
                "version": bundle.version,
                "digest": bundle.digest,
                "num_rollouts": len(rollouts),
                "capacity": rollouts.capacity,
                "has_control": has_control,
            }
        )

    return health


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
