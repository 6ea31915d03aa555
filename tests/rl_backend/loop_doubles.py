"""A whole run without a model: a trainer that counts, a policy that knows half of the answers.

For tests of the loop's order: what runs beside what, what is kept, what a resumed run repeats.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_backend.buffer import DataBuffer, TaskSource
from rl_backend.checkpoints import LoopState, restore
from rl_backend.engines.base import Engine
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.handover import WrittenWeights
from rl_backend.judges.base import Judge
from rl_backend.judges.checks import ChecksJudge
from rl_backend.loop import TrainingLoop
from rl_backend.objective import Objective
from rl_backend.parts import Parts
from rl_backend.policies import AssistantTurn, Opening
from rl_backend.progress import Progress, stop_event
from rl_backend.rollout import RolloutRunner
from rl_backend.rundir import RunDir
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.trainers.base import TrainerInfo, UpdateMetrics
from rl_backend.types import Batch, PolicyVersion, RolloutTokens, SamplingParams
from world_builder.frozen import Json
from world_builder.state import WorldBase
from world_builder.tasks import Split
from world_builder.trajectory import Message

PROMPT, ANSWER, STOP = (1, 2, 3), (4, 5, 9), 9
SAMPLING = SamplingParams(temperature=1.0, max_new_tokens=8, stop_token_ids=(STOP,))
INFO = TrainerInfo(
    package="none", version="0", device="cpu", is_cpu_standin=False,
    data_parallel=1, tensor_parallel=1, pipeline_parallel=1, num_parameters=0,
)  # fmt: skip


@dataclass
class CountingTrainer:
    """Makes the next version of nothing; `during` runs inside each update, in its thread."""

    during: Callable[[], None] = lambda: None
    policy_version: PolicyVersion = PolicyVersion(0)  # noqa: RUF009 (an int)
    info: TrainerInfo = INFO
    row_tokens: list[int] = field(default_factory=list)

    def compute_logprobs(self, batch: Batch, *, temperature: float = 1.0) -> NDArray[np.float32]:
        return batch.engine_logprobs_B_T

    def set_reference(self, directory: Path) -> None:
        """No weights, no reference."""

    def compute_reference_logprobs(
        self, batch: Batch, *, temperature: float = 1.0
    ) -> NDArray[np.float32]:
        return batch.engine_logprobs_B_T

    def train_step(
        self,
        batch: Batch,
        objective: Objective,
        *,
        temperature: float = 1.0,
        learning_rate: float | None = None,
    ) -> UpdateMetrics:
        self.during()
        self.row_tokens.append(batch.num_tokens)
        self.policy_version = PolicyVersion(self.policy_version + 1)
        return UpdateMetrics(
            policy_version=self.policy_version, is_applied=True, learning_rate=1.0, loss=0.0,
            num_tokens=1, num_excluded_tokens=0, grad_norm=1.0, entropy=None, ratio_mean=None,
            clip_fraction_low=None, clip_fraction_high=None, kl=None, reference_kl=None,
            engine_kl=None, engine_capped_fraction=None, engine_masked_fraction=None,
        )  # fmt: skip

    def save_checkpoint(self, directory: Path, extra: dict[str, Json] | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "state.json").write_text(json.dumps([self.policy_version, extra]))

    def load_checkpoint(self, directory: Path) -> dict[str, Json]:
        version, extra = json.loads((directory / "state.json").read_text())
        self.policy_version = PolicyVersion(version)
        return dict(extra)

    def export_hf(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)

    def gather(self, directory: Path) -> WrittenWeights:
        return WrittenWeights(path=directory)

    def close(self) -> None:
        """Nothing to free."""


class HalfRight:
    """Samples a few tokens; answers as the reference does, or wrongly where the seed is odd."""

    def __init__(self, base: WorldBase, engine: Engine) -> None:
        self.name = "half-right"
        self.engine = engine
        self.answers = {
            task.id: task.reference_solution.response
            for task in base.world.tasks
            if task.reference_solution
        }

    @property
    def version(self) -> PolicyVersion:
        return self.engine.policy_version

    def actor(self, opening: Opening) -> HalfRightActor:
        return HalfRightActor(self, opening)


class HalfRightActor:
    def __init__(self, policy: HalfRight, opening: Opening) -> None:
        self._policy = policy
        self._opening = opening
        self.tokens: RolloutTokens | None = None

    async def act(self, results: Sequence[Message]) -> AssistantTurn:
        name = f"{self._opening.task_id}/{self._opening.seed:x}"
        completion = await self._policy.engine.generate(PROMPT, SAMPLING, name)
        self.tokens = RolloutTokens(
            prompt_ids=PROMPT,
            response_ids=completion.token_ids,
            loss_mask=(True,) * len(completion.token_ids),
            logprobs=completion.logprobs,
            policy_versions=completion.policy_versions,
        )
        is_right = self._opening.seed % 2 == 0
        return AssistantTurn(
            content=self._policy.answers[self._opening.task_id] if is_right else "No."
        )


async def work(
    run: RunDir,
    base: WorldBase,
    *,
    engine: Engine | None = None,
    trainer: CountingTrainer | None = None,
    judge: Judge | None = None,
    stop_after: int | None = None,
) -> CountingTrainer:
    """Works on a run from where it is; `stop_after` asks for a stop once that step is done."""
    config = run.config()
    engine = engine or ScriptedEngine(lambda _prompt: ANSWER)
    trainer = trainer or CountingTrainer()
    with Progress(run) as progress:
        finished = progress.finished

        def counting(*, step: int | None = None, warm_start_step: int | None = None) -> None:
            finished(step=step, warm_start_step=warm_start_step)
            if step is not None and step == stop_after:
                progress.stop()

        progress.finished = counting  # type: ignore[method-assign]
        ids = [task.id for task in base.world.tasks_in(Split.TRAIN)][: config.num_train_tasks]
        source = TaskSource(ids, seed=config.seed)
        buffer = DataBuffer(max_policy_lag=config.max_policy_lag)
        state: LoopState = restore(run, trainer, source, buffer)
        stopping = stop_event(progress)
        runner = RolloutRunner(base, InProcessRuntime(base), max_worlds=config.rollout.concurrency)
        policy = HalfRight(base, engine)
        parts = Parts(
            config=config, run=run, progress=progress, stopping=stopping, tasks=base.world.tasks,
            bundle="tutorial", runner=runner, judge=judge or ChecksJudge(), trainer=trainer,
            engine=engine, policy=policy, eval_policy=policy, source=source, buffer=buffer,
        )  # fmt: skip
        await asyncio.wait_for(TrainingLoop(parts, state).run(), 60)
    return trainer
