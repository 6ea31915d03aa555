"""Control of an environment server: for the trainer, never for a policy.

Every request needs the bearer token of the server's environment. It hands out worlds and tells
what became of them; the tools themselves are at `mcp_endpoint`.
"""

import hmac
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from exporter.server.asgi import Handler, Reply, Request, json_reply, refusal
from exporter.server.board import Board, Column
from exporter.server.desk import Desk
from exporter.server.jsonrpc import read_json
from exporter.server.metrics import exposition
from exporter.server.refusals import bad_start, draining, full, gone, lost_single, no_room
from exporter.server.rollouts import AtCapacity, Rollout, Rollouts
from exporter.server.settings import TOKEN_VARIABLE
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.records import is_text
from world_builder.tasks import Start

MOST_IN_GROUP: Final = 256
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Control:
    """The control routes over the rollouts of a process and its world at `/mcp`."""

    def __init__(
        self,
        rollouts: Rollouts,
        plain: Start,
        *,
        token: str,
        board: Board,
        labels: dict[str, str],
        place: Handler | None = None,
        has_lost_single: bool = False,
    ) -> None:
        """`place` makes rollouts where there is room; without, they are made here.

        `labels` tell in the metrics what is served.
        """
        self.rollouts = rollouts
        self.board = board
        self.single = None if has_lost_single else rollouts.single(plain)
        """None after its process ended, until it is reset."""
        self._plain = plain
        self._token = token.encode()
        self._labels = labels
        self._desk = Desk(place or self.make_here)

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
            case ["metrics"]:
                return {"GET": self._guarded(self._metrics)}
        return {}

    async def make_here(self, request: Request) -> Reply:
        """A fresh rollout in this process, or a group of them."""
        size = None
        try:
            said = _said(request.body)
            size = _group_size(said)
            made = self.rollouts.add_group(_start(said, Start()), size or 1)
        except AtCapacity:
            return full(self.rollouts.capacity) if size is None else no_room(size)
        except (WorldError, ValidationError) as error:
            return bad_start(error)
        told: list[Json] = [
            {"id": each.id, "mcp_url": f"{request.origin}/rollouts/{each.id}/mcp"} for each in made
        ]
        return json_reply(told[0] if size is None else {"rollouts": told}, 201)

    async def _create(self, request: Request) -> Reply:
        tally = self.rollouts.tally
        if self.board.is_draining:
            tally.add(Column.REFUSED_DRAINING)
            return draining()
        reply = await self._desk.create(request)
        tally.add(Column.REFUSED_AT_CAPACITY, reply.status == 429)
        return reply

    async def _delete(self, rollout_id: str, request: Request) -> Reply:
        try:
            others = _others(_said(request.body))
        except WorldError as error:
            return refusal(422, "bad_request", f"nothing was deleted: {error}")
        was_there = self.rollouts.remove(rollout_id)
        for other in others:
            self.rollouts.remove(other)
        return Reply(status=204) if was_there else gone(rollout_id, self.board)

    async def _state(self, rollout_id: str, request: Request) -> Reply:
        rollout = self.rollouts.get(rollout_id)
        return gone(rollout_id, self.board) if rollout is None else json_reply(await _told(rollout))

    async def _single_state(self, request: Request) -> Reply:
        return lost_single() if self.single is None else json_reply(await _told(self.single))

    async def _reset(self, request: Request) -> Reply:
        try:
            self.single = self.rollouts.single(_start(_said(request.body), self._plain))
        except (WorldError, ValidationError) as error:
            return bad_start(error)
        return json_reply({"state_hash": self.single.state.state_hash})

    async def _metrics(self, request: Request) -> Reply:
        text = exposition(self.board, self._labels)
        return Reply(body=text.encode(), headers={"content-type": _METRICS_TYPE})

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


def num_asked(body: bytes) -> int:
    """How many rollouts a request for new ones wants; 1 for one that is to be refused, too."""
    try:
        return _group_size(_said(body)) or 1
    except WorldError:
        return 1


def _said(body: bytes) -> Any:
    """The JSON of a body; None for an empty one. Raises WorldError."""
    if not body.strip():
        return None
    try:
        said = read_json(body)
    except (ValueError, RecursionError) as error:
        raise WorldError(f"it is no JSON: {error}") from error
    if not is_text(said):
        raise WorldError("half a character is not text")
    return said


def _start(said: Any, default: Start) -> Start:
    """The start that was asked for; nothing said means the default. Raises ValidationError."""
    return default if said is None else Start.model_validate(said)


def _group_size(said: Any) -> int | None:
    """Takes `count` out of what was said; None when one rollout is wanted. Raises WorldError."""
    if not isinstance(said, dict) or "count" not in said:
        return None
    count = said.pop("count")
    if type(count) is not int or not 1 <= count <= MOST_IN_GROUP:
        raise WorldError(f"count must be a whole number from 1 to {MOST_IN_GROUP}")
    return count


def _others(said: Any) -> list[str]:
    """The further rollouts of a group that are to go, too. Raises WorldError."""
    if said is None:
        return []
    others = said.get("others") if isinstance(said, dict) and said.keys() == {"others"} else None
    if not isinstance(others, list) or not all(isinstance(other, str) for other in others):
        raise WorldError('the body must be empty or {"others": [ids of the same group]}')
    return others


async def _told(rollout: Rollout) -> dict[str, Json]:
    async with rollout.turn():
        diff = rollout.state.diff().model_dump(mode="json")
        return {"diff": diff, "state_hash": rollout.state.state_hash}
