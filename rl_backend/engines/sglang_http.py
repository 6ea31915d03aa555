"""Requests to one SGLang server: what is sent again, and which error a failure becomes.

Under `sglang`, which knows what the requests mean. A request is sent again only when its
connection failed before an answer came. Generations and control requests may be repeated, since a
generation that nobody reads has no effect and control requests set a state; parts of an update of
weights may not. A generation needs another id each time, as long as the server knows the first.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

import aiohttp
from pydantic import BaseModel, JsonValue, ValidationError

from rl_backend.engines.sglang_wire import Answer
from rl_backend.errors import EngineError, EngineUnavailable

AnswerT = TypeVar("AnswerT", bound=BaseModel)
Body: TypeAlias = Mapping[str, JsonValue]

NUM_ATTEMPTS = 3
"""Times that a request is sent while its connection fails."""
BACKOFF_S = 0.2
"""Pause after the first failed attempt; it doubles, with jitter of half its length."""
KEPT_IDLE_S = 2.0
"""Seconds that a connection may lie idle and be used again. SGLang closes one after 5; a request on
it that may not be repeated, such as new weights, would fail."""
CONNECT_TIMEOUT_S = 5.0
"""Bound on one attempt to connect: a host that swallows packets refuses nothing."""
PROBE_TIMEOUT_S = 5.0
"""Bound on asking a server whether it is there; no model has to work for the answer."""
MAX_QUOTED = 500
"""Characters of a server's answer that an error quotes."""


class SGLangClient:
    """HTTP client of one server; `failure` says why that server is gone, None while it lives."""

    def __init__(self, url: str, *, failure: Callable[[], str | None]) -> None:
        self.url = url.rstrip("/")
        self._failure = failure
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self,
        path: str,
        body: Body | Callable[[int], Body],
        answer: type[AnswerT],
        *,
        timeout_s: float,
        num_attempts: int = NUM_ATTEMPTS,
    ) -> AnswerT:
        """The answer to a POST, read as `answer`. `body` may follow from the attempt, from 0 on.

        Raises TimeoutError after `timeout_s` over all attempts, EngineError on any other failure.
        """
        async with asyncio.timeout(timeout_s):
            content = await self._attempts("POST", path, body, num_attempts)
        return self._read(path, content, answer)

    async def get(self, path: str, answer: type[AnswerT], *, timeout_s: float) -> AnswerT:
        """The answer to a GET; raises as `post` does."""
        async with asyncio.timeout(timeout_s):
            content = await self._attempts("GET", path, None)
        return self._read(path, content, answer)

    async def command(self, path: str, body: Body, *, timeout_s: float) -> None:
        """Sends a POST whose answer is only its status; raises as `post` does."""
        async with asyncio.timeout(timeout_s):
            await self._attempts("POST", path, body)

    async def close(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()

    async def _attempts(
        self,
        method: str,
        path: str,
        body: Body | Callable[[int], Body] | None,
        num_attempts: int = NUM_ATTEMPTS,
    ) -> bytes:
        for attempt in range(num_attempts):
            try:
                sent = body(attempt) if callable(body) else body
                return await self._once(method, path, sent)
            except aiohttp.ClientError as failed:
                is_last = attempt + 1 == num_attempts
                if is_last or self._failure() is not None:
                    raise self._unreachable(path, failed) from failed
            await asyncio.sleep(BACKOFF_S * 2**attempt * random.uniform(0.75, 1.25))
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: str, path: str, body: Body | None) -> bytes:
        async with self._connection().request(method, self.url + path, json=body) as response:
            content = await response.read()
            if response.status >= 400:
                kind = EngineUnavailable if response.status >= 500 else EngineError
                raise kind(
                    f"SGLang refused {path} with status {response.status}: {_quoted(content)}",
                    hint="The server's log says more.",
                )
            return content

    def _read(self, path: str, content: bytes, answer: type[AnswerT]) -> AnswerT:
        try:
            return answer.model_validate_json(content)
        except ValidationError as unexpected:
            raise EngineError(
                f"SGLang answered {path} in another form than expected: {_quoted(content)}",
                hint="Check that the server is the SGLang version of `rl_backend.install`.",
            ) from unexpected

    def _unreachable(self, path: str, failed: aiohttp.ClientError) -> EngineError:
        reason = self._failure()
        if reason is not None:
            return EngineUnavailable(reason, hint="Start a new server, then resume the run.")
        return EngineUnavailable(
            f"SGLang at {self.url} cannot be reached for {path}: {failed!r}",
            hint="Check that the server runs and that the URL is right.",
        )

    def _connection(self) -> aiohttp.ClientSession:
        if self._session is None:
            # The engine bounds its generations; control requests must never queue behind them.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_IDLE_S),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            )
        return self._session


async def is_answering(url: str) -> bool:
    """Whether a server is there; False when it says nothing for `PROBE_TIMEOUT_S`."""
    client = SGLangClient(url, failure=lambda: None)
    try:
        await client.get("/model_info", Answer, timeout_s=PROBE_TIMEOUT_S)
    except (EngineError, TimeoutError):
        return False
    finally:
        await client.close()
    return True


def _quoted(content: bytes) -> str:
    return content[:MAX_QUOTED].decode(errors="replace")
