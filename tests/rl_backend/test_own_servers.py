"""A run that starts several servers: what they are started with, and that one may die."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from rl_backend import serving
from rl_backend.config import load_preset
from rl_backend.engines.base import Engine
from rl_backend.engines.routed import RoutedEngine
from rl_backend.engines.sglang_server import ServerOptions, command
from rl_backend.handover import WrittenWeights
from rl_backend.rundir import RunDir
from rl_backend.types import Completion, PolicyVersion, SamplingParams
from tests.rl_backend.children import children_of_command
from tests.rl_backend.engines.double_process import interpreter
from tests.rl_backend.engines.double_sglang import OUTPUT

GROUPS = ("one", "two", "three", "four")
PARAMS = SamplingParams(temperature=1.0, max_new_tokens=8)
Started = tuple[Engine, RunDir, list[str]]


def asked_of(number: int) -> str:
    """The command line of a run's server on a GPU."""
    given = ServerOptions(has_cuda=True, tensor_parallel=4, first_gpu=4 * number)
    return " ".join(command(Path("model"), 20000, given))


def test_servers_are_cut_over_gpus_one_after_the_other() -> None:
    first, second = asked_of(0), asked_of(1)
    assert "--tp-size 4" in first
    assert "--base-gpu-id" not in first
    assert "--tp-size 4 --base-gpu-id 4" in second


def test_a_cpu_has_no_gpus_to_choose_from() -> None:
    options = ServerOptions(has_cuda=False, first_gpu=4)
    assert "--base-gpu-id" not in command(Path("model"), 20000, options)


@pytest.fixture
async def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Started]:
    """An engine on two servers, each a process that samples without a model."""
    options = partial(ServerOptions, python=interpreter(tmp_path), has_cuda=False)
    monkeypatch.setattr(serving, "ServerOptions", options)
    run, problems = RunDir(tmp_path / "run"), list[str]()
    config = load_preset("tiny", ["engine.num_servers=2", "max_restarts=1"])
    making = serving.serving(run, config, model_dir(tmp_path / "model"), None, problems.append)
    async with making as ready:
        engine = await ready
        yield engine, run, problems
        await engine.close()
    assert children_of_command("--weight-version", str(tmp_path)) == []
    assert list(run.path.glob("engine-weights*")) == []


def model_dir(path: Path) -> Path:
    path.mkdir()
    (path / "config.json").write_text("{}")
    return path


async def sampled(engine: Engine) -> list[Completion]:
    """One completion for each group; groups are spread over the servers."""
    asked = (engine.generate([1, 2, 3], PARAMS, f"{group}/1") for group in GROUPS)
    return await asyncio.gather(*asked)


async def test_several_servers_are_one_engine(started: Started, tmp_path: Path) -> None:
    engine, run, _ = started
    assert isinstance(engine, RoutedEngine)
    assert {path.name for path in run.path.glob("*.log")} == {"engine.log", "engine-2.log"}
    assert len(children_of_command("--weight-version", str(tmp_path))) == 2
    assert {each.token_ids for each in await sampled(engine)} == {OUTPUT}


async def test_new_weights_reach_all_servers(started: Started, tmp_path: Path) -> None:
    engine, run, _ = started
    weights = WrittenWeights(path=model_dir(tmp_path / "weights"))
    await engine.update_weights(weights, PolicyVersion(7))
    assert {v for each in await sampled(engine) for v in each.policy_versions} == {7}
    kept = sorted(str(p.relative_to(run.path)) for p in run.path.glob("engine-weights*/*"))
    assert kept == ["engine-weights-2/version-7", "engine-weights/version-7"]


async def test_a_server_that_dies_is_started_again_beside_the_other(
    started: Started, tmp_path: Path
) -> None:
    engine, _, problems = started
    dead = children_of_command("--weight-version", str(tmp_path))[0]
    os.kill(dead.pid, signal.SIGKILL)
    assert {each.token_ids for each in await sampled(engine)} == {OUTPUT}
    assert problems == ["The SGLang server was ended by SIGKILL. It is started again (1 of 1)."]
