"""What an environment server is told when it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TOKEN_VARIABLE: Final = "CORECRAFT_CONTROL_TOKEN"  # noqa: S105 - the name, not the secret
HOSTS_VARIABLE: Final = "CORECRAFT_SERVER_HOSTS"

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")

DEFAULT_CAPACITY: Final = 1024
DEFAULT_IDLE_S: Final = 1800.0
DEFAULT_BODY_LIMIT: Final = 1 << 20
DEFAULT_DRAIN_S: Final = 5.0
DEFAULT_SURFACE: Final = "default"
"""As `world_builder.world` has it, which takes too long to import before the port is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How a server serves."""

    control_token: str = field(default="", repr=False)
    """The trainer's secret; empty turns control off."""
    capacity: int = DEFAULT_CAPACITY
    """Most rollouts at one time."""
    idle_s: float = DEFAULT_IDLE_S
    """A rollout that was not called for so long is removed."""
    body_limit: int = DEFAULT_BODY_LIMIT
    """Most bytes of a request's body."""
    allowed_hosts: tuple[str, ...] = LOCAL_HOSTS
    """Host names, without port, that a request may be addressed to; `*` allows any."""
    surface: str = DEFAULT_SURFACE
    """The tool surface of the world at `/mcp`."""
    num_workers: int = 1
    """Processes that share the rollouts."""
    drain_s: float = DEFAULT_DRAIN_S
    """Once told to stop, rollouts may go on for so long."""

    def share(self, worker: int) -> int:
        """Most rollouts of one worker: all shares together are the capacity.

        >>> [ServerSettings(capacity=5, num_workers=2).share(n) for n in range(2)]
        [3, 2]
        """
        return self.capacity // self.num_workers + (worker < self.capacity % self.num_workers)


def token_of(environment: Mapping[str, str] = os.environ) -> str:
    """The control token; empty when there is none."""
    return environment.get(TOKEN_VARIABLE, "").strip()


def hosts_of(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The allowed hosts of the environment, or the local ones."""
    named = (host.strip() for host in environment.get(HOSTS_VARIABLE, "").split(","))
    return tuple(host for host in named if host) or LOCAL_HOSTS
