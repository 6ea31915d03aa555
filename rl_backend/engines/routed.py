"""Several servers as one engine: a group keeps to one of them, new weights reach all.

Over one engine for each server. A server that fails leaves the rotation and its requests go to
another; it comes back when it has taken the newest weights, which every hand-over offers it once it
answers again. So all servers in the rotation sample from the same version. Starts no server and
balances no single requests: the rollouts of a group share a prompt, which one server's cache holds
once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from rl_backend.engines.base import Engine, Weights
from rl_backend.engines.sglang_http import is_answering
from rl_backend.errors import EngineError, EngineUnavailable
from rl_backend.types import Completion, PolicyVersion, SamplingParams

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class _Server:
    url: str
    engine: Engine
    is_in_rotation: bool = True
    is_asked: bool = True
    """Whether the hand-over that is under way concerns it."""


class RoutedEngine:
    """An `Engine` over several of them, by address."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        *,
        is_answering: Callable[[str], Awaitable[bool]] = is_answering,
        on_problem: Callable[[str], None] = _log.warning,
    ) -> None:
        """`is_answering` says soon whether a server that was set aside can be asked again.

        `on_problem` is told of servers that leave the rotation and come back.
        Raises ValueError when there is no engine.
        """
        if not engines:
            raise ValueError("a routed engine needs at least one server")
        self._servers = [_Server(url=url, engine=engine) for url, engine in engines.items()]
        self._is_answering = is_answering
        self._on_problem = on_problem
        self._is_held = False
        self._version = min(engine.policy_version for engine in engines.values())
        self._places: dict[str, _Server] = {}

    @property
    def policy_version(self) -> PolicyVersion:
        """The version that new requests are sampled from."""
        return self._version

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The completion, from the server of the request's group: what its id has before a `/`."""
        group = request_id.partition("/")[0]
        while True:
            server = self._place(group)
            try:
                return await server.engine.generate(prompt_ids, params, request_id)
            except EngineUnavailable as error:
                self._set_aside(server, error)

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        """Every server that takes the weights is in the rotation afterwards, no other one.

        Raises:
            EngineError: not one server took them.
        """
        if not self._is_held:
            await self._choose()
        errors = await self._everywhere(lambda each: each.update_weights(weights, version))
        for server, error in errors:
            if error is not None:
                self._set_aside(server, error)
            elif not server.is_in_rotation:
                server.is_in_rotation = True
                self._on_problem(f"{server.url} has version {version} and is in use again")
        self._require_one()
        self._version = version
        # The servers' caches are empty now, so groups may be spread anew.
        self._places.clear()

    async def pause(self) -> None:
        # Before the first server is held, so that none waits for one that is gone.
        await self._choose()
        self._is_held = True
        await self._control(lambda each: each.pause())

    async def resume(self) -> None:
        self._is_held = False
        await self._control(lambda each: each.resume())

    async def close(self) -> None:
        await asyncio.gather(*(server.engine.close() for server in self._servers))

    def _place(self, group: str) -> _Server:
        """The server that keeps the group; the one with the fewest groups for a new one."""
        found = self._places.get(group)
        if found is None or not found.is_in_rotation:
            self._require_one()
            held = list(self._places.values())
            free = [server for server in self._servers if server.is_in_rotation]
            found = self._places[group] = min(free, key=held.count)
        return found

    async def _choose(self) -> None:
        """Leaves those that are set aside and say nothing out of the hand-over that begins."""

        async def one(server: _Server) -> None:
            server.is_asked = server.is_in_rotation or await self._is_answering(server.url)

        await asyncio.gather(*map(one, self._servers))

    async def _control(self, call: Callable[[Engine], Awaitable[None]]) -> None:
        """Calls the servers; who fails leaves the rotation. Raises EngineError if all did."""
        for server, error in await self._everywhere(call):
            if error is not None:
                self._set_aside(server, error)
        self._require_one()

    async def _everywhere(
        self, call: Callable[[Engine], Awaitable[None]]
    ) -> list[tuple[_Server, EngineError | None]]:
        """What each server of the hand-over failed with."""

        async def one(server: _Server) -> tuple[_Server, EngineError | None]:
            try:
                await call(server.engine)
            except EngineError as error:
                return server, error
            return server, None

        asked = [server for server in self._servers if server.is_asked]
        return list(await asyncio.gather(*map(one, asked)))

    def _set_aside(self, server: _Server, error: EngineError) -> None:
        if server.is_in_rotation:
            server.is_in_rotation = False
            self._on_problem(f"{server.url} is set aside until it has new weights: {error.what}")

    def _require_one(self) -> None:
        if not any(server.is_in_rotation for server in self._servers):
            raise EngineError(
                f"None of the {len(self._servers)} SGLang servers can be used.",
                hint="The run's history says why; start them again, then resume the run.",
            )
