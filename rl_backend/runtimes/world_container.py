"""One container with its world: asked through its tunnel, reset, and explained when it fails.

`container_keeper` starts and removes it. All that blocks runs in the keeper's threads.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.containers import ContainerState
from rl_backend.runtimes.docker_engine import DockerEngine
from rl_backend.runtimes.mcp_wire import HEADERS, rpc_result, rpc_text, unreadable
from rl_backend.runtimes.tunnel import Answer, Tunnel, TunnelBroken
from world_builder.frozen import Json

_ENDING_S, _LOOK_S = 1.0, 0.1
_HINT = "The rollout counts nowhere; another container is started."


class StartRefused(WorldRuntimeError):
    """The world cannot start as a task wants it to; the container is fine."""


class WorldContainer:
    """A container of the pool."""

    def __init__(
        self,
        engine: DockerEngine,
        container_id: str,
        name: str,
        tunnel: Tunnel,
        token: str,
        threads: Executor,
        *,
        timeout_s: float,
    ) -> None:
        """`timeout_s` is that of one request to its server."""
        self.id = container_id
        self.name = name
        self.engine = engine
        self.pristine_hash = ""
        """Of its world when it first answered; empty before."""
        self._tunnel = tunnel
        self._token = token
        self._threads = threads
        self._timeout_s = timeout_s
        self._num_in_flight = 0

    @property
    def host(self) -> str:
        return self.engine.name

    @property
    def is_busy(self) -> bool:
        """True while a request has no answer yet."""
        return self._num_in_flight > 0

    async def health(self) -> dict[str, Json] | None:
        """What its server says of itself; None while it does not answer."""
        answer = await self._asked("GET", "/health")
        if answer is None or answer.status != 200:
            return None
        told = _decoded(answer)
        return told if isinstance(told, dict) else None

    async def state(self) -> Any:
        """Diff and hash of its world."""
        return await self._control("GET", "/state")

    async def reset(self, start: str = "") -> str:
        """Makes its world begin anew and returns the state's hash.

        `start` is a `Start` as JSON; empty means the plain one. Raises StartRefused.
        """
        try:
            return str((await self._control("POST", "/reset", start))["state_hash"])
        except (LookupError, TypeError) as error:
            raise unreadable("to a reset") from error

    async def rpc(self, method: str, params: Mapping[str, Json]) -> Any:
        """The result of an MCP request. Raises WorldRuntimeError."""
        answer = await self._answered("POST", "/mcp", rpc_text(method, params), HEADERS)
        return rpc_result(method, _decoded(answer))

    async def explained(self, problem: str) -> WorldRuntimeError:
        """The error for a problem, with how the container is after it; an end takes a moment."""
        deadline_s = time.monotonic() + _ENDING_S
        try:
            state = await self._state()
            while state is not None and state.is_running and time.monotonic() < deadline_s:
                await asyncio.sleep(_LOOK_S)
                state = await self._state()
        except WorldRuntimeError as error:
            return WorldRuntimeError(f"{self.name} failed: {problem}; {error.what}", hint=_HINT)
        told = "it is gone" if state is None else state.told
        return WorldRuntimeError(f"{self.name} failed: {problem}; {told}.", hint=_HINT)

    def disconnect(self) -> None:
        """Closes the tunnel, which ends the container and whatever waits for its answer."""
        self._tunnel.close()

    async def _state(self) -> ContainerState | None:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self.engine.state, self.id
        )

    async def _control(self, method: str, path: str, body: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        return _decoded(await self._answered(method, path, body, headers))

    async def _answered(
        self, method: str, path: str, body: str, headers: Mapping[str, str]
    ) -> Answer:
        """A good answer. Raises WorldRuntimeError for every other one, and for none."""
        try:
            answer = await self._asked(method, path, body, headers)
        except TunnelBroken as error:
            raise await self.explained(str(error)) from error
        if answer is None:
            raise await self.explained("its server cannot be reached")
        if answer.status == 422:
            raise StartRefused(
                f"The world cannot start this task: {answer.text[:500]}.",
                hint="Mend the task's start state or tool surface.",
            )
        if answer.status >= 400:
            raise await self.explained(f"it answered {answer.status}: {answer.text[:300]}")
        return answer

    async def _asked(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        def ask() -> Answer | None:
            return self._tunnel.ask(method, path, body, headers, timeout_s=self._timeout_s)

        self._num_in_flight += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        finally:
            self._num_in_flight -= 1


def _decoded(answer: Answer) -> Any:
    try:
        return json.loads(answer.text) if answer.text else None
    except ValueError as error:
        raise unreadable("(no JSON)") from error
