"""Runs the loop with the real trainer and an engine that a rule stands for.

A program, since Megatron wants a process of its own: `python -m tests.rl_backend.loop_cases RUN
STEPS` works on a run and stops after so many of its steps.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path


async def work(path: Path, num_steps: int) -> None:
    from rl_backend import assembly
    from rl_backend.engines.base import Engine
    from rl_backend.evaluation.bundles import open_locked
    from rl_backend.progress import Progress
    from rl_backend.renderer import Renderer
    from rl_backend.rundir import RunDir
    from rl_backend.types import Completion, FinishReason, PolicyVersion, SamplingParams

    run = RunDir.open(path)

    class AnsweringEngine:
        """Gives the right answer, without looking anything up, to every other seed."""

        policy_version = PolicyVersion(0)

        def __init__(self) -> None:
            self.renderer = Renderer.load(run.model_dir)
            tasks = open_locked(run.bundle()).world.tasks
            self.answers = {
                task.prompt: task.reference_solution.response
                for task in tasks
                if task.reference_solution
            }

        async def generate(
            self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
        ) -> Completion:
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

        async def update_weights(self, model_path: Path, version: PolicyVersion) -> None:
            self.policy_version = version

        async def pause(self) -> None:
            """Nothing is in flight."""

        async def resume(self) -> None:
            """Nothing was paused."""

        async def close(self) -> None:
            """Nothing to free."""

    async def engine(_url: str, _config: object) -> Engine:
        return AnsweringEngine()

    with Progress(run) as progress:
        finished = progress.finished

        def counting(*, step: int | None = None, warm_start_step: int | None = None) -> None:
            finished(step=step, warm_start_step=warm_start_step)
            if step == num_steps:
                progress.stop()

        progress.finished = counting  # type: ignore[method-assign]
        await assembly.train(run, progress, connect=engine)


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2])))
