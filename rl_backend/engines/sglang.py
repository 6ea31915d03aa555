"""The SGLang engine: one running server as an `Engine`, the same on a GPU and on a CPU.

Under the rollouts. `sglang_server` starts servers, `sglang_http` sends requests and
`sglang_wire` types them; this module says what they mean for a policy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from rl_backend.engines.base import Weights
from rl_backend.engines.priming import Primer
from rl_backend.engines.sglang_http import SGLangClient
from rl_backend.engines.sglang_weights import Sender, load_directory
from rl_backend.engines.sglang_wire import (
    Generation,
    ModelInfo,
    PauseMode,
    attempt_id,
    completion_of,
    generate_request,
    priming_request,
)
from rl_backend.errors import EngineError, EngineUnavailable
from rl_backend.types import Completion, PolicyVersion, SamplingParams

CONTROL_TIMEOUT_S = 300.0
"""Bound on what waits until no request is in flight, such as flushes."""
ABORT_TIMEOUT_S = 1.0
"""Bound on telling the server of a request that was cancelled here."""

_log = logging.getLogger(__name__)


class SGLangEngine:
    """An `Engine` over a server's native API.

    `failure` says why the server is gone (None while it lives), so that an error names the cause
    instead of a refused connection; `SGLangServer.failure` fits. `sender` brings new weights in
    parts (None: the server reads a directory); `on_problem` is told when it failed and a directory
    took its place. With `pause_mode` "in_place" requests in flight keep their cache when weights
    change; each version then has a part of the prefix cache of its own.
    """

    def __init__(
        self,
        url: str,
        *,
        policy_version: PolicyVersion,
        max_concurrency: int = 64,
        request_timeout_s: float = 120.0,
        failure: Callable[[], str | None] = lambda: None,
        sender: Sender | None = None,
        pause_mode: PauseMode = "retract",
        on_problem: Callable[[str], None] = _log.warning,
    ) -> None:
        self._client = SGLangClient(url, failure=failure)
        self._policy_version = policy_version
        self._slots = asyncio.Semaphore(max_concurrency)
        self._request_timeout_s = request_timeout_s
        self._sent: dict[str, list[str]] = {}
        """The ids under which each request in flight was sent."""
        self._drops: set[asyncio.Task[None]] = set()
        self._primer = Primer(self._prime)
        self._sender = sender
        self._pause_mode = pause_mode
        self._on_problem = on_problem
        self._is_paused = False
        self._is_mixed = False
        """Whether the server may hold weights of two versions; nothing is sampled from them."""

    @property
    def policy_version(self) -> PolicyVersion:
        """The version that new requests are sampled from."""
        return self._policy_version

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The completion of a prompt, with at least one token unless it was aborted.

        Waits for one of `max_concurrency` slots, and where others of its group have the same
        prompt until that is computed; the timeout runs from then on. Cancelling the call aborts
        the request in the server. Raises EngineError.
        """
        async with self._slots:
            await self._primer.ready(prompt_ids, request_id)
            self._require_whole()
            version = self._policy_version
            generation = await self._generation(prompt_ids, params, request_id)
        self._require_whole()
        completion = _completion(generation, request_id)
        self._require(version, completion)
        return completion

    async def _generation(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Generation:
        sent = self._sent[request_id] = list[str]()
        cache_part = self._cache_part()

        def body(attempt: int) -> dict[str, JsonValue]:
            sent.append(attempt_id(request_id, attempt))
            return generate_request(prompt_ids, params, sent[-1], cache_part)

        try:
            return await self._client.post(
                "/generate", body, Generation, timeout_s=self._request_timeout_s
            )
        except asyncio.CancelledError:
            self._drop(sent)
            raise
        except TimeoutError as late:
            self._drop(sent)
            raise EngineError(
                f"SGLang did not finish request {request_id} in {self._request_timeout_s:g} s.",
                hint="Raise engine.request_timeout_s or run fewer rollouts at once.",
            ) from late
        finally:
            self._sent.pop(request_id, None)

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        """Brings weights into force: by the sender, or as a directory that the server can read.

        A directory waits until no request is in flight; a sender, or a pause, does not: requests
        in flight then go on under the new weights, and their tokens carry the version that sampled
        each. When a sender fails the directory is loaded in its place; when that fails too, nothing
        is sampled until other weights came.
        """
        if self._sender is None:
            await self._load(weights, version)
            return
        async with self._held():
            await self._send(self._sender, weights, version)

    async def _send(self, sender: Sender, weights: Weights, version: PolicyVersion) -> None:
        self._is_mixed = True
        try:
            await sender.send(self._client, weights, version, is_cache_kept=self._is_cache_kept)
            self._took(version)
        except EngineError as error:
            await self._load(weights, version)
            self._on_problem(
                f"{self._client.url} took version {version} from disk, since it could not be sent: "
                f"{error.what}"
            )

    async def _load(self, weights: Weights, version: PolicyVersion) -> None:
        try:
            await load_directory(self._client, weights, version, is_cache_kept=self._is_cache_kept)
        except TimeoutError as late:
            raise _stuck(f"load the weights of version {version}") from late
        self._took(version)

    def _took(self, version: PolicyVersion) -> None:
        self._is_mixed = False
        self._primer.forget()
        self._policy_version = version

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Inside, sampling is held, by the caller's pause or by one of our own."""
        if self._is_paused:
            yield
            return
        try:
            await self.pause()
            yield
        except BaseException:
            with suppress(EngineError):
                await self.resume()
            raise
        await self.resume()

    async def pause(self) -> None:
        """Holds all sampling; requests in flight keep their tokens, their cache as `pause_mode`."""
        await self._control("/pause_generation", {"mode": self._pause_mode}, "pause")
        self._is_paused = True

    async def resume(self) -> None:
        """Ends a pause. Requests that would go on under weights of two versions are aborted."""
        self._is_paused = False
        if self._is_mixed:
            await self._control("/abort_request", {"rid": "", "abort_all": True}, "abort requests")
        await self._control("/continue_generation", {}, "resume")

    async def abort(self, request_id: str) -> None:
        """Stops a request: its caller gets the tokens so far. An unknown id has no effect."""
        for sent in self._sent.get(request_id, [request_id]):
            await self._control("/abort_request", {"rid": sent}, "abort a request")

    async def flush_cache(self) -> None:
        """Drops cached prefixes, once no request is in flight."""
        await self._control(f"/flush_cache?timeout={CONTROL_TIMEOUT_S:g}", {}, "flush its cache")
        self._primer.forget()

    async def served_version(self) -> PolicyVersion:
        """The version that the server reports, for taking over a server that already runs."""
        try:
            info = await self._client.get("/model_info", ModelInfo, timeout_s=CONTROL_TIMEOUT_S)
        except TimeoutError as late:
            raise _stuck("say which weights it serves") from late
        return PolicyVersion(info.weight_version)

    async def close(self) -> None:
        """Closes the connections, once aborts are sent; the server goes on."""
        await asyncio.gather(*self._drops)
        if self._sender is not None:
            await self._sender.close(self._client)
        await self._client.close()

    async def _prime(self, prompt_ids: Sequence[int]) -> None:
        """Brings a prompt into the server's prefix cache."""
        body = priming_request(prompt_ids, self._cache_part())
        await self._client.command("/generate", body, timeout_s=self._request_timeout_s)

    @property
    def _is_cache_kept(self) -> bool:
        return self._pause_mode == "in_place"

    def _cache_part(self) -> str | None:
        """The prefixes that a request may share: where none is dropped, those of its version."""
        return str(self._policy_version) if self._is_cache_kept else None

    def _require_whole(self) -> None:
        """Raises EngineUnavailable after an update that ended part-way."""
        if self._is_mixed and not self._is_paused:
            raise EngineUnavailable(
                f"SGLang at {self._client.url} holds weights of two versions.",
                hint="An update ended part-way; the next whole one mends it.",
            )

    def _require(self, version: PolicyVersion, completion: Completion) -> None:
        """Raises EngineUnavailable when tokens are older than the weights that were handed over."""
        oldest = min(completion.policy_versions, default=version)
        if oldest < version:
            raise EngineUnavailable(
                f"SGLang at {self._client.url} serves version {oldest} instead of {version}.",
                hint="It was restarted, or someone else gives it weights too.",
            )

    def _drop(self, sent: Sequence[str]) -> None:
        """Aborts a request that nobody waits for; in tasks that its caller's end does not end."""

        async def drop(sent_id: str) -> None:
            with suppress(TimeoutError, EngineError):
                body = {"rid": sent_id}
                await self._client.command("/abort_request", body, timeout_s=ABORT_TIMEOUT_S)

        for each in sent:
            task = asyncio.create_task(drop(each))
            self._drops.add(task)
            task.add_done_callback(self._drops.discard)

    async def _control(self, path: str, body: dict[str, JsonValue], purpose: str) -> None:
        try:
            await self._client.command(path, body, timeout_s=CONTROL_TIMEOUT_S + 10)
        except TimeoutError as late:
            raise _stuck(purpose) from late


def _completion(generation: Generation, request_id: str) -> Completion:
    finish = generation.meta_info.finish_reason
    if finish.type == "abort" and finish.status_code is not None:
        raise EngineError(
            f"SGLang gave up request {request_id}: {finish.message}",
            hint="A prompt that is too long, or a full cache, is the usual cause.",
        )
    try:
        completion = completion_of(generation)
    except ValueError as broken:
        raise EngineError(
            f"SGLang's answer to {request_id} does not fit together: {broken}.",
            hint="Check that the server is the SGLang version of `rl_backend.install`.",
        ) from broken
    if not completion.token_ids and finish.type != "abort":
        raise EngineError(
            f"SGLang sampled nothing for request {request_id}.",
            hint="The prompt fills the model's whole context; shorten it.",
        )
    return completion


def _stuck(purpose: str) -> EngineError:
    return EngineError(
        f"SGLang did not {purpose} within {CONTROL_TIMEOUT_S:g} s.",
        hint="Requests that never end hold it up; see the server's log.",
    )
