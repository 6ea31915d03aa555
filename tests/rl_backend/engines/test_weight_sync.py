"""Weights that reach a real server through shared memory and over a process group."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from torch import Tensor

from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_server import SGLangServer
from rl_backend.engines.sglang_weights import sender
from rl_backend.errors import EngineUnavailable
from rl_backend.handover import GatheredWeights, WrittenWeights
from rl_backend.hf_checkpoint import read_weights
from rl_backend.types import PolicyVersion, SamplingParams
from tests.rl_backend.engines.test_sglang import PROMPT, SAMPLED, reference_logprobs
from tests.rl_backend.sglang_fixtures import TinyLlamas

ROOT = Path(__file__).parents[3]
BUCKET_BYTES = 30_000
"""The embedding alone is larger; the model takes about ten of them."""
LONG = SamplingParams(temperature=1.0, max_new_tokens=120)
"""Goes on when a request of SAMPLED's length is answered."""
WAYS = ("tensor", "distributed")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


@dataclass(kw_only=True)
class Synced:
    """An engine that is sent weights, and what it reported."""

    engine: SGLangEngine
    problems: list[str]


@pytest.fixture(params=WAYS)
async def synced(
    request: pytest.FixtureRequest, sglang_server: SGLangServer, tiny_llamas: TinyLlamas
) -> AsyncIterator[Synced]:
    """Its server has the first weights again after the test."""
    problems: list[str] = []
    sending = sender(request.param, BUCKET_BYTES)
    async with sglang_server.engine(sender=sending, on_problem=problems.append) as engine:
        yield Synced(engine=engine, problems=problems)
    async with sglang_server.engine() as engine:
        await engine.update_weights(WrittenWeights(path=tiny_llamas.first), PolicyVersion(0))


def gathered(model: Path, folder: Path) -> GatheredWeights:
    return GatheredWeights(state=read_weights(model), path=folder, like=model)


async def assert_serves(engine: SGLangEngine, model: Path, version: int) -> None:
    completion = await engine.generate(PROMPT, SAMPLED, f"serves-{version}")
    assert set(completion.policy_versions) == {version}
    assert engine.policy_version == await engine.served_version() == version
    expected = reference_logprobs(model, completion.token_ids, SAMPLED.temperature)
    assert completion.logprobs == pytest.approx(expected, abs=1e-3)


def segments() -> set[str]:
    """What this process shares by name."""
    return {path.name for path in SHARED_MEMORY.glob(f"torch_{os.getpid()}_*")}


async def test_the_new_weights_are_sampled_from_each_time(
    synced: Synced, tiny_llamas: TinyLlamas, tmp_path: Path
) -> None:
    models = (tiny_llamas.second, tiny_llamas.first, tiny_llamas.second)
    for version, model in enumerate(models, start=4):
        await synced.engine.update_weights(gathered(model, tmp_path / "x"), PolicyVersion(version))
        await assert_serves(synced.engine, model, version)
    assert synced.problems == []
    assert not (tmp_path / "x").exists()
    assert segments() == set()


@pytest.mark.parametrize("is_paused", [True, False])
async def test_a_request_in_flight_goes_on_under_the_new_weights(
    synced: Synced, tiny_llamas: TinyLlamas, tmp_path: Path, is_paused: bool
) -> None:
    engine = synced.engine
    running = asyncio.create_task(engine.generate(PROMPT, LONG, "across"))
    await engine.generate(PROMPT, SAMPLED, "beside")
    if is_paused:
        await engine.pause()
    await engine.update_weights(gathered(tiny_llamas.second, tmp_path / "x"), PolicyVersion(3))
    if is_paused:
        await engine.resume()

    completion = await running
    versions = completion.policy_versions
    assert sorted(versions) == list(versions)
    assert set(versions) == {0, 3}
    new = versions.index(3)
    expected = reference_logprobs(tiny_llamas.second, completion.token_ids, LONG.temperature)
    assert completion.logprobs[new:] == pytest.approx(expected[new:], abs=1e-3)


@dataclass(frozen=True)
class Differing:
    """Good files, and tensors that are something else."""

    written: WrittenWeights
    sent: Mapping[str, Tensor]

    def directory(self) -> Path:
        return self.written.directory()

    def tensors(self) -> Mapping[str, Tensor]:
        return self.sent


def without_the_last(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights, of which the last has a shape and nothing to copy."""
    last = list(state)[-1]
    return {**state, last: state[last].to("meta")}


async def test_weights_of_two_versions_are_never_sampled_from(
    synced: Synced, tiny_llamas: TinyLlamas, tmp_path: Path
) -> None:
    engine = synced.engine
    running = asyncio.create_task(engine.generate(PROMPT, LONG, "across"))
    await engine.generate(PROMPT, SAMPLED, "beside")
    model = tiny_llamas.second
    torn = Differing(WrittenWeights(path=model), without_the_last(read_weights(model)))
    with pytest.raises(NotImplementedError, match="no data"):
        await engine.update_weights(torn, PolicyVersion(5))

    with pytest.raises(EngineUnavailable, match="weights of two versions"):
        await engine.generate(PROMPT, SAMPLED, "refused")
    with pytest.raises(EngineUnavailable, match="weights of two versions"):
        await running
    assert engine.policy_version == 0

    await engine.update_weights(gathered(tiny_llamas.second, tmp_path / "x"), PolicyVersion(6))
    await assert_serves(engine, tiny_llamas.second, 6)


async def test_a_cancelled_update_is_mended_by_the_next(
    synced: Synced, tiny_llamas: TinyLlamas, tmp_path: Path
) -> None:
    engine = synced.engine
    updating = asyncio.create_task(
        engine.update_weights(gathered(tiny_llamas.second, tmp_path / "x"), PolicyVersion(5))
    )
    await asyncio.sleep(0.02)
    updating.cancel()
    await asyncio.gather(updating, return_exceptions=True)
    assert updating.cancelled()
    with pytest.raises(EngineUnavailable, match="weights of two versions"):
        await engine.generate(PROMPT, SAMPLED, "refused")
    await engine.update_weights(gathered(tiny_llamas.second, tmp_path / "x"), PolicyVersion(6))
    await assert_serves(engine, tiny_llamas.second, 6)


def narrowed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights with a norm of the last layer that is too short."""
    norm = "model.layers.1.input_layernorm.weight"
    return {**state, norm: state[norm][:7].clone()}


@pytest.mark.parametrize("synced", ["distributed"], indirect=True)
async def test_weights_that_the_server_does_not_take_come_from_disk(
    synced: Synced, tiny_llamas: TinyLlamas, tmp_path: Path
) -> None:
    weights = Differing(
        WrittenWeights(path=tiny_llamas.second), narrowed(read_weights(tiny_llamas.second))
    )
    await synced.engine.update_weights(weights, PolicyVersion(8))
    await assert_serves(synced.engine, tiny_llamas.second, 8)
    [problem] = synced.problems
    assert "took version 8 from disk, since it could not be sent" in problem
    await synced.engine.update_weights(
        gathered(tiny_llamas.first, tmp_path / "y"), PolicyVersion(9)
    )
    await assert_serves(synced.engine, tiny_llamas.first, 9)
    assert len(synced.problems) == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_the_trainer_gathers_is_what_it_computes(
    way: str, sglang_server: SGLangServer, tiny_llamas: TinyLlamas, tmp_path: Path
) -> None:
    case = "tests.rl_backend.engines.sync_case"
    log = tmp_path / "log.txt"
    # To a file: torch's process for shared memory holds it as long as the server lives.
    with log.open("wb") as errors:
        done = subprocess.run(
            [sys.executable, "-m", case, way, sglang_server.url, str(tiny_llamas.second)],
            stdout=subprocess.PIPE, stderr=errors, text=True, timeout=300, cwd=ROOT, check=False,
        )  # fmt: skip
    assert done.returncode == 0, log.read_text()[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["versions"] == [1]
    assert told["problems"] == []
    assert told["engine"] == pytest.approx(told["trainer"], abs=1e-3)
    assert told["largest_change"] > 5e-3


async def test_the_server_has_the_first_weights_again(
    sglang_server: SGLangServer, tiny_llamas: TinyLlamas
) -> None:
    """After the tests above, for those that follow."""
    async with sglang_server.engine() as engine:
        await engine.update_weights(WrittenWeights(path=tiny_llamas.first), PolicyVersion(0))
        await assert_serves(engine, tiny_llamas.first, 0)
