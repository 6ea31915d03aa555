"""Worlds in containers: one container of the bundle's image per rollout, from a warm pool.

Containers have no network, no rights and bounded resources (`docker_engine`); they are reached
through a tunnel, and a container ends with the process that started it. A world that was used goes
back to the pool only after a reset to its pristine hash. One that dies costs its own rollout, as a
failure of the runtime, and is replaced.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.base import FinalState, OfferedTool
from rl_backend.runtimes.container_keeper import ContainerKeeper
from rl_backend.runtimes.docker_checks import how_to_build, remove_left_behind, urls_of
from rl_backend.runtimes.docker_engine import DockerEngine
from rl_backend.runtimes.hosts import HostFailed, Hosts
from rl_backend.runtimes.mcp_wire import call_params, offered_tools, tool_result, unreadable
from rl_backend.runtimes.warm_pool import WarmPool
from rl_backend.runtimes.world_container import StartRefused, WorldContainer
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolResult

CLOSE_LIMIT_S = 60.0
"""Seconds after which `close` gives up; what it leaves is removed by the next start."""

NUM_TRIES = 3
"""Containers that are tried for one start: an idle one may have died unnoticed."""

_SPARE_THREADS = 8
_log = logging.getLogger(__name__)

OnProblem = Callable[[str], None]


class DockerWorld:
    """The world of one rollout, in a container of its own."""

    def __init__(
        self, runtime: "DockerRuntime", container: WorldContainer, tools: tuple[OfferedTool, ...]
    ) -> None:
        self.container = container
        self.tools = tools
        self._runtime = runtime
        self._num_calls = 0
        self._is_sound = True
        self._is_closed = False

    async def call(self, call: ToolCall) -> ToolResult:
        """The tool's answer. Raises WorldRuntimeError when the container gives none."""
        self._num_calls += 1
        params = call_params(call, f"call-{self._num_calls}")
        return tool_result(call, await self._soundly(self.container.rpc("tools/call", params)))

    async def finish(self) -> FinalState:
        state = await self._soundly(self.container.state())
        try:
            return FinalState.model_validate(state)
        except ValidationError as error:
            raise unreadable("for the state of a world") from error

    async def close(self) -> None:
        """Gives the container back; whether it can be used again is found out afterwards."""
        if not self._is_closed:
            self._is_closed = True
            self._runtime.pool.release(self.container, is_sound=self._is_sound)

    async def _soundly(self, work: Any) -> Any:
        """The work's result; a container that failed is not used again."""
        try:
            return await work
        except BaseException:
            self._is_sound = False
            raise


class DockerRuntime:
    """Starts worlds in containers of one bundle's image."""

    def __init__(
        self,
        keeper: ContainerKeeper,
        pool: WarmPool[WorldContainer],
        *,
        acquire_timeout_s: float,
    ) -> None:
        self.pool = pool
        self._keeper = keeper
        self._acquire_timeout_s = acquire_timeout_s
        self._tools: dict[str, tuple[OfferedTool, ...]] = {}
        self._is_closed = False

    @classmethod
    async def launch(
        cls,
        bundle: Bundle,
        config: DockerConfig,
        *,
        max_worlds: int,
        run_id: str = "",
        on_problem: OnProblem = _log.warning,
    ) -> "DockerRuntime":
        """A runtime whose pool is filling; what earlier processes left behind is removed first.

        A host that cannot be used is told to `on_problem` and left out. Raises WorldRuntimeError
        when no host can be used.
        """
        engines, images = await asyncio.to_thread(_prepared, bundle, config, on_problem)
        size = config.pool_size or max_worlds
        keeper = ContainerKeeper(
            engines, images, bundle.digest, config,
            world=bundle.name, run_id=run_id or "none", num_threads=2 * size + _SPARE_THREADS,
        )  # fmt: skip
        shares = {host.url: host.share for host in config.hosts}
        hosts = Hosts(
            [(engine.name, shares.get(engine.name, 1.0)) for engine in engines],
            parallel_starts=config.parallel_starts,
        )
        pool = WarmPool(keeper, hosts, size=size, on_problem=on_problem)
        runtime = cls(keeper, pool, acquire_timeout_s=config.acquire_timeout_s)
        pool.fill()
        return runtime

    async def start(self, start: Start) -> DockerWorld:
        """A fresh world, at once when a container is idle. Raises WorldRuntimeError."""
        for left in reversed(range(NUM_TRIES)):
            container = await self.pool.acquire(self._acquire_timeout_s)
            try:
                await container.reset(start.model_dump_json())
                tools = await self._tools_of(container, start.tool_surface)
            except StartRefused:
                self.pool.release(container, is_sound=True)
                raise
            except WorldRuntimeError:
                self.pool.release(container, is_sound=False)
                if not left:
                    raise
            except BaseException:
                self.pool.release(container, is_sound=False)
                raise
            else:
                return DockerWorld(self, container, tools)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Removes every container; gives up after `CLOSE_LIMIT_S`. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self.pool.close()
                await self._keeper.sweep()
        except TimeoutError:
            _log.warning(
                "not every container was removed within %g s; "
                "`corecraft bundle containers --prune` removes the others",
                CLOSE_LIMIT_S,
            )

    async def _tools_of(self, container: WorldContainer, surface: str) -> tuple[OfferedTool, ...]:
        """All containers offer the same tools, so one is asked once for each surface."""
        if surface not in self._tools:
            self._tools[surface] = offered_tools(await container.rpc("tools/list", {}))
        return self._tools[surface]


def _prepared(
    bundle: Bundle, config: DockerConfig, on_problem: OnProblem
) -> tuple[list[DockerEngine], dict[str, str]]:
    """The usable engines and their images by engine; others are told. Raises WorldRuntimeError."""
    engines: list[DockerEngine] = []
    images: dict[str, str] = {}
    problems: list[HostFailed] = []
    for url in urls_of(config):
        try:
            engine = DockerEngine(url)
            engines.append(engine)
            images[engine.name] = engine.image(
                bundle.digest, config.image, how_to_build(bundle.path, url)
            )
            for name in remove_left_behind(engine):
                _log.info("removed %s, which a dead process left behind", name)
        except HostFailed as error:
            problems.append(error)
    usable = [engine for engine in engines if engine.name in images]
    for engine in engines:
        if engine not in usable:
            engine.close()
    if not usable:
        raise problems[0] if len(problems) == 1 else _none_usable(problems)
    for problem in problems:
        on_problem(f"{problem} Its containers go to the other hosts.")
    return usable, images


def _none_usable(problems: Sequence[HostFailed]) -> WorldRuntimeError:
    told = " ".join(problem.what for problem in problems)
    hints = dict.fromkeys(problem.hint for problem in problems)
    return WorldRuntimeError(f"No Docker host can be used. {told}", hint=" ".join(hints))
