"""Rollouts of the next step beside the update: never too old, nothing lost, nothing twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.engines.base import Weights
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.errors import EngineError
from rl_backend.records import BundleLock, Phase
from rl_backend.rundir import RunDir
from rl_backend.types import Completion, PolicyVersion, SamplingParams
from tests.rl_backend.loop_doubles import ANSWER, CountingTrainer, work
from world_builder.state import WorldBase
from world_builder.tasks import Split

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
NUM_STEPS, NUM_ROLLOUTS, WAIT_S = 5, 8, 30.0


def make_run(root: Path, *settings: str, run_id: str = "run") -> RunDir:
    chosen = (f"num_steps={NUM_STEPS}", "warm_start.num_steps=0", *settings)
    return RunDir.create(root, load_preset("smoke", chosen), BUNDLE, run_id)


class WatchedEngine(ScriptedEngine):
    """Says when it is asked, and in which order it was held, given weights and let go."""

    def __init__(self) -> None:
        super().__init__(lambda _prompt: ANSWER)
        self._asking = threading.Condition()
        self.num_asked = 0
        self.control: list[str] = []

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        with self._asking:
            self.num_asked += 1
            self._asking.notify_all()
        return await super().generate(prompt_ids, params, request_id)

    def wait_for(self, num: int) -> bool:
        """True once it was asked so often; for the thread of an update."""
        with self._asking:
            return self._asking.wait_for(lambda: self.num_asked >= num, WAIT_S)

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        self.control.append(f"version {version}")
        await super().update_weights(weights, version)

    async def pause(self) -> None:
        self.control.append("pause")
        await super().pause()

    async def resume(self) -> None:
        self.control.append("resume")
        await super().resume()


def versions(run: RunDir) -> list[set[int]]:
    """Of the rollouts of each step."""
    return [{r.policy_version for r in run.rollouts(step)} for step in run.rollout_steps()]


def lags(run: RunDir) -> list[float]:
    return [r.values["policy_lag"] for r in run.metrics() if r.phase is Phase.TRAIN]


def tasks(run: RunDir) -> list[list[str]]:
    """In the order of the steps' records."""
    return [[r.rollout_id for r in run.rollouts(step)] for step in run.rollout_steps()]


async def test_without_lag_no_rollout_runs_beside_an_update(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    run, engine = make_run(tmp_path), WatchedEngine()
    before: list[int] = []
    trainer = CountingTrainer(during=lambda: before.append(engine.num_asked))
    await work(run, tutorial, engine=engine, trainer=trainer)
    assert versions(run) == [{0}, {1}, {2}, {3}, {4}]
    assert lags(run) == [0] * NUM_STEPS
    num_rollouts = [len(run.rollouts(step)) for step in run.rollout_steps()]
    assert [b - a for a, b in pairwise(before)] == num_rollouts[1:]
    assert engine.control == [f"version {n}" for n in range(6)]


@pytest.mark.parametrize(("lag", "expected"), [(1, [0, 1, 1, 1, 1]), (3, [0, 1, 2, 3, 3])])
async def test_the_next_rollouts_run_while_a_step_trains(
    tutorial: WorldBase, tmp_path: Path, lag: int, expected: list[int]
) -> None:
    run, engine = make_run(tmp_path, f"max_policy_lag={lag}"), WatchedEngine()
    num_held_out = len(tutorial.world.tasks_in(Split.HELD_OUT))
    seen: list[bool] = []

    def wait_for_the_next_steps() -> None:
        num_steps_made = min(len(seen) + 1 + lag, NUM_STEPS)
        seen.append(engine.wait_for(num_held_out + num_steps_made * NUM_ROLLOUTS))

    await work(run, tutorial, engine=engine, trainer=CountingTrainer(wait_for_the_next_steps))
    assert seen == [True] * NUM_STEPS
    assert lags(run) == expected
    assert engine.control[:4] == ["pause", "version 0", "resume", "pause"]
    stale = [r.values["num_stale_dropped"] for r in run.metrics() if r.phase is Phase.TRAIN]
    assert stale == [0] * NUM_STEPS


@pytest.mark.parametrize(("lag", "num_minibatches"), [(1, 2), (2, 2), (3, 1), (5, 2)])
async def test_no_trained_token_is_older_than_the_lag(
    tutorial: WorldBase, tmp_path: Path, lag: int, num_minibatches: int
) -> None:
    settings = (f"max_policy_lag={lag}", f"trainer.num_minibatches={num_minibatches}")
    run = make_run(tmp_path, *settings)
    await work(run, tutorial)
    records = [r.values for r in run.metrics() if r.phase is Phase.TRAIN]
    assert (
        max(values["policy_lag"] for values in records) <= lag // num_minibatches * num_minibatches
    )
    assert [values["num_stale_dropped"] for values in records] == [0] * NUM_STEPS


@pytest.mark.parametrize("lag", [0, 1, 3])
async def test_a_stopped_run_repeats_the_tasks_of_an_uninterrupted_one(
    tutorial: WorldBase, tmp_path: Path, lag: int
) -> None:
    straight = make_run(tmp_path, f"max_policy_lag={lag}", run_id="straight")
    await work(straight, tutorial)
    run = make_run(tmp_path, f"max_policy_lag={lag}", run_id="stopped")
    await work(run, tutorial, stop_after=2)
    assert run.checkpoint_steps()[-1] == 2
    await work(run, tutorial)
    assert tasks(run) == tasks(straight)
    assert [r.step for r in run.metrics() if r.phase is Phase.TRAIN] == [1, 2, 3, 4, 5]


async def test_a_crash_beside_an_update_loses_no_task_and_doubles_none(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    straight = make_run(tmp_path, "max_policy_lag=2", run_id="straight")
    await work(straight, tutorial)
    settings = ("max_policy_lag=2", "checkpoint_every_num_steps=2")
    run = make_run(tmp_path, *settings, run_id="crashed")

    class Dying(WatchedEngine):
        async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
            if version == 3:
                raise EngineError("Gone.", hint="Restart it.")
            await super().update_weights(weights, version)

    with pytest.raises(EngineError):
        await work(run, tutorial, engine=Dying())
    assert run.checkpoint_steps() == (2,)
    position = json.loads((run.checkpoint_dir(2) / "state.json").read_text())[1]["position"]
    assert position == 2 * run.config().rollout.tasks_per_step
    await work(run, tutorial)
    assert tasks(run) == tasks(straight)
