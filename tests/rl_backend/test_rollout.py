"""A rollout is a record whatever happens: of the whole path, or of the boundary that failed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from pydantic import TypeAdapter

from rl_backend.engines.scripted import Scripted, ScriptedPolicy, script_of, scripted_policy
from rl_backend.errors import EngineError, WorldRuntimeError
from rl_backend.policies import AssistantTurn, Opening
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.base import FinalState, OfferedTool
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.tool_calls import MalformedCall
from rl_backend.types import Boundary, PolicyVersion, Rollout
from world_builder.operations import Compute, Let
from world_builder.replay import replay
from world_builder.state import WorldBase
from world_builder.tasks import Start, Task
from world_builder.tools import Tool, ToolCall, ToolResult
from world_builder.trajectory import Message, StopReason

BROKEN = EngineError("The engine is gone.", hint="Start it again.")


def play(base: WorldBase, policy: ScriptedPolicy, task: Task, **options: int) -> Rollout:
    runner = RolloutRunner(base, InProcessRuntime(base), **options)
    return asyncio.run(runner.run(task, policy, rollout_id="r", seed=1))


def speaking(*turns: AssistantTurn) -> ScriptedPolicy:
    return ScriptedPolicy("scripted:test", lambda opening: turns)


def test_the_reference_policy_does_what_a_replay_does(tutorial: WorldBase) -> None:
    policy = scripted_policy(Scripted.REFERENCE, tutorial.world.tasks)
    for task in tutorial.world.tasks[::7]:
        rollout = play(tutorial, policy, task)
        assert task.reference_solution is not None
        assert rollout.trajectory == replay(tutorial, task, task.reference_solution)
        assert rollout.boundary is None


def test_calls_of_one_turn_are_answered_in_order(tutorial: WorldBase) -> None:
    task = next(
        t for t in tutorial.world.tasks if t.reference_solution and t.reference_solution.calls
    )
    assert task.reference_solution is not None
    good = task.reference_solution.calls[0]
    requests = (
        good,
        MalformedCall(text="oops", problem="it is no JSON", example=""),
        ToolCall(tool="nothing"),
    )
    rollout = play(
        tutorial,
        speaking(AssistantTurn(content="Hm.", requests=requests), AssistantTurn(content="x")),
        task,
    )
    records, answers = rollout.trajectory.calls, rollout.trajectory.messages[3:6]
    assert [r.is_error for r in records] == [False, True, True]
    assert [r.value.get("error") for r in records] == [None, "malformed_call", "unknown_tool"]
    assert [m.is_error for m in answers] == [False, True, True]
    assert rollout.trajectory.messages[2].content == "Hm.\noops"
    assert rollout.trajectory.response == "x"


def test_the_last_turn_still_acts_and_then_it_is_over(tutorial: WorldBase) -> None:
    task = tutorial.world.tasks[0].model_copy(update={"max_turns": 2})
    turns = [AssistantTurn(content="", requests=(ToolCall(tool="nothing"),))] * 3
    trajectory = play(tutorial, speaking(*turns), task).trajectory
    assert trajectory.stop_reason is StopReason.MAX_TURNS
    assert len(trajectory.calls) == 2
    assert trajectory.response == ""


def test_a_turn_that_was_cut_neither_acts_nor_responds(tutorial: WorldBase) -> None:
    turn = AssistantTurn(
        content="Half", requests=(ToolCall(tool="nothing"),), stop=StopReason.MAX_TOKENS
    )
    trajectory = play(tutorial, speaking(turn), tutorial.world.tasks[0]).trajectory
    assert trajectory.stop_reason is StopReason.MAX_TOKENS
    assert (trajectory.calls, trajectory.response) == ((), "")


def failing(opening: Opening) -> tuple[AssistantTurn, ...]:
    raise BROKEN


@dataclass
class BrittleWorld:
    """A world that fails at one point."""

    at: str
    tools: tuple[OfferedTool, ...] = ()
    is_closed: bool = False

    async def call(self, call: ToolCall) -> ToolResult:
        raise WorldRuntimeError("The server is gone.", hint="Look at its log.")

    async def finish(self) -> FinalState:
        raise WorldRuntimeError("The server is gone.", hint="Look at its log.")

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class BrittleRuntime:
    at: str
    worlds: list[BrittleWorld] = field(default_factory=list)

    async def start(self, start: Start) -> BrittleWorld:
        if self.at == "start":
            raise WorldRuntimeError("The server is gone.", hint="Look at its log.")
        self.worlds.append(BrittleWorld(self.at))
        return self.worlds[-1]

    async def close(self) -> None: ...


@pytest.mark.parametrize("at", ["start", "call", "finish"])
def test_a_runtime_that_fails_is_a_record(tutorial: WorldBase, at: str) -> None:
    runtime = BrittleRuntime(at)
    task = tutorial.world.tasks[0]
    turns = (AssistantTurn(content="", requests=(ToolCall(tool="x"),)),) if at == "call" else ()
    policy = speaking(*turns, AssistantTurn(content="done"))
    runner = RolloutRunner(tutorial, runtime)
    rollout = asyncio.run(runner.run(task, policy, rollout_id="r", seed=1))
    assert rollout.boundary is Boundary.RUNTIME
    assert "The server is gone." in rollout.excluded_reason
    assert rollout.trajectory.messages[:2] == replay_opening(tutorial, task)
    assert all(world.is_closed for world in runtime.worlds)


def replay_opening(base: WorldBase, task: Task) -> tuple[Message, ...]:
    assert task.reference_solution is not None
    return replay(base, task, task.reference_solution).messages[:2]


def test_an_engine_that_fails_is_a_record(tutorial: WorldBase) -> None:
    rollout = play(tutorial, ScriptedPolicy("x", failing), tutorial.world.tasks[0])
    assert rollout.boundary is Boundary.POLICY
    assert not rollout.is_judgeable
    assert rollout.excluded_reason == "policy: The engine is gone. Start it again."
    assert rollout.trajectory.state_hash


def test_a_broken_tool_counts_nowhere(tutorial: WorldBase) -> None:
    world = tutorial.world
    broken = Tool(
        name="broken",
        title="Broken",
        description="Breaks.",
        operation=Compute(result=(Let(name="x", value="1 / 0"),)),
    )
    base = WorldBase(world.model_copy(update={"tools": (*world.tools, broken)}))
    turn = AssistantTurn(content="", requests=(ToolCall(tool="broken"),))
    rollout = play(base, speaking(turn, AssistantTurn(content="x")), world.tasks[0])
    assert rollout.boundary is Boundary.TOOL
    assert "Mend the tool's declaration." in rollout.trajectory.stop_detail


class Waiting:
    """A policy whose every turn waits to be let go."""

    name, version, tokens = "waiting", PolicyVersion(3), None

    def __init__(self) -> None:
        self.num_waiting = self.most_waiting = 0
        self.go = asyncio.Event()
        self.is_full = asyncio.Event()

    def actor(self, opening: Opening) -> "Waiting":
        return self

    async def act(self, results: Sequence[Message]) -> AssistantTurn:
        self.num_waiting += 1
        self.most_waiting = max(self.most_waiting, self.num_waiting)
        self.is_full.set()
        try:
            await self.go.wait()
        finally:
            self.num_waiting -= 1
        return AssistantTurn(content="done")


@pytest.mark.parametrize("bound", ["max_worlds", "max_policy_calls"])
async def test_rollouts_in_flight_are_bounded(tutorial: WorldBase, bound: str) -> None:
    runner, policy = RolloutRunner(tutorial, InProcessRuntime(tutorial), **{bound: 3}), Waiting()
    task = tutorial.world.tasks[0]
    runs = [
        asyncio.create_task(runner.run(task, policy, rollout_id=str(i), seed=i)) for i in range(9)
    ]
    await asyncio.wait_for(policy.is_full.wait(), 30)
    policy.go.set()
    rollouts = await asyncio.wait_for(asyncio.gather(*runs), 30)
    assert policy.most_waiting == 3
    assert {r.policy_version for r in rollouts} == {3}


async def test_a_cancelled_run_ends_its_rollouts_as_records(tutorial: WorldBase) -> None:
    runner, policy = RolloutRunner(tutorial, InProcessRuntime(tutorial), max_worlds=2), Waiting()
    task = tutorial.world.tasks[0]
    runs = [
        asyncio.create_task(runner.run(task, policy, rollout_id=str(i), seed=i)) for i in range(4)
    ]
    await asyncio.wait_for(policy.is_full.wait(), 30)
    runner.cancel()
    rollouts = await asyncio.wait_for(asyncio.gather(*runs), 30)
    assert [r.trajectory.stop_reason for r in rollouts] == [StopReason.CANCELLED] * 4
    assert policy.num_waiting == 0


@dataclass
class HungWorld(BrittleWorld):
    """A world that never says what became of it."""

    is_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def finish(self) -> FinalState:
        self.is_asked.set()
        await asyncio.Event().wait()
        raise AssertionError


@dataclass
class HungRuntime:
    world: HungWorld

    async def start(self, start: Start) -> HungWorld:
        return self.world

    async def close(self) -> None: ...


@pytest.mark.parametrize("is_acting", [True, False])
async def test_a_given_up_rollout_waits_for_no_final_state(
    tutorial: WorldBase, is_acting: bool
) -> None:
    world, given_up, waiting = HungWorld("finish"), asyncio.Event(), Waiting()
    policy = waiting if is_acting else speaking(AssistantTurn(content="done"))
    runner = RolloutRunner(tutorial, HungRuntime(world))
    run = runner.run(tutorial.world.tasks[0], policy, rollout_id="r", seed=1, given_up=given_up)
    working = asyncio.create_task(run)
    await asyncio.wait_for((waiting.is_full if is_acting else world.is_asked).wait(), 30)
    given_up.set()
    rollout = await asyncio.wait_for(working, 30)
    assert rollout.excluded_reason == "cancelled: its group went on without it"
    assert world.is_asked.is_set() != is_acting
    assert (rollout.trajectory.state_hash, world.is_closed) == ("", True)


def test_a_rollout_survives_json(tutorial: WorldBase) -> None:
    task = tutorial.world.tasks[0]
    rollout = play(tutorial, scripted_policy(Scripted.REFERENCE, [task]), task)
    form: TypeAdapter[Rollout] = TypeAdapter(Rollout)
    assert form.validate_json(form.dump_json(rollout)) == rollout


def test_a_script_that_ends_early_is_the_policys_failure(tutorial: WorldBase) -> None:
    task = tutorial.world.tasks[0]
    assert task.reference_solution is not None
    script = script_of(task.reference_solution)[:-1]
    rollout = play(tutorial, speaking(*script), task)
    assert rollout.boundary is Boundary.POLICY
    assert "at its end" in rollout.excluded_reason
