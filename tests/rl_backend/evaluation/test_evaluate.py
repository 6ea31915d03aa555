"""Scripted policies on the tutorial: the reference passes everything, silence nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.engines.scripted import Script, ScriptedPolicy
from rl_backend.errors import EngineError
from rl_backend.evaluation.bundles import RuntimeKind
from rl_backend.evaluation.command import EngineChoiceError, evaluate_bundle, one_rollout
from rl_backend.evaluation.evaluate import SplitChoice, evaluate
from rl_backend.judges.checks import ChecksJudge
from rl_backend.policies import AssistantTurn, Opening
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from world_builder.errors import UnknownName
from world_builder.state import WorldBase
from world_builder.tasks import Split


@pytest.fixture(scope="module")
def bundle(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.open(write_bundle(tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundle")))


@pytest.mark.parametrize("runtime", [RuntimeKind.IN_PROCESS, RuntimeKind.SERVER])
async def test_the_reference_passes_every_task(bundle: Bundle, runtime: RuntimeKind) -> None:
    evaluation = await evaluate_bundle(
        bundle, "scripted:reference", split=SplitChoice.ALL, runtime=runtime
    )
    report = evaluation.report
    assert (report.pass_rate, report.mean_reward, report.num_unscored) == (1.0, 1.0, 0)
    assert report.tasks == len(bundle.world.tasks)
    assert bundle.digest in report.bundle


async def test_silence_passes_nothing(bundle: Bundle) -> None:
    report = (await evaluate_bundle(bundle, "scripted:empty", split=SplitChoice.ALL)).report
    assert report.pass_rate == 0.0
    assert report.num_unscored == 0


async def test_a_split_holds_its_tasks_and_seeds_repeat(bundle: Bundle) -> None:
    first, again = [
        await evaluate_bundle(
            bundle, "scripted:careless", split=SplitChoice.HELD_OUT, rollouts_per_task=3, seed=5
        )
        for _ in range(2)
    ]
    assert first.report.tasks == len(bundle.world.tasks_in(Split.HELD_OUT))
    assert first.records == again.records
    assert first.report.pass_rate is not None
    assert 0 < first.report.pass_rate < 1
    assert [rate.k for rate in first.report.k_rates] == [1, 2, 3]


async def test_one_rollout_is_judged(bundle: Bundle) -> None:
    task = bundle.world.tasks[0]
    record, found = await one_rollout(bundle, task.id, "scripted:reference")
    assert (record.is_pass, found) == (True, task)
    with pytest.raises(UnknownName, match="no task 'absent'"):
        await one_rollout(bundle, "absent", "scripted:reference")


@pytest.mark.parametrize("engine", ["scripted:clever", "model:", "gpt", "sglang:http://x"])
async def test_an_engine_that_does_not_exist_is_told(bundle: Bundle, engine: str) -> None:
    with pytest.raises(EngineChoiceError, match=r"scripted:reference|--model DIR"):
        await evaluate_bundle(bundle, engine)


async def test_a_model_directory_without_a_model_is_told(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(EngineChoiceError, match="holds no model"):
        await evaluate_bundle(bundle, f"model:{tmp_path}")


async def test_a_rollout_that_was_lost_is_made_again_with_its_seed(tutorial: WorldBase) -> None:
    seeds: list[int] = []

    def fails_first(opening: Opening) -> Script:
        seeds.append(opening.seed)
        if seeds.count(opening.seed) == 1:
            raise EngineError("Gone.", hint="Restart.")
        return (AssistantTurn(content="Hello."),)

    runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
    tasks = tutorial.world.tasks[:3]
    found = await evaluate(
        ScriptedPolicy("fails-first", fails_first), tasks, runner=runner, judge=ChecksJudge(),
        bundle="tutorial", split=SplitChoice.ALL, rollouts_per_task=2, max_replacements=1,
    )  # fmt: skip
    assert (len(found.records), found.report.num_unscored) == (6, 0)
    assert len({record.rollout_id for record in found.records}) == 6
    assert {seeds.count(record.seed) for record in found.records} == {2}
