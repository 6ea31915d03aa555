"""Several servers as one engine: groups stay together, failures move on, weights reach all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.engines import sglang_http
from rl_backend.engines.routed import RoutedEngine
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.errors import EngineError
from rl_backend.handover import WrittenWeights
from rl_backend.records import BundleLock, Phase
from rl_backend.rundir import RunDir
from rl_backend.types import PolicyVersion, SamplingParams
from tests.rl_backend.engines.double_sglang import OUTPUT, DoubleSGLang
from tests.rl_backend.loop_doubles import CountingTrainer, work
from world_builder.state import WorldBase

PROMPT = [1, 2, 3]
PARAMS = SamplingParams(temperature=1.0, max_new_tokens=8)
WEIGHTS = WrittenWeights(path=Path("/weights"))
HAND_OVER = {
    "/model_info", "/pause_generation", "/update_weights_from_disk", "/continue_generation",
}  # fmt: skip


@dataclass
class Farm:
    """Three servers, the engine over them, and what it reported."""

    servers: list[DoubleSGLang]
    engine: RoutedEngine
    problems: list[str] = field(default_factory=list)

    def groups(self) -> list[set[str]]:
        """The groups that each server was asked for."""
        return [{rid.partition("/")[0] for rid in each.generated} for each in self.servers]

    async def play(self, *groups: str, num: int = 4) -> None:
        """So many requests of each group, side by side."""
        names = [f"{group}/{index}" for group in groups for index in range(num)]
        made = await asyncio.gather(*(self.engine.generate(PROMPT, PARAMS, n) for n in names))
        assert {completion.token_ids for completion in made} == {OUTPUT}


@pytest.fixture
async def farm() -> AsyncIterator[Farm]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(DoubleSGLang()) for _ in range(3)]
        engines = {s.url: SGLangEngine(s.url, policy_version=PolicyVersion(0)) for s in servers}
        problems: list[str] = []
        engine = RoutedEngine(engines, on_problem=problems.append)
        stack.push_async_callback(engine.close)
        yield Farm(servers, engine, problems)


async def test_a_group_keeps_to_one_server_and_groups_are_spread(farm: Farm) -> None:
    await farm.play(*"abcdef")
    await farm.play(*"abcdef")
    assert [len(groups) for groups in farm.groups()] == [2, 2, 2]
    assert set.union(*farm.groups()) == set("abcdef")
    assert [len(each.generated) for each in farm.servers] == [16, 16, 16]


async def test_new_weights_reach_every_server(farm: Farm) -> None:
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(3))
    assert [each.version for each in farm.servers] == [3, 3, 3]
    assert farm.engine.policy_version == 3
    assert farm.problems == []


async def test_sampling_is_held_and_goes_on_everywhere(farm: Farm) -> None:
    await farm.engine.pause()
    await farm.engine.resume()
    held = ["/pause_generation", "/continue_generation"]
    assert [each.asked for each in farm.servers] == [held] * 3


async def test_requests_of_a_dead_server_go_to_another(farm: Farm) -> None:
    await farm.play(*"abc")
    dead = next(each for each in farm.servers if "a/0" in each.generated)
    await dead.stop()
    await farm.play(*"abc")
    others = [each for each in farm.servers if each is not dead]
    assert sum("a/0" in each.generated for each in others) == 1
    assert len(farm.problems) == 1
    assert farm.problems[0].startswith(f"{dead.url} is set aside until it has new weights")


async def test_a_server_that_missed_weights_is_out_until_it_has_them(farm: Farm) -> None:
    late = farm.servers[1]
    late.failing["/update_weights_from_disk"] = 400
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(1))
    await farm.play(*"abcdef")
    assert late.generated == []
    late.failing.clear()
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(2))
    await farm.play(*"ghi")
    assert len(late.generated) == 4
    assert len(farm.problems) == 2
    assert farm.problems[1] == f"{late.url} has version 2 and is in use again"


@pytest.mark.parametrize("is_paused", [True, False])
async def test_a_server_that_says_nothing_holds_no_hand_over_up(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, is_paused: bool
) -> None:
    gone = farm.servers[1]
    gone.failing["/update_weights_from_disk"] = 400
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(1))
    gone.failing.clear()
    gone.hanging |= HAND_OVER
    monkeypatch.setattr(sglang_http, "PROBE_TIMEOUT_S", 0.05)
    for each in farm.servers:
        each.asked.clear()
    if is_paused:
        await farm.engine.pause()
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(2))
    if is_paused:
        await farm.engine.resume()
    assert set(gone.asked) <= {"/model_info"}
    assert [each.version for each in farm.servers] == [2, 0, 2]
    gone.hanging.clear()
    monkeypatch.undo()
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(3))
    assert [each.version for each in farm.servers] == [3, 3, 3]
    assert farm.problems[-1] == f"{gone.url} has version 3 and is in use again"


async def test_a_server_that_failed_while_held_goes_on_with_the_others(farm: Farm) -> None:
    broken = farm.servers[1]
    await farm.engine.pause()
    broken.failing["/update_weights_from_disk"] = 400
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(1))
    await farm.engine.resume()
    assert broken.asked[-1] == "/continue_generation"


async def test_a_restarted_server_samples_nothing_from_its_old_weights(farm: Farm) -> None:
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(1))
    restarted = farm.servers[0]
    await restarted.stop()
    await restarted.start()
    await farm.play(*"abc")
    made = [await farm.engine.generate(PROMPT, PARAMS, f"{group}/9") for group in "abc"]
    assert {version for completion in made for version in completion.policy_versions} == {1}
    assert "serves version 0" in farm.problems[0]
    await farm.engine.update_weights(WEIGHTS, PolicyVersion(2))
    assert restarted.version == 2
    assert farm.problems[1].endswith("is in use again")


async def test_a_request_that_is_wrong_is_not_the_servers_fault(farm: Farm) -> None:
    for each in farm.servers:
        each.failing["/generate"] = 400
    with pytest.raises(EngineError, match="status 400"):
        await farm.engine.generate(PROMPT, PARAMS, "a/0")
    assert farm.problems == []
    assert sum(len(each.generated) for each in farm.servers) == 1


async def test_without_any_server_the_engine_fails(farm: Farm) -> None:
    for each in farm.servers:
        each.failing["/update_weights_from_disk"] = 500
    with pytest.raises(EngineError, match="None of the 3 SGLang servers"):
        await farm.engine.update_weights(WEIGHTS, PolicyVersion(1))
    with pytest.raises(EngineError, match="None of the 3 SGLang servers"):
        await farm.engine.generate(PROMPT, PARAMS, "a/0")
    assert len(farm.problems) == 3


async def test_a_run_goes_on_without_a_server_that_takes_no_weights(
    farm: Farm, tutorial: WorldBase, tmp_path: Path
) -> None:
    lock = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
    settings = ("num_steps=3", "warm_start.num_steps=0", "max_policy_lag=1")
    run = RunDir.create(tmp_path, load_preset("smoke", settings), lock, "run")
    broken, num_asked = farm.servers[0], list[int]()

    def during() -> None:
        broken.failing["/update_weights_from_disk"] = 400
        num_asked.append(len(broken.generated))

    trainer = await work(run, tutorial, engine=farm.engine, trainer=CountingTrainer(during))
    assert trainer.policy_version == 3
    assert [r.step for r in run.metrics() if r.phase is Phase.TRAIN] == [1, 2, 3]
    assert all(r.reward is not None for step in (1, 2, 3) for r in run.rollouts(step))
    assert num_asked[0] > 0
    assert len(broken.generated) == num_asked[1] == num_asked[2]
    assert farm.problems[0].startswith(f"{broken.url} is set aside")
    assert [each.version for each in farm.servers] == [0, 3, 3]


def test_no_server_is_no_engine() -> None:
    with pytest.raises(ValueError, match="at least one server"):
        RoutedEngine({})
