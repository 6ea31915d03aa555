"""Weights that are sent in parts: what a server is told, and what follows when it refuses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import torch

from rl_backend.config import load_preset
from rl_backend.engines import sglang_weights, shared_weights
from rl_backend.engines.routed import RoutedEngine
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_weights import TensorSender, sender
from rl_backend.errors import EngineError, EngineUnavailable
from rl_backend.handover import GatheredWeights
from rl_backend.records import BundleLock, Phase
from rl_backend.rundir import RunDir
from rl_backend.types import PolicyVersion, SamplingParams
from tests.rl_backend.engines.double_sglang import DoubleSGLang
from tests.rl_backend.loop_doubles import CountingTrainer, work
from world_builder.state import WorldBase

PARAMS = SamplingParams(temperature=1.0, max_new_tokens=8)
SEND, LOAD = "/update_weights_from_tensor", "/update_weights_from_disk"
ALL_SENT = [
    "/pause_generation", "/server_info", "/begin_weight_update", SEND, SEND, SEND,
    "/end_weight_update", "/continue_generation",
]  # fmt: skip


@dataclass
class Farm:
    """Two servers that are sent weights of two values to a bucket."""

    servers: list[DoubleSGLang]
    engines: list[SGLangEngine]
    problems: list[str] = field(default_factory=list)

    def routed(self) -> RoutedEngine:
        pairs = zip(self.servers, self.engines, strict=True)
        engines = {server.url: engine for server, engine in pairs}
        return RoutedEngine(engines, on_problem=self.problems.append)


@pytest.fixture
async def farm() -> AsyncIterator[Farm]:
    async with AsyncExitStack() as stack:
        found = Farm([await stack.enter_async_context(DoubleSGLang()) for _ in range(2)], [])
        for server in found.servers:
            engine = SGLangEngine(
                server.url,
                policy_version=PolicyVersion(0),
                sender=TensorSender(8),
                on_problem=found.problems.append,
            )
            found.engines.append(await stack.enter_async_context(engine))
        yield found
    assert not list(shared_weights.FOLDER.glob(f"torch_{os.getpid()}_*"))


def gathered(folder: Path, value: float) -> GatheredWeights:
    """Three tensors of two values each."""
    like = folder / "like"
    like.mkdir(exist_ok=True)
    state = {name: torch.full((2,), value) for name in ("a", "b", "c")}
    return GatheredWeights(state=state, path=folder / "policy", like=like)


async def test_parts_go_between_begin_and_end_while_sampling_is_held(
    farm: Farm, tmp_path: Path
) -> None:
    [server, _], [engine, _] = farm.servers, farm.engines
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    assert server.asked == ALL_SENT
    assert server.versions_told == [None, None, 4]
    assert {name: tensor.tolist() for name, tensor in server.tensors.items()} == {
        name: [0.5, 0.5] for name in ("a", "b", "c")
    }
    assert not (tmp_path / "policy").exists()
    await engine.pause()
    server.asked.clear()
    await engine.update_weights(gathered(tmp_path, 0.7), PolicyVersion(5))
    assert server.asked == ALL_SENT[1:-1]


@pytest.mark.parametrize("num_taken", [0, 1, 2])
@pytest.mark.parametrize("status", [400, 500])
async def test_a_refused_part_is_followed_by_files_and_told(
    farm: Farm, tmp_path: Path, num_taken: int, status: int
) -> None:
    [server, _], [engine, _] = farm.servers, farm.engines
    server.failing[SEND], server.spared[SEND] = status, num_taken
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    assert server.asked[3:] == [
        *[SEND] * (num_taken + 1), "/end_weight_update", LOAD, "/continue_generation",
    ]  # fmt: skip
    assert (server.version, engine.policy_version) == (4, 4)
    assert (tmp_path / "policy" / "model.safetensors").is_file()
    [problem] = farm.problems
    assert problem.startswith(f"{server.url} took version 4 from disk, since it could not be sent")
    await engine.generate([1], PARAMS, "a/0")


async def test_when_files_fail_too_nothing_is_sampled_until_weights_come(
    farm: Farm, tmp_path: Path
) -> None:
    [server, _], [engine, _] = farm.servers, farm.engines
    server.failing |= {SEND: 400, LOAD: 400}
    with pytest.raises(EngineError, match=LOAD):
        await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    assert server.asked[-2:] == ["/abort_request", "/continue_generation"]
    with pytest.raises(EngineUnavailable, match="weights of two versions"):
        await engine.generate([1], PARAMS, "a/0")
    assert server.generated == []
    server.failing.clear()
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(5))
    await engine.generate([1], PARAMS, "a/0")


async def test_every_server_is_sent_weights_and_one_that_takes_none_is_set_aside(
    farm: Farm, tmp_path: Path
) -> None:
    engine, [good, bad] = farm.routed(), farm.servers
    bad.failing |= {SEND: 400, LOAD: 400}
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    for group in "abc":
        await engine.generate([1], PARAMS, f"{group}/0")
    assert len(good.generated) == 3
    assert bad.generated == []
    assert farm.problems[0].startswith(f"{bad.url} is set aside until it has new weights")
    bad.failing.clear()
    await engine.update_weights(gathered(tmp_path, 0.25), PolicyVersion(5))
    assert [each.version for each in farm.servers] == [5, 5]
    assert [each.tensors["c"].tolist() for each in farm.servers] == [[0.25, 0.25]] * 2


@pytest.mark.parametrize("way", ["disk", "tensor"])
async def test_requests_that_are_held_in_place_keep_a_cache_that_later_ones_do_not_find(
    tmp_path: Path, way: Literal["disk", "tensor"]
) -> None:
    async with (
        DoubleSGLang() as server,
        SGLangEngine(
            server.url,
            policy_version=PolicyVersion(0),
            sender=sender(way, 8),
            pause_mode="in_place",
        ) as engine,
    ):
        await engine.generate([1], PARAMS, "a/0")
        await engine.pause()
        modes = [server.pause_mode]
        await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
        await engine.resume()
        assert [*modes, server.pause_mode] == ["in_place", None]
        assert server.version == 4
        names = [f"b/{index}" for index in range(3)]
        await asyncio.gather(*(engine.generate([1] * 64, PARAMS, name) for name in names))
        assert len(server.generated) == 5  # one of them for the cache alone
        assert server.cache_parts == ["0", "4", "4", "4", "4"]


async def test_retracted_requests_leave_one_cache_for_all(farm: Farm, tmp_path: Path) -> None:
    [server, _], [engine, _] = farm.servers, farm.engines
    await engine.pause()
    assert server.pause_mode == "retract"
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    await engine.resume()
    await engine.generate([1], PARAMS, "a/0")
    assert server.cache_parts == [None]


async def test_a_server_that_does_not_say_its_ranks_is_handed_files(
    farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sglang_weights, "UPDATE_TIMEOUT_S", 0.05)
    [server, _], [engine, _] = farm.servers, farm.engines
    server.hanging.add("/server_info")
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    assert (server.version, engine.policy_version) == (4, 4)
    assert "did not say within 0.05 s which ranks" in farm.problems[0]


async def test_without_room_in_shared_memory_files_are_taken(
    farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [server, _], [engine, _] = farm.servers, farm.engines
    monkeypatch.setattr(shared_weights, "free_bytes", lambda: 7)
    await engine.update_weights(gathered(tmp_path, 0.5), PolicyVersion(4))
    assert server.version == 4
    assert "has 7 bytes free, a bucket of weights takes 8" in farm.problems[0]


@dataclass
class SendingTrainer(CountingTrainer):
    """Weights that say which version they are of."""

    folder: Path = Path()
    written: list[int] = field(default_factory=list)

    def gather(self, directory: Path) -> GatheredWeights:  # type: ignore[override]
        return gathered(self.folder, float(self.policy_version))

    def export_hf(self, directory: Path) -> None:
        self.written.append(self.policy_version)


async def test_a_run_sends_every_version_and_writes_files_with_its_checkpoints(
    farm: Farm, tutorial: WorldBase, tmp_path: Path
) -> None:
    lock = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
    settings = (
        "num_steps=3", "warm_start.num_steps=0", "max_policy_lag=1", "engine.weight_sync=tensor",
        "checkpoint_every_num_steps=2",
    )  # fmt: skip
    run = RunDir.create(tmp_path, load_preset("smoke", settings), lock, "run")
    trainer, seen = SendingTrainer(folder=tmp_path), list[float]()
    trainer.during = lambda: seen.append(farm.servers[0].tensors["c"][0].item())
    await work(run, tutorial, engine=farm.routed(), trainer=trainer, stop_after=2)
    assert trainer.written == [2]
    resumed = SendingTrainer(folder=tmp_path, during=trainer.during)
    await work(run, tutorial, engine=farm.routed(), trainer=resumed)
    assert resumed.written == [3]
    assert seen == [0.0, 1.0, 2.0]
    assert [r.step for r in run.metrics() if r.phase is Phase.TRAIN] == [1, 2, 3]
    assert [each.version for each in farm.servers] == [3, 3]
    assert farm.problems == []
    assert all(r.reward is not None for step in (1, 2, 3) for r in run.rollouts(step))
