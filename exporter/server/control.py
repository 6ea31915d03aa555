"""Control of an environment server: for the trainer, never for a policy.

Every request needs the bearer token of the server's environment. It hands out worlds and tells
what became of them; the tools themselves are at `mcp_endpoint`.
"""

import hmac
from functools import partial
from typing import Final

from pydantic import ValidationError

from exporter.server.asgi import Handler, Reply, Request, json_reply, refusal
from exporter.server.rollouts import AtCapacity, Rollout, Rollouts
from exporter.server.settings import TOKEN_VARIABLE
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.tasks import Start

_RETRY_AFTER_S: Final = "1"


class Control:
    """The control routes over the rollouts of a process and its world at `/mcp`."""

    def __init__(self, rollouts: Rollouts, plain: Start, token: str) -> None:
        self.rollouts = rollouts
        self.single = rollouts.single(plain)
        self._plain = plain
        self._token = token.encode()

    def route(self, path: list[str]) -> dict[str, Handler]:
        """Handlers by HTTP method for the parts of a path; none when it is no control route."""
        match path:
            case ["rollouts"]:
                return {"POST": self._guarded(self._create)}
            case ["rollouts", rollout_id]:
                return {"DELETE": self._guarded(partial(self._delete, rollout_id))}
            case ["rollouts", rollout_id, "state"]:
                return {"GET": self._guarded(partial(self._state, rollout_id))}
            case ["state"]:
                return {"GET": self._guarded(self._single_state)}
            case ["reset"]:
                return {"POST": self._guarded(self._reset)}
        return {}

    async def _create(self, request: Request) -> Reply:
        try:
            rollout = self.rollouts.add(_start(request.body, Start()))
        except AtCapacity as error:
            return refusal(429, "at_capacity", str(error), {"retry-after": _RETRY_AFTER_S})
        except (WorldError, ValidationError) as error:
            return _bad_start(error)
        url = f"{request.origin}/rollouts/{rollout.id}/mcp"
        return json_reply({"id": rollout.id, "mcp_url": url}, 201)

    async def _delete(self, rollout_id: str, request: Request) -> Reply:
        return Reply(status=204) if self.rollouts.remove(rollout_id) else no_rollout()

    async def _state(self, rollout_id: str, request: Request) -> Reply:
        rollout = self.rollouts.get(rollout_id)
        return no_rollout() if rollout is None else json_reply(_told(rollout))

    async def _single_state(self, request: Request) -> Reply:
        return json_reply(_told(self.single))

    async def _reset(self, request: Request) -> Reply:
        try:
            self.single = self.rollouts.single(_start(request.body, self._plain))
        except (WorldError, ValidationError) as error:
            return _bad_start(error)
        return json_reply({"state_hash": self.single.state.state_hash})

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Reply:
            return self._refused(request) or await handler(request)

        return guarded

    def _refused(self, request: Request) -> Reply | None:
        """Why the request may not control this server; None when it may."""
        if not self._token:
            message = f"control is off; start the server with a secret in {TOKEN_VARIABLE}"
            return refusal(403, "control_is_off", message)
        given = request.headers.get("authorization", "").encode("latin-1")
        if hmac.compare_digest(given, b"Bearer " + self._token):
            return None
        message = f"send `Authorization: Bearer ...` with the secret of {TOKEN_VARIABLE}"
        return refusal(401, "unauthorized", message, {"www-authenticate": "Bearer"})


def _start(body: bytes, default: Start) -> Start:
    """The start in a request's body; an empty body means the default. Raises ValidationError."""
    return Start.model_validate_json(body) if body.strip() else default


def _told(rollout: Rollout) -> dict[str, Json]:
    diff = rollout.state.diff().model_dump(mode="json")
    return {"diff": diff, "state_hash": rollout.state.state_hash}


def _bad_start(error: Exception) -> Reply:
    return refusal(422, "bad_start", f"a rollout cannot start so: {error}")


def no_rollout() -> Reply:
    """The answer to whoever asks for a rollout that is not there."""
    return refusal(
        404,
        "not_found",
        "there is no such rollout: it never was, was deleted, or was idle too long",
    )
