"""Starts, restores and removes the containers of a pool on several Docker hosts.

What `warm_pool` decides is done here. A container is ready once its server says that it holds the
bundle, and its world has the pristine hash that the first container of the pool had. It is used
again only after a reset to that hash.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from rl_backend.docker_config import DockerConfig
from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.containers import (
    OWNER_LABEL,
    POOL_LABEL,
    RUN_LABEL,
    ContainerSpec,
)
from rl_backend.runtimes.docker_engine import DockerEngine
from rl_backend.runtimes.hosts import HostFailed
from rl_backend.runtimes.owners import Owner
from rl_backend.runtimes.tunnel import Tunnel, TunnelBroken, relay_command
from rl_backend.runtimes.world_container import WorldContainer
from world_builder.diff import StateDiff
from world_builder.frozen import Json

PORT = 8000
"""Where the server listens inside a container."""

TOKEN_VARIABLE = "CORECRAFT_CONTROL_TOKEN"  # noqa: S105 (the name, not the secret)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 0.5
_log = logging.getLogger(__name__)

ParamsT = ParamSpec("ParamsT")
ResultT = TypeVar("ResultT")


class ContainerKeeper:
    """The containers of one pool."""

    def __init__(
        self,
        engines: Sequence[DockerEngine],
        image_ids: Mapping[str, str],
        digest: str,
        config: DockerConfig,
        *,
        world: str,
        run_id: str,
        num_threads: int,
    ) -> None:
        """`image_ids` are by name of the engine; `num_threads` bounds what blocks at a time."""
        self.pool_id = secrets.token_hex(6)
        self.pristine_hash = ""
        """Of the first container's world; empty before there was one."""
        self._engines = {engine.name: engine for engine in engines}
        self._image_ids = image_ids
        self._digest = digest
        self._config = config
        self._world = world
        self._labels = {
            RUN_LABEL: run_id,
            POOL_LABEL: self.pool_id,
            OWNER_LABEL: Owner.of().label,
        }
        self._threads = ThreadPoolExecutor(num_threads, thread_name_prefix="container")

    async def start(self, host: str) -> WorldContainer:
        """A container with a world in its pristine state. Raises WorldRuntimeError."""
        engine, token = self._engines[host], secrets.token_urlsafe(24)
        spec = self._spec(host, token)
        container_id = await self._in_thread(engine.start, spec)
        try:
            container = await self._connected(engine, container_id, spec.name, token)
        except BaseException:
            await asyncio.shield(self._removed(engine, container_id))
            raise
        try:
            await self._ready(container)
        except BaseException:
            await asyncio.shield(self.remove(container))
            raise
        return container

    async def restore(self, container: WorldContainer) -> bool:
        """Whether its world is in the pristine state again."""
        if container.is_busy:
            return False
        try:
            return await container.reset() == self.pristine_hash
        except WorldRuntimeError as error:
            _log.warning("reset: %s", error)
            return False

    async def remove(self, container: WorldContainer) -> None:
        container.disconnect()
        await self._removed(container.engine, container.id)

    async def sweep(self) -> None:
        """Removes whatever the pool still has on any host, and lets go of the hosts.

        Starts that were called off may still be at work in their threads: those are waited for.
        """
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        await asyncio.gather(
            *(asyncio.to_thread(self._swept, engine) for engine in self._engines.values())
        )

    def _spec(self, host: str, token: str) -> ContainerSpec:
        return ContainerSpec(
            image_id=self._image_ids[host],
            name=f"corecraft-{self._world}-{secrets.token_hex(4)}",
            labels=self._labels,
            environment={TOKEN_VARIABLE: token},
            memory_mib=self._config.memory_mib,
            cpus=self._config.cpus,
            max_processes=self._config.max_processes,
        )

    async def _connected(
        self, engine: DockerEngine, container_id: str, name: str, token: str
    ) -> WorldContainer:
        stream = await self._in_thread(engine.run_in, container_id, relay_command(PORT))
        return WorldContainer(
            engine, container_id, name, Tunnel(stream, PORT), token, self._threads,
            timeout_s=self._config.call_timeout_s,
        )  # fmt: skip

    async def _ready(self, container: WorldContainer) -> None:
        """Waits for its server and looks at its world. Raises WorldRuntimeError."""
        health = await self._answering(container)
        if health.get("digest") != self._digest:
            raise HostFailed(
                f"{container.name} serves the bundle {health.get('digest')}, not {self._digest}.",
                hint="Build the image anew with `corecraft bundle image`.",
            )
        state = await container.state()
        if StateDiff.model_validate(state["diff"]) != StateDiff():
            raise WorldRuntimeError(
                f"The world of {container.name} was changed before its first call.",
                hint="Build the image anew with `corecraft bundle image`.",
            )
        container.pristine_hash = str(state["state_hash"])
        self.pristine_hash = self.pristine_hash or container.pristine_hash
        if container.pristine_hash != self.pristine_hash:
            raise HostFailed(
                f"The world on {container.host} differs from that of the other containers.",
                hint="Build its image anew with `corecraft bundle image`.",
            )

    async def _answering(self, container: WorldContainer) -> dict[str, Json]:
        """What the server says of itself, once it answers."""
        deadline_s = time.monotonic() + self._config.start_timeout_s
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                if (health := await container.health()) is not None:
                    return health
            except TunnelBroken as error:
                raise await container.explained(f"it did not start ({error})") from error
            if time.monotonic() > deadline_s:
                limit = f"{self._config.start_timeout_s:g} s"
                raise await container.explained(f"it was not ready within {limit}")
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 1.5, _LONGEST_WAIT_S)

    async def _removed(self, engine: DockerEngine, container_id: str) -> None:
        try:
            await self._in_thread(engine.remove, container_id)
        except WorldRuntimeError as error:
            _log.warning("a container may be left behind: %s", error)

    def _swept(self, engine: DockerEngine) -> None:
        try:
            for left in engine.containers(f"{POOL_LABEL}={self.pool_id}"):
                engine.remove(left.id)
        except WorldRuntimeError as error:
            _log.warning("containers may be left behind: %s", error)
        finally:
            engine.close()

    async def _in_thread(
        self, work: Callable[ParamsT, ResultT], *args: ParamsT.args, **kwargs: ParamsT.kwargs
    ) -> ResultT:
        def called() -> ResultT:
            return work(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, called)
