"""Runs the loop with the real trainer and an engine that a rule stands for.

A program, since Megatron wants a process of its own: `python -m tests.rl_backend.loop_cases RUN
POINT` works on a run up to an `Interruption`, such as `step:2` or `sample:5:killed`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

KILLED = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Where a process stops working on a run, and how."""

    kind: str
    """`warm_start` and `step` count those of the run, `sample` the requests of this process."""
    number: int
    is_killed: bool = False
    """Whether the process is gone at once, with nothing kept, instead of being asked to stop."""

    @classmethod
    def of(cls, text: str) -> Self:
        kind, number, *how = text.split(":")
        return cls(kind=kind, number=int(number), is_killed=how == ["killed"])

    def at(self, kind: str, number: int | None, stop: Callable[[], None]) -> None:
        """Stops, or dies, when this is the point."""
        if (kind, number) != (self.kind, self.number):
            return
        if self.is_killed:
            os._exit(KILLED)
        stop()


async def work(path: Path, interruption: Interruption) -> None:
    from rl_backend import assembly
    from rl_backend.engines.base import Engine, Weights
    from rl_backend.evaluation.bundles import open_locked
    from rl_backend.progress import Progress
    from rl_backend.renderer import Renderer
    from rl_backend.rundir import RunDir
    from rl_backend.stopping import Stopped
    from rl_backend.types import Completion, FinishReason, PolicyVersion, SamplingParams

    run = RunDir.open(path)

    class AnsweringEngine:
        """Gives the right answer, without looking anything up, to every other seed."""

        policy_version = PolicyVersion(0)

        def __init__(self) -> None:
            self.renderer = Renderer.load(run.model_dir)
            self.num_samples = 0
            tasks = open_locked(run.bundle()).world.tasks
            self.answers = {
                task.prompt: task.reference_solution.response
                for task in tasks
                if task.reference_solution
            }

        async def generate(
            self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
        ) -> Completion:
            self.num_samples += 1
            interruption.at("sample", self.num_samples, progress.stop)
            text = self.renderer.decode(prompt_ids)
            prompt = text.rpartition("<|user|>")[2].partition("<|end|>")[0]
            is_right = params.seed is not None and params.seed % 2 == 0
            ids = self.renderer.encode((self.answers[prompt] if is_right else "") + "<|end|>")
            return Completion(
                token_ids=tuple(ids),
                logprobs=(-1.0,) * len(ids),
                policy_versions=(self.policy_version,) * len(ids),
                finish_reason=FinishReason.STOP,
            )

        async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
            self.policy_version = version

        async def pause(self) -> None:
            """Nothing is in flight."""

        async def resume(self) -> None:
            """Nothing was paused."""

        async def close(self) -> None:
            """Nothing to free."""

    async def engine(_url: str, _config: object) -> Engine:
        return AnsweringEngine()

    with Progress(run) as progress, suppress(Stopped):
        finished = progress.finished

        def counting(*, step: int | None = None, warm_start_step: int | None = None) -> None:
            finished(step=step, warm_start_step=warm_start_step)
            interruption.at("step", step, progress.stop)
            interruption.at("warm_start", warm_start_step, progress.stop)

        progress.finished = counting  # type: ignore[method-assign]
        await assembly.train(run, progress, connect=engine)


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), Interruption.of(sys.argv[2])))
