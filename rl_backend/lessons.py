"""Where the demonstrations of each warm-start step come from.

From the bundle's own training tasks, over and over: their reference solutions, or what an earlier
run did well. Or from sibling worlds: the same shipped world built from other seeds, new people and
facts at every step, so that a model made from scratch must learn to copy what it reads instead of
remembering it. The bundle's own tasks are then never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Protocol

from rl_backend.config import RunConfig
from rl_backend.demonstrations import DemonstrationError, demonstration, demonstrations
from rl_backend.demonstrators import Demonstrator
from rl_backend.drills import drill
from rl_backend.records import EventKind, TokenRecord
from rl_backend.renderer import Renderer
from rl_backend.rundir import RunDir
from rl_backend.samples import as_demonstration
from rl_backend.seeding import generator
from rl_backend.successes import successes
from rl_backend.types import TrainingSample
from world_builder.errors import UnknownName
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import Trajectory
from world_builder.workbench import Workbench
from world_builder.worlds import build_world

FIRST_SIBLING_SEED = 1_000_000
"""Far from the seeds that anybody gives to a world that is trained or evaluated on."""


class Lessons(Protocol):
    """The demonstrations of each step; a step always gets the same ones."""

    def of(self, step: int) -> list[TrainingSample]:
        """Steps count from 1."""

    def close(self) -> None:
        """Frees what was prepared ahead."""


def lessons_of(run: RunDir, base: WorldBase, renderer: Renderer, config: RunConfig) -> Lessons:
    """The lessons that the configuration asks for.

    Raises:
        DemonstrationError: there is nothing to show.
    """
    if config.warm_start.siblings_per_step:
        return SiblingLessons(base.world.name, renderer, config)
    if config.warm_start.source == "rollouts":
        records = run.demonstrations() or _chosen_now(run, base, renderer, config)
        return OwnLessons([as_demonstration(record) for record in records], config)
    length = config.model.context_length
    samples = demonstrations(base, base.world.tasks, renderer, context_length=length)
    return OwnLessons(samples, config)


def _chosen_now(
    run: RunDir, base: WorldBase, renderer: Renderer, config: RunConfig
) -> tuple[TokenRecord, ...]:
    found = successes(base, renderer, config, run.bundle().digest)
    run.write_demonstrations(found.records)
    run.append_event(EventKind.NOTE, 0, f"the warm start {found.summary}")
    return found.records


class OwnLessons:
    """From a fixed set of demonstrations: different ones in a step, as long as there are enough."""

    def __init__(self, demonstrations: Sequence[TrainingSample], config: RunConfig) -> None:
        self._demonstrations = list(demonstrations)
        self._config = config

    def of(self, step: int) -> list[TrainingSample]:
        num = min(self._config.warm_start.batch_size, len(self._demonstrations))
        return generator(self._config.seed, "warm_start", step).sample(self._demonstrations, num)

    def close(self) -> None:
        """Nothing was prepared."""


class SiblingLessons:
    """From worlds that are built for the step, the next step's while this one trains."""

    def __init__(self, world: str, renderer: Renderer, config: RunConfig) -> None:
        """Raises DemonstrationError when `world` is not a shipped one."""
        require_shipped(world)
        self._world, self._renderer, self._config = world, renderer, config
        self._ahead: dict[int, Future[list[TrainingSample]]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lessons")

    def of(self, step: int) -> list[TrainingSample]:
        current = self._ahead.pop(step, None) or self._pool.submit(self._made, step)
        samples = current.result()
        self._ahead = {step + 1: self._pool.submit(self._made, step + 1)}
        return samples

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _made(self, step: int) -> list[TrainingSample]:
        rng, wanted = generator(self._config.seed, "siblings", step), self._config.warm_start
        if step <= wanted.num_drill_steps:
            progress = step / wanted.num_drill_steps
            return self._drills(step, rng, wanted.drills_per_step, progress)
        is_first = step <= wanted.num_drill_steps + wanted.num_careful_steps
        shown = self._demonstrations(rng, 0.0 if is_first else wanted.careless_share)
        return shown + self._drills(step, rng, wanted.drills_beside, 1.0)

    def _drills(self, step: int, rng: Random, num: int, progress: float) -> list[TrainingSample]:
        return [
            drill(self._renderer, rng, f"drill/{step}/{n}", progress=progress) for n in range(num)
        ]

    def _demonstrations(self, rng: Random, careless_share: float) -> list[TrainingSample]:
        wanted, num_worlds = self._config.warm_start, self._config.warm_start.siblings_per_step
        samples: list[TrainingSample] = []
        for number in range(num_worlds):
            bench = Workbench(build_world(self._world, rng.randrange(FIRST_SIBLING_SEED, 2**40)))
            share = _share(wanted.batch_size, num_worlds, number)
            tasks = rng.sample(bench.world.tasks, min(share, len(bench.world.tasks)))
            shown = Demonstrator(bench)
            for task in tasks:
                is_careless = rng.random() < careless_share
                work = shown.careless(task, rng) if is_careless else shown.careful(task)
                samples.append(self._sample(bench, task, work))
        return samples

    def _sample(self, bench: Workbench, task: Task, trajectory: Trajectory) -> TrainingSample:
        sample = demonstration(bench.base, task, trajectory, self._renderer)
        if len(sample.token_ids) > self._config.model.context_length:
            raise DemonstrationError(
                f"a demonstration of {task.scenario} has {len(sample.token_ids)} tokens; "
                "set model.context_length to that or more"
            )
        return sample


def require_shipped(world: str) -> None:
    """Raises DemonstrationError for a world that cannot be built from other seeds."""
    try:
        build_world(world)
    except UnknownName as error:
        raise DemonstrationError(
            f"{world} has no siblings: only shipped worlds can be built from other seeds. Choose "
            "another preset, such as tiny, or set warm_start.siblings_per_step, num_drill_steps, "
            "drills_per_step and drills_beside to 0"
        ) from error


def _share(total: int, parts: int, number: int) -> int:
    """The size of one of several parts that are as even as can be.

    >>> [_share(10, 3, n) for n in range(3)]
    [4, 3, 3]
    """
    return total // parts + (number < total % parts)
