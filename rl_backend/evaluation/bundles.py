"""From a bundle to what rollouts need: its worlds in a runtime, and its name for reports."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from exporter.bundle import Bundle
from exporter.errors import BundleError
from rl_backend.docker_config import DockerConfig
from rl_backend.records import BundleLock
from rl_backend.runtimes.base import Runtime
from rl_backend.runtimes.in_process import InProcessRuntime
from world_builder.state import WorldBase

LEAST_CAPACITY = 1024
"""Worlds that an environment server holds, where a run wants fewer."""
MOST_CONNECTIONS = 256
"""To one environment server: each takes a descriptor on both sides, of which a process often has
1,024."""

_log = logging.getLogger(__name__)


class RuntimeKind(StrEnum):
    """Where worlds run."""

    IN_PROCESS = "in_process"
    """In this process: fastest."""
    SERVER = "server"
    """In an environment server of the bundle, over MCP."""
    DOCKER = "docker"
    """In containers of the bundle's image, one for each rollout."""


async def open_runtime(
    kind: str,
    bundle: Bundle,
    base: WorldBase,
    *,
    docker: DockerConfig | None = None,
    max_worlds: int = 1,
    server_workers: int = 1,
    max_restarts: int = 3,
    run_id: str = "",
    on_problem: Callable[[str], None] = _log.warning,
) -> Runtime:
    """A runtime for a bundle; close it after use. Raises WorldRuntimeError.

    At most `max_worlds` run at a time. `docker` and `run_id` concern containers only,
    `server_workers` and `max_restarts` an environment server; `on_problem` is told of what fails
    without failing the runtime.
    """
    if RuntimeKind(kind) is RuntimeKind.IN_PROCESS:
        return InProcessRuntime(base)
    if RuntimeKind(kind) is RuntimeKind.DOCKER:
        from rl_backend.runtimes.docker import DockerRuntime

        return await DockerRuntime.launch(
            bundle,
            docker or DockerConfig(),
            max_worlds=max_worlds,
            run_id=run_id,
            on_problem=on_problem,
        )
    from rl_backend.runtimes.server import ServerRuntime
    from rl_backend.runtimes.server_process import ServerProcess

    num_open = 2 * max_worlds  # some that were given up may not be removed yet
    process = ServerProcess(
        bundle.path, capacity=max(LEAST_CAPACITY, num_open), num_workers=server_workers
    )
    return await ServerRuntime.launch(
        process,
        max_connections=min(num_open, MOST_CONNECTIONS),
        max_restarts=max_restarts,
        on_problem=on_problem,
    )


def bundle_label(bundle: Bundle) -> str:
    """Name, version and digest, for reports."""
    return f"{bundle.name} {bundle.version} {bundle.digest}"


def lock_of(bundle: Bundle) -> BundleLock:
    """What a run directory keeps of its bundle."""
    return BundleLock(
        path=str(bundle.path.absolute()),
        name=bundle.name,
        version=bundle.version,
        digest=bundle.digest,
    )


def open_locked(lock: BundleLock) -> Bundle:
    """The bundle of a run. Raises BundleError when it is gone or another one is in its place."""
    bundle = Bundle.open(Path(lock.path))
    if bundle.digest != lock.digest:
        raise BundleError(
            f"{lock.path} now holds {bundle_label(bundle)}, but this run trains on {lock.name} "
            f"{lock.version} {lock.digest}; put that bundle back or start a new run"
        )
    return bundle
