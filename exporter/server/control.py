"""Control of an environment server: for the trainer, never for a policy.

Every request needs the bearer token of the server's environment. It hands out worlds and tells
what became of them; the tools themselves are at `mcp_endpoint`.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.server.rollouts import AtCapacity, Rollout, Rollouts
from exporter.server.settings import TOKEN_VARIABLE
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.tasks import Start

Handler = Callable[[Request], Awaitable[Response]]

_RETRY_AFTER_S: Final = "1"


class Control:
    """The control routes over the rollouts of a process and its world at `/mcp`."""

    def __init__(self, rollouts: Rollouts, plain: Start, token: str) -> None:
        self.rollouts = rollouts
        self.single = rollouts.single(plain)
        self._plain = plain
        self._token = token.encode()

    def routes(self) -> list[Route]:
        return [
            Route("/rollouts", self._guarded(self._create), methods=["POST"]),
            Route("/rollouts/{id}", self._guarded(self._delete), methods=["DELETE"]),
            Route("/rollouts/{id}/state", self._guarded(self._state), methods=["GET"]),
            Route("/state", self._guarded(self._single_state), methods=["GET"]),
            Route("/reset", self._guarded(self._reset), methods=["POST"]),
        ]

    async def _create(self, request: Request) -> Response:
        try:
            rollout = self.rollouts.add(_start(await request.body(), Start()))
        except AtCapacity as error:
            return refusal(429, "at_capacity", str(error), {"Retry-After": _RETRY_AFTER_S})
        except (WorldError, ValidationError) as error:
            return _bad_start(error)
        url = f"{request.base_url}rollouts/{rollout.id}/mcp"
        return JSONResponse({"id": rollout.id, "mcp_url": url}, 201)

    async def _delete(self, request: Request) -> Response:
        if self.rollouts.remove(request.path_params["id"]):
            return Response(status_code=204)
        return _no_rollout()

    async def _state(self, request: Request) -> Response:
        rollout = self.rollouts.get(request.path_params["id"])
        return _no_rollout() if rollout is None else JSONResponse(_told(rollout))

    async def _single_state(self, request: Request) -> Response:
        return JSONResponse(_told(self.single))

    async def _reset(self, request: Request) -> Response:
        try:
            self.single = self.rollouts.single(_start(await request.body(), self._plain))
        except (WorldError, ValidationError) as error:
            return _bad_start(error)
        return JSONResponse({"state_hash": self.single.state.state_hash})

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            return self._refused(request) or await handler(request)

        return guarded

    def _refused(self, request: Request) -> Response | None:
        """Why the request may not control this server; None when it may."""
        if not self._token:
            message = f"control is off; start the server with a secret in {TOKEN_VARIABLE}"
            return refusal(403, "control_is_off", message)
        given = request.headers.get("authorization", "").encode("latin-1")
        if hmac.compare_digest(given, b"Bearer " + self._token):
            return None
        message = f"send `Authorization: Bearer ...` with the secret of {TOKEN_VARIABLE}"
        return refusal(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})


def refusal(
    status: int, error: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An answer that says what is wrong and what to do."""
    return JSONResponse({"error": error, "message": message}, status, headers)


def _start(body: bytes, default: Start) -> Start:
    """The start in a request's body; an empty body means the default. Raises ValidationError."""
    return Start.model_validate_json(body) if body.strip() else default


def _told(rollout: Rollout) -> dict[str, Json]:
    diff = rollout.state.diff().model_dump(mode="json")
    return {"diff": diff, "state_hash": rollout.state.state_hash}


def _bad_start(error: Exception) -> JSONResponse:
    return refusal(422, "bad_start", f"a rollout cannot start so: {error}")


def _no_rollout() -> JSONResponse:
    return refusal(404, "not_found", "there is no such rollout (any more)")
