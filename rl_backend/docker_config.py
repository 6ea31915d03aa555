"""The settings of worlds in containers: a part of a run's configuration."""

from __future__ import annotations

from typing import Self

from pydantic import Field as Declared
from pydantic import model_validator

from rl_backend.config_section import Section


class DockerHostConfig(Section):
    """A Docker Engine that containers may run on."""

    url: str = Declared(min_length=1)
    """As in DOCKER_HOST, such as `unix:///var/run/docker.sock` or `tcp://worlds-2:2376`."""
    share: float = Declared(default=1.0, gt=0)
    """Weight: a host with share 2 gets twice the containers of one with share 1."""


class DockerConfig(Section):
    """Worlds in containers, where `rollout.runtime` is `docker`."""

    hosts: tuple[DockerHostConfig, ...] = ()
    """The engines; none means that of the environment (DOCKER_HOST)."""
    image: str | None = None
    """Tag of the bundle's image; None finds it by its digest label."""
    pool_size: int | None = Declared(default=None, ge=1)
    """Containers kept ready or in use; None: as many as rollouts are in flight at once."""
    parallel_starts: int = Declared(default=4, ge=1)
    """Containers that one host starts at a time."""
    memory_mib: int = Declared(default=512, ge=32)
    """Memory of a container at most, in MiB; it has no swap."""
    cpus: float = Declared(default=1.0, gt=0)
    """Processor cores of a container at most."""
    max_processes: int = Declared(default=64, ge=8)
    """Processes and threads in a container at most."""
    start_timeout_s: float = Declared(default=120.0, gt=0)
    """Seconds until a container that does not answer is given up."""
    acquire_timeout_s: float = Declared(default=600.0, gt=0)
    """Seconds that a rollout waits for a free container."""
    call_timeout_s: float = Declared(default=60.0, gt=0)
    """Seconds until a call without an answer is given up, and its container with it."""

    @model_validator(mode="after")
    def _hosts_are_different(self) -> Self:
        urls = [host.url for host in self.hosts]
        if len(set(urls)) < len(urls):
            raise ValueError("hosts: name each url once; its share says how many it gets")
        return self
