"""The environment server of a run, started again when it ends by itself.

Beside `server`, which tells it which address failed; `server_process` is one process. Worlds are
lost with the process that held them: the next one serves the worlds to come.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.server_process import ServerProcess
from rl_backend.stopping import cancel

_log = logging.getLogger(__name__)


class ServerKeeper:
    """One process at a time, a bounded number of times in a row."""

    def __init__(
        self,
        process: ServerProcess,
        *,
        max_restarts: int = 3,
        on_problem: Callable[[str], None] = _log.warning,
    ) -> None:
        """`process` has not started yet; `on_problem` is told of each that ended."""
        self.process = process
        self._max_restarts = max_restarts
        self._on_problem = on_problem
        self._num_restarts = 0
        self._restart: asyncio.Task[None] | None = None
        self._url = ""

    async def start(self) -> str:
        """The address of the first process. Raises WorldRuntimeError."""
        await self.process.start()
        self._url = self.process.url
        return self._url

    def has_ended(self, url: str) -> bool:
        """Whether what answered at a URL is gone."""
        is_restarting = self._restart is not None and not self._restart.done()
        is_of_before = not f"{url}/".startswith(f"{self._url}/")
        return is_restarting or is_of_before or not self.process.is_running

    def has_served(self) -> None:
        """A rollout reached its end: the restarts before it no longer count."""
        self._num_restarts = 0

    async def after(self, url: str) -> str:
        """The address of the process after that at `url`; all callers wait for the same one.

        Raises:
            WorldRuntimeError: it ended too often.
        """
        if url == self._url:
            if self._restart is None or self._restart.done():
                self._restart = asyncio.create_task(self._start_again())
            await asyncio.shield(self._restart)
        return self._url

    async def stop(self) -> None:
        """Ends the process, also one that is just being started."""
        if self._restart is not None:
            await cancel(self._restart)
        await self.process.stop()

    async def _start_again(self) -> None:
        before = self._url
        while self._url == before:
            self._count()
            with suppress(WorldRuntimeError):
                await self.process.start_again()
                self._url = self.process.url

    def _count(self) -> None:
        if self._num_restarts >= self._max_restarts:
            raise WorldRuntimeError(
                f"The environment server ended. {self.process.log_tail()}".strip(),
                hint=f"It was started again {self._num_restarts} times. Resume the run.",
            )
        self._num_restarts += 1
        counted = f"{self._num_restarts} of {self._max_restarts}"
        self._on_problem(f"The environment server ended. It is started again ({counted}).")
