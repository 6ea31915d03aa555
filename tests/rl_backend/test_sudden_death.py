"""A process that died between two writes: the resumed run makes up for the one that is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl_backend.buffer import DataBuffer, TaskSource
from rl_backend.checkpoints import LoopState, restore
from rl_backend.config import load_preset
from rl_backend.records import BundleLock, Phase
from rl_backend.rundir import RunDir
from tests.rl_backend.loop_doubles import CountingTrainer, work
from world_builder.state import WorldBase

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
NUM_STEPS = 3


class Died(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    settings = (f"num_steps={NUM_STEPS}", "warm_start.num_steps=0", "checkpoint_every_num_steps=1")
    return RunDir.create(tmp_path, load_preset("smoke", settings), BUNDLE, "run")


def steps_of(run: RunDir, phase: Phase) -> list[int]:
    return [record.step for record in run.tail_metrics().records if record.phase is phase]


async def test_the_figures_of_a_step_that_was_kept_but_not_told(
    tutorial: WorldBase, run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = RunDir.append_metrics

    def dying(run: RunDir, phase: Phase, step: int, values: dict[str, float]) -> None:
        if phase is Phase.TRAIN and step == 2:
            raise Died
        append(run, phase, step, values)

    with monkeypatch.context() as patched:
        patched.setattr(RunDir, "append_metrics", dying)
        with pytest.raises(Died):
            await work(run, tutorial)
    assert steps_of(run, Phase.TRAIN) == [1]
    await work(run, tutorial)
    assert steps_of(run, Phase.TRAIN) == [1, 2, 3]
    (told,) = (r for r in run.metrics() if r.phase is Phase.TRAIN and r.step == 2)
    assert {"loss", "reward_mean", "num_tokens", "rollout_s", "step_s"} <= told.values.keys()


async def test_an_evaluation_is_whole_or_made_again(
    tutorial: WorldBase, run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*_args: Any) -> None:
        raise Died

    for name in ("append_metrics", "write_eval"):
        with monkeypatch.context() as patched:
            patched.setattr(RunDir, name, dying)
            with pytest.raises(Died):
                await work(run, tutorial)
        assert run.eval_steps() == ()
    await work(run, tutorial)
    assert run.eval_steps() == (0, NUM_STEPS)
    assert set(steps_of(run, Phase.EVALUATION)) == {0, NUM_STEPS}


def test_without_a_checkpoint_nothing_of_later_steps_stays(run: RunDir) -> None:
    run.write_rollouts(3, [])
    (run.path / "eval" / "step-000005.json").touch()
    (run.path / "rollouts" / ".step-000001.jsonl.77.tmp").touch()
    source = TaskSource(["a"], seed=0)
    assert restore(run, CountingTrainer(), source, DataBuffer()) == LoopState()
    assert [*(run.path / "rollouts").iterdir(), *(run.path / "eval").iterdir()] == []
