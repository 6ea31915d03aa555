"""How much memory a rollout of an environment server takes, over the base that all share.

Rollouts are made as the server makes them and used as a trainer uses them: each makes the calls of
a task that writes, over and over, with idempotency keys, so that answers are remembered, too. A
fresh process measures: only there is its growth that of the rollouts alone.
"""

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from exporter.bundle import Bundle
from exporter.errors import ExporterError
from exporter.server.rollouts import Rollouts, Worlds
from world_builder.tasks import Task
from world_builder.tools import ToolCall
from world_builder.world import World

NUM_CALLS: Final = 20
"""Of each rollout."""
_NUM_WARM: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFigure:
    """The memory of a rollout while all of them are there."""

    num_rollouts: int
    num_calls: int
    """Of each rollout."""
    changes_per_rollout: float
    """Entities that differ from the start."""
    allocated_bytes: float
    """What the Python objects of a rollout take, by tracemalloc."""
    resident_bytes: float
    """By how much the process grew for a rollout; memory that was free before is not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """A task's start and calls; JSON, so that each rollout has values of its own."""

    task: Task
    calls: tuple[str, ...]


def rollout_memory(bundle: Path, num_rollouts: int = 1000) -> MemoryFigure:
    """Measures a bundle's rollouts. Raises ExporterError when no task of it writes."""
    resident = _in_fresh_process(bundle, num_rollouts, is_traced=False)
    traced = _in_fresh_process(bundle, num_rollouts, is_traced=True)
    return MemoryFigure(
        num_rollouts=num_rollouts,
        num_calls=NUM_CALLS,
        changes_per_rollout=resident["changes"],
        allocated_bytes=traced["allocated"],
        resident_bytes=resident["resident"],
    )


def _in_fresh_process(bundle: Path, num_rollouts: int, *, is_traced: bool) -> dict[str, float]:
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    options = [str(bundle), str(num_rollouts), *(["traced"] if is_traced else [])]
    done = subprocess.run(
        [sys.executable, "-m", "exporter.bench.rollout_memory", *options],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ExporterError(done.stderr.strip().rpartition("\n")[2])
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _measure(world: World, num_rollouts: int, *, is_traced: bool) -> dict[str, float]:
    recorded = _writing(world)
    rollouts = Rollouts(Worlds(world), capacity=num_rollouts + _NUM_WARM, idle_s=float("inf"))
    _play(rollouts, recorded, _NUM_WARM)  # builds the indexes that all share
    gc.collect()
    if is_traced:
        tracemalloc.start()
    traced, resident = tracemalloc.get_traced_memory()[0], _resident_bytes()
    num_changes = _play(rollouts, recorded, num_rollouts)
    gc.collect()
    return {
        "changes": num_changes / num_rollouts,
        "allocated": (tracemalloc.get_traced_memory()[0] - traced) / num_rollouts,
        "resident": (_resident_bytes() - resident) / num_rollouts,
    }


def _writing(world: World) -> list[_Recorded]:
    """The tasks whose reference solutions write."""
    writers = {tool.name for tool in world.tools if not tool.is_read_only}
    found = [
        _Recorded(
            task=task, calls=tuple(c.model_dump_json() for c in task.reference_solution.calls)
        )
        for task in world.tasks
        if task.reference_solution is not None
        and writers.intersection(call.tool for call in task.reference_solution.calls)
    ]
    if not found:
        raise ExporterError(f"no reference solution of {world.name} writes")
    return found


def _play(rollouts: Rollouts, recorded: Sequence[_Recorded], count: int) -> int:
    """Adds rollouts and makes their calls; returns the number of their changes."""
    num_changes = 0
    for one in islice(cycle(recorded), count):
        rollout = rollouts.add(one.task.start)
        for n, call in enumerate(islice(cycle(one.calls), NUM_CALLS)):
            rollout.call(ToolCall.model_validate_json(call), f"call-{n}")
        num_changes += len(rollout.state.diff().changes)
    return num_changes


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main(bundle: Path, num_rollouts: int, *, is_traced: bool) -> None:
    """Prints the figures of this process as JSON."""
    figures = _measure(Bundle.open(bundle).world, num_rollouts, is_traced=is_traced)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), is_traced="traced" in sys.argv[3:])
