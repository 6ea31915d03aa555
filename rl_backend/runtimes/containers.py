"""Containers as data: what one is started with, how it is, and which were left behind.

Knows nothing of the `docker` package, nor of worlds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rl_backend.runtimes.owners import Owner

OWNER_LABEL: Final = "dev.corecraft.owner"
"""The process that started a container, as `Owner.label`."""
RUN_LABEL: Final = "dev.corecraft.run"
"""The run or command that it was started for."""
POOL_LABEL: Final = "dev.corecraft.pool"
"""The pool that it belongs to; every pool has an id of its own."""

_LONGEST_START: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """What a container is started with; all of them are locked down alike."""

    image_id: str
    name: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    memory_mib: int
    cpus: float
    max_processes: int

    def __repr__(self) -> str:
        """Without the environment, which holds a secret."""
        return f"ContainerSpec(name={self.name!r}, image_id={self.image_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """How a container is."""

    is_running: bool
    exit_code: int
    is_out_of_memory: bool
    log_tail: str
    """The last lines that it wrote."""

    @property
    def told(self) -> str:
        """For people."""
        if self.is_running:
            return f"it runs; its last words: {self.log_tail or 'none'}"
        if self.is_out_of_memory:
            return "it was ended for lack of memory; raise rollout.docker.memory_mib"
        return (
            f"it ended with exit code {self.exit_code}; its last words: {self.log_tail or 'none'}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContainer:
    """A container of ours on some host."""

    host: str
    id: str
    name: str
    labels: Mapping[str, str]
    is_running: bool
    created_at: datetime
    status: str
    """As the engine says it, such as `Up 3 minutes`."""

    @property
    def run(self) -> str:
        return self.labels.get(RUN_LABEL, "")

    def is_left_behind(self, now: datetime) -> bool:
        """Whether nobody uses it any more: its owner is gone.

        Of an owner on another machine only this is known: a container ends when its owner does, so
        one that runs is in use, and one that does not, and is no longer being started, is not.
        """
        owner = Owner.parse(self.labels.get(OWNER_LABEL, ""))
        is_dead = None if owner is None else owner.is_dead
        if is_dead is None:
            return not self.is_running and now - self.created_at > _LONGEST_START
        return is_dead
