"""The run's own SGLang server as an engine that outlives it: a server that dies is started again.

Over `sglang_server`, whose process may end at any moment. The next server begins with the newest
weights, and what the dead one left unanswered is asked of it: a request carries its whole row, so
no rollout is lost. Servers of somebody else's are `routed`'s affair; one that lives but hangs is
left to the timeouts of its requests.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rl_backend.engines.base import Weights
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_server import ServerOptions, SGLangServer
from rl_backend.engines.sglang_weights import Sender
from rl_backend.engines.sglang_wire import PauseMode
from rl_backend.errors import EngineError, EngineUnavailable
from rl_backend.handover import WrittenWeights
from rl_backend.stopping import cancel
from rl_backend.types import Completion, PolicyVersion, SamplingParams

AnswerT = TypeVar("AnswerT")
NUM_LOOKS, LOOK_S = 20, 0.05
"""How often and how far apart a process is looked at whose connection broke."""

_log = logging.getLogger(__name__)


class SupervisedEngine:
    """An `Engine` on a server that it starts, watches and ends."""

    def __init__(
        self,
        model_dir: Path,
        log_path: Path,
        options: ServerOptions | None = None,
        *,
        weights_dir: Path,
        max_restarts: int = 3,
        max_concurrency: int = 64,
        request_timeout_s: float = 120.0,
        make_sender: Callable[[], Sender | None] = lambda: None,
        pause_mode: PauseMode = "retract",
        on_problem: Callable[[str], None] = _log.warning,
    ) -> None:
        """`max_restarts` counts anew with every weights that were handed over.

        The newest weights are kept for the next server: without a sender in `weights_dir`, on the
        file system of the handed-over ones, with one as they are. Each server has a sender of its
        own. `on_problem` is told of each death.
        """
        self._options = options or ServerOptions()
        self._log_path = log_path
        self._server = SGLangServer(model_dir, log_path, self._options)
        self._engine: SGLangEngine
        self._retired: list[SGLangEngine] = []
        self._weights: Weights = WrittenWeights(path=model_dir)
        self._version = self._options.policy_version
        self._weights_dir = weights_dir
        self._max_restarts = max_restarts
        self._num_restarts = 0
        self._max_concurrency = max_concurrency
        self._request_timeout_s = request_timeout_s
        self._make_sender = make_sender
        self._pause_mode: PauseMode = pause_mode
        self._is_read_from_disk = make_sender() is None
        self._on_problem = on_problem
        self._restart: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the first server and returns at once. Raises EngineError."""
        shutil.rmtree(self._weights_dir, ignore_errors=True)
        self._server.start()
        self._engine = self._connected()

    async def wait_ready(self) -> None:
        """Waits for the first server.

        Raises:
            EngineError: it never answered; what is set up wrongly does not mend by another start.
        """
        await self._server.wait_ready()

    @property
    def policy_version(self) -> PolicyVersion:
        """The version that new requests are sampled from."""
        return self._engine.policy_version

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The completion, from the server that lives to give it."""
        return await self._served(lambda each: each.generate(prompt_ids, params, request_id))

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        """Hands weights over; a server that dies meanwhile is started with them."""
        kept = await asyncio.to_thread(self._keep, weights, version)
        self._weights, self._version = kept, version
        await self._served(lambda each: each.update_weights(kept, version))
        self._num_restarts = 0
        await asyncio.to_thread(self._drop_all_but, version)

    async def pause(self) -> None:
        await self._served(lambda each: each.pause())

    async def resume(self) -> None:
        await self._served(lambda each: each.resume())

    async def close(self) -> None:
        """Closes the connections; `stop` ends the server."""
        if self._restart is not None:
            await cancel(self._restart)
        await asyncio.gather(*(each.close() for each in (*self._retired, self._engine)))

    async def stop(self) -> None:
        """Ends the server, also one that is just being started."""
        if self._restart is not None:
            await cancel(self._restart)
        await asyncio.to_thread(self._server.stop)
        shutil.rmtree(self._weights_dir, ignore_errors=True)

    async def _served(self, call: Callable[[SGLangEngine], Awaitable[AnswerT]]) -> AnswerT:
        """The answer to a request, asked again of the next server when one dies under it."""
        while True:
            engine = self._engine
            try:
                return await call(engine)
            except EngineUnavailable:
                if not await self._is_gone(engine):
                    raise
                await self._outlive(engine)

    async def _is_gone(self, engine: SGLangEngine) -> bool:
        """Whether the engine's process has ended, which shows a moment after its connections break.

        While the next server starts, `_server` is that one and `_engine` still the dead one's.
        """
        for _ in range(NUM_LOOKS):
            if engine is not self._engine or self._is_restarting():
                return True
            if self._server.ending() is not None:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    def _is_restarting(self) -> bool:
        return self._restart is not None and not self._restart.done()

    async def _outlive(self, dead: SGLangEngine) -> None:
        """Returns once another engine stands in the place of `dead`; all callers share one."""
        if dead is not self._engine:
            return
        if self._restart is None or not self._is_restarting():
            self._restart = asyncio.create_task(self._start_again())
        await asyncio.shield(self._restart)

    async def _start_again(self) -> None:
        """Raises EngineUnavailable when servers died too often."""
        while True:
            self._count(self._server.ending() or "The SGLang server did not get ready.")
            await asyncio.to_thread(self._server.stop)
            model_dir = await asyncio.to_thread(self._weights.directory)
            options = replace(self._options, policy_version=self._version)
            self._server = SGLangServer(model_dir, self._log_path, options)
            self._server.start()
            try:
                await self._server.wait_ready()
            except EngineError:
                continue
            self._retired.append(self._engine)
            self._engine = self._connected()
            return

    def _count(self, ending: str) -> None:
        if self._num_restarts >= self._max_restarts:
            raise EngineUnavailable(
                self._server.failure() or ending,
                hint=f"It was started again {self._num_restarts} times. Resume the run.",
            )
        self._num_restarts += 1
        counted = f"{self._num_restarts} of {self._max_restarts}"
        self._on_problem(f"{ending} It is started again ({counted}).")

    def _connected(self) -> SGLangEngine:
        return self._server.engine(
            max_concurrency=self._max_concurrency,
            request_timeout_s=self._request_timeout_s,
            sender=self._make_sender(),
            pause_mode=self._pause_mode,
            on_problem=self._on_problem,
        )

    def _keep(self, weights: Weights, version: PolicyVersion) -> Weights:
        """The weights, so that they stay when the trainer writes its next while rollouts run."""
        if not self._is_read_from_disk:
            return weights
        kept = self._kept_dir(version)
        if not kept.exists():
            shutil.copytree(weights.directory(), kept, copy_function=_link)
        return WrittenWeights(path=kept)

    def _drop_all_but(self, version: PolicyVersion) -> None:
        for each in self._weights_dir.glob("*"):
            if each != self._kept_dir(version):
                shutil.rmtree(each)

    def _kept_dir(self, version: PolicyVersion) -> Path:
        return self._weights_dir / f"version-{version}"


def _link(source: str, target: str) -> None:
    """Takes no room where the file system has links; weights are never changed in place."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
