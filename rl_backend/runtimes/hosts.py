"""Which Docker host gets the next container: the least loaded for its share, none that failed.

Pure bookkeeping with the clock passed in; it starts nothing. `warm_pool` asks it and tells it what
became of each start.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rl_backend.errors import WorldRuntimeError

FAILURES_IN_A_ROW = 3
"""Failed starts after which a host is set aside, though it answers."""


class HostFailed(WorldRuntimeError):
    """The host itself is at fault: it does not answer, or lacks what a container needs."""


@dataclass(slots=True, kw_only=True)
class _Load:
    share: float
    num_starting: int = 0
    num_held: int = 0
    """Containers there, those that are starting included."""
    num_failures: int = 0
    """Failed starts since the last good one."""
    aside_until_s: float | None = None
    problem: str = ""
    """Why the last start failed."""


class Hosts:
    """The hosts of one pool."""

    def __init__(
        self, shares: Iterable[tuple[str, float]], *, parallel_starts: int, aside_s: float = 30.0
    ) -> None:
        """`shares` are names with weights; a failed host is left alone for `aside_s` seconds."""
        self._loads = {name: _Load(share=share) for name, share in shares}
        self._parallel_starts = parallel_starts
        self._aside_s = aside_s

    @property
    def num_held(self) -> int:
        """Containers on all hosts, those that are starting included."""
        return sum(load.num_held for load in self._loads.values())

    def next_host(self, now_s: float) -> str | None:
        """Where to start the next container; None when no host can take one now."""
        free = [
            (name, load)
            for name, load in self._loads.items()
            if self._is_usable(load, now_s) and load.num_starting < self._parallel_starts
        ]
        if not free:
            return None
        return min(free, key=lambda item: (item[1].num_held + 1) / item[1].share)[0]

    def starting(self, name: str) -> None:
        """A start began there."""
        self._loads[name].num_starting += 1
        self._loads[name].num_held += 1

    def started(self, name: str) -> None:
        """A start succeeded there."""
        load = self._loads[name]
        load.num_starting -= 1
        load.num_failures, load.aside_until_s, load.problem = 0, None, ""

    def failed(self, name: str, problem: str, now_s: float, *, is_host: bool) -> bool:
        """A start failed there; True when that sets the host aside.

        `is_host` says that the host is at fault, which sets it aside at once.
        """
        load = self._loads[name]
        load.num_starting -= 1
        load.num_held -= 1
        load.num_failures += 1
        load.problem = problem
        if is_host or load.num_failures >= FAILURES_IN_A_ROW:
            load.aside_until_s = now_s + self._aside_s
        return load.aside_until_s is not None

    def abandoned(self, name: str) -> None:
        """A start was called off."""
        self._loads[name].num_starting -= 1
        self._loads[name].num_held -= 1

    def removed(self, name: str) -> None:
        """A container is gone from there."""
        self._loads[name].num_held -= 1

    def outage(self, now_s: float) -> str:
        """Why nothing can be started anywhere, host by host; empty when some host is usable."""
        if any(self._is_usable(load, now_s) for load in self._loads.values()):
            return ""
        return "; ".join(
            f"{name}: {load.problem.rstrip('.')}" for name, load in self._loads.items()
        )

    def usable_in_s(self, now_s: float) -> float:
        """Seconds until the first host that was set aside is tried again; 0 when none is."""
        times = [h.aside_until_s for h in self._loads.values() if h.aside_until_s is not None]
        return max(0.0, min(times, default=now_s) - now_s)

    @staticmethod
    def _is_usable(load: _Load, now_s: float) -> bool:
        return load.aside_until_s is None or now_s >= load.aside_until_s
