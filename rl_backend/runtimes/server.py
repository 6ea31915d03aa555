"""Worlds in an environment server: control and tool calls over HTTP.

A client of `exporter.server`. Worlds are made, read and removed over its control routes; calls go
to each world's own MCP endpoint as plain JSON posts, which cost a fraction of a full MCP client and
are the same protocol (streamable HTTP without a session). Calls and requests for worlds carry
idempotency keys, so that a retry after a lost answer applies once. A world whose worker process
ended is an error, never a fresh world; a server of the runtime's own is then started again for the
worlds to come.
"""

import asyncio
import contextlib
import json
import logging
import random
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from pydantic import ValidationError

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.base import FinalState, OfferedTool
from rl_backend.runtimes.mcp_wire import (
    HEADERS,
    call_params,
    offered_tools,
    rpc_result,
    rpc_text,
    tool_result,
    unreadable,
)
from rl_backend.runtimes.server_keeper import ServerKeeper
from rl_backend.runtimes.server_process import ServerProcess
from rl_backend.stopping import cancel
from world_builder.frozen import Json
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolResult

REMOVAL_WAIT_S = 1.0
"""Seconds that whoever closes a world waits for its removal, which then goes on by itself."""
REMOVAL_LIMIT_S = 30.0
"""Seconds until a removal is left to the server, which removes idle worlds itself."""

_BUSY = frozenset({500, 502, 503, 504})
_FULL = 429
_KEY_BYTES = 16
_FIRST_WAIT_S, _LONGEST_WAIT_S, _MOST_DOUBLINGS = 0.05, 2.0, 6
_log = logging.getLogger(__name__)


class ServerWorld:
    """One rollout's world in a server."""

    def __init__(
        self,
        runtime: "ServerRuntime",
        rollout_id: str,
        mcp_url: str,
        tools: tuple[OfferedTool, ...],
    ) -> None:
        self.tools = tools
        self._runtime = runtime
        self._url = f"{runtime.url}/rollouts/{rollout_id}"
        self._mcp_url = mcp_url
        self._num_calls = 0
        self._is_closed = False

    async def call(self, call: ToolCall) -> ToolResult:
        """The tool's answer. Raises WorldRuntimeError when the server gives none."""
        self._num_calls += 1
        params = call_params(call, f"call-{self._num_calls}")
        return tool_result(call, await self._runtime.rpc(self._mcp_url, "tools/call", params))

    async def finish(self) -> FinalState:
        state = await self._runtime.control("GET", f"{self._url}/state")
        try:
            final = FinalState.model_validate(state)
        except ValidationError as error:
            raise unreadable("for the state of a rollout") from error
        self._runtime.has_served()
        return final

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._runtime.removed(self._url)


class ServerRuntime:
    """Starts worlds in one environment server."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        max_connections: int = 32,
        timeout_s: float = 30.0,
        max_tries: int = 8,
    ) -> None:
        """`timeout_s` is that of one try; `max_tries` of a request, waits in between doubling.

        A request waits for one of `max_connections` as long as it takes: that is no part of a try.
        """
        self.url = url.rstrip("/")
        self._token = token
        self._connections = asyncio.Semaphore(max_connections)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._max_tries = max_tries
        self._client: aiohttp.ClientSession | None = None
        self._keeper: ServerKeeper | None = None
        self._removals: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @classmethod
    async def launch(
        cls,
        process: ServerProcess,
        *,
        max_restarts: int = 3,
        on_problem: Callable[[str], None] = _log.warning,
        **options: Any,
    ) -> "ServerRuntime":
        """A runtime on a server of its own, which ends with it. Raises WorldRuntimeError.

        `max_restarts` bounds how often in a row one that ended by itself is started again, of which
        `on_problem` is told.
        """
        keeper = ServerKeeper(process, max_restarts=max_restarts, on_problem=on_problem)
        runtime = cls(await keeper.start(), process.token, **options)
        runtime._keeper = keeper
        return runtime

    async def start(self, start: Start) -> ServerWorld:
        """A fresh world. Raises WorldRuntimeError; a full server is waited for."""
        while True:
            url = self.url
            try:
                return await self._started(start)
            except WorldRuntimeError:
                if self._keeper is None or not self._keeper.has_ended(url):
                    raise
                self.url = await self._keeper.after(url)

    def has_served(self) -> None:
        """A rollout reached its end here."""
        if self._keeper is not None:
            self._keeper.has_served()

    async def removed(self, url: str) -> None:
        """Removes the world at a URL; returns before it is gone when the server takes long."""
        if removal := self._removal(url):
            await asyncio.wait({removal}, timeout=REMOVAL_WAIT_S)

    def _removal(self, url: str) -> asyncio.Task[None] | None:
        """The removal of a world, in a task that its caller's end does not end."""

        async def remove() -> None:
            with contextlib.suppress(WorldRuntimeError, TimeoutError):
                async with asyncio.timeout(REMOVAL_LIMIT_S):
                    await self.control("DELETE", url)

        if self._is_closed:
            return None
        removal = asyncio.create_task(remove())
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)
        return removal

    async def _started(self, start: Start) -> ServerWorld:
        key = {"Idempotency-Key": secrets.token_urlsafe(_KEY_BYTES)}
        body = start.model_dump_json()
        made = await self.control("POST", f"{self.url}/rollouts", body, key)
        try:
            rollout_id, mcp_url = str(made["id"]), str(made["mcp_url"])
        except (LookupError, TypeError) as error:
            raise unreadable("for a new rollout") from error
        try:
            tools = offered_tools(await self.rpc(mcp_url, "tools/list", {}))
        except BaseException:
            self._removal(f"{self.url}/rollouts/{rollout_id}")
            raise
        return ServerWorld(self, rollout_id, mcp_url, tools)

    async def control(
        self,
        method: str,
        url: str,
        body: str = "",
        extra_headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON that a control route answers."""
        headers = {"Authorization": f"Bearer {self._token}", **(extra_headers or {})}
        return await self._request(method, url, body, headers)

    async def rpc(self, url: str, method: str, params: Mapping[str, Json]) -> Any:
        """The result of an MCP request. Raises WorldRuntimeError for a protocol error."""
        answer = await self._request("POST", url, rpc_text(method, params), HEADERS)
        return rpc_result(method, answer)

    async def close(self) -> None:
        """Releases everything; a server of its own ends with all its worlds."""
        self._is_closed = True
        if self._keeper is None and self._removals:
            await asyncio.wait(self._removals, timeout=REMOVAL_WAIT_S)
        await cancel(*self._removals)
        if self._client is not None:
            await self._client.close()
            self._client = None
        if self._keeper is not None:
            await self._keeper.stop()

    async def _request(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Any:
        """The decoded answer, tried again while the server is busy or cannot be reached.

        A full server is asked again until it has room: that uses up no try.
        """
        problem, num_tries, num_waits = "", 0, 0
        while num_tries < self._max_tries:
            if num_tries + num_waits:
                await asyncio.sleep(_wait_s(num_tries + num_waits))
            try:
                status, text = await self._answer(method, url, body, headers)
                if status < 400:
                    return json.loads(text) if text else None
                if status == _FULL:
                    num_waits += 1
                    continue
                problem = f"it answered {status}: {text[:300]}"
                if status not in _BUSY:
                    break
            except (aiohttp.ClientError, TimeoutError) as error:
                problem = str(error) or "it did not answer in time"
                if self._keeper is not None and self._keeper.has_ended(url):
                    problem = "its process ended"
                    break
            except ValueError as error:
                raise unreadable("(no JSON)") from error
            num_tries += 1
        raise WorldRuntimeError(
            f"The environment server at {self.url} failed: {problem}.", hint=self._hint()
        )

    async def _answer(
        self, method: str, url: str, body: str, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """Status and text of one try."""
        data = body.encode()
        async with (
            self._connections,
            self._session().request(method, url, data=data, headers=headers) as response,
        ):
            return response.status, await response.text()

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            connector = aiohttp.TCPConnector(limit=0)  # `_connections` bounds them
            self._client = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._client

    def _hint(self) -> str:
        if self._keeper is not None:
            log = self._keeper.process.log_tail()
            return f"Its last words: {log}" if log else "See the run's history."
        return "Check that it runs, its capacity and its control token."


def _wait_s(number: int) -> float:
    """Seconds before try `number`: doubling, with jitter so that rollouts do not march in step."""
    doubled = _FIRST_WAIT_S * 2 ** min(number, _MOST_DOUBLINGS)
    return float(min(doubled, _LONGEST_WAIT_S) * random.uniform(0.5, 1.0))
