"""The scripted policies are the two ends of every scale, and what lies between them."""

import asyncio
import random
from collections.abc import Iterable

import pytest

from rl_backend.engines.random_calls import random_arguments, random_call, words_in
from rl_backend.engines.scripted import Scripted, careless, scripted_policy
from rl_backend.group import judged
from rl_backend.judges.checks import ChecksJudge
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.base import OfferedTool
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.seeding import derive_seed
from rl_backend.types import Rollout
from world_builder.frozen import Json
from world_builder.records import compile_schema, schema_errors
from world_builder.state import WorldBase
from world_builder.tasks import Task


def rollouts_of(base: WorldBase, kind: Scripted, tasks: Iterable[Task]) -> list[Rollout]:
    tasks = tuple(tasks)
    policy, runner = scripted_policy(kind, tasks), RolloutRunner(base, InProcessRuntime(base))

    async def one(task: Task) -> Rollout:
        seed = derive_seed(0, task.id)
        rollout = await runner.run(task, policy, rollout_id=task.id, seed=seed)
        return await judged(rollout, task, ChecksJudge(), runner)

    async def all_of_them() -> list[Rollout]:
        return list(await asyncio.gather(*(one(task) for task in tasks)))

    return asyncio.run(all_of_them())


def test_the_reference_earns_everything(tutorial: WorldBase) -> None:
    rollouts = rollouts_of(tutorial, Scripted.REFERENCE, tutorial.world.tasks)
    assert {r.task_id for r in rollouts if r.reward != 1.0} == set()
    assert all(r.judgement and r.judgement.is_pass for r in rollouts)


@pytest.mark.parametrize("kind", [Scripted.EMPTY, Scripted.RANDOM])
def test_saying_nothing_or_anything_passes_nothing(tutorial: WorldBase, kind: Scripted) -> None:
    rollouts = rollouts_of(tutorial, kind, tutorial.world.tasks)
    assert all(r.is_scored for r in rollouts)
    assert not any(r.judgement and r.judgement.is_pass for r in rollouts)


def test_careless_work_passes_sometimes(tutorial: WorldBase) -> None:
    rollouts = rollouts_of(tutorial, Scripted.CARELESS, tutorial.world.tasks)
    num_passed = sum(bool(r.judgement and r.judgement.is_pass) for r in rollouts)
    assert 0 < num_passed < len(rollouts)


@pytest.mark.parametrize("kind", list(Scripted))
def test_the_same_seed_gives_the_same_rollout(tutorial: WorldBase, kind: Scripted) -> None:
    tasks = tutorial.world.tasks[::17]
    first, again = rollouts_of(tutorial, kind, tasks), rollouts_of(tutorial, kind, tasks)
    assert [r.trajectory for r in first] == [r.trajectory for r in again]


def test_a_slip_only_ever_leaves_out(tutorial: WorldBase) -> None:
    for seed, task in enumerate(tutorial.world.tasks):
        solution = task.reference_solution
        assert solution is not None
        slipped = careless(solution, random.Random(seed))
        assert set(map(str, slipped.calls)) <= set(map(str, solution.calls))
        assert set(slipped.response.split()) <= set(solution.response.split())


def test_random_calls_are_right_and_wrong(tutorial: WorldBase) -> None:
    rng, tools = random.Random(0), tuple(map(OfferedTool.of, tutorial.world.tools))
    words = words_in([task.prompt for task in tutorial.world.tasks])
    calls = [random_call(rng, tools, words) for _ in range(500)]
    num_unknown = sum(call.tool not in {t.name for t in tools} for call in calls)
    assert {call.tool for call in calls} >= {tool.name for tool in tools}
    assert 0 < num_unknown < 50


def test_random_arguments_follow_any_schema() -> None:
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a", "b"]},
            "day": {"type": "string", "format": "date"},
            "at": {"type": "string", "format": "date-time"},
            "share": {"type": "number"},
            "is_new": {"type": "boolean"},
            "maybe": {"type": ["integer", "null"]},
            "lines": {"type": "array", "items": {"type": "integer"}},
            "inner": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
        },
        "required": ["kind", "day", "at", "share", "is_new", "maybe", "lines", "inner"],
    }
    tool = OfferedTool(name="t", description="", parameters=schema)
    validator, rng = compile_schema(schema), random.Random(1)
    for _ in range(50):
        assert schema_errors(validator, random_arguments(rng, tool, ["tea"])) == []
