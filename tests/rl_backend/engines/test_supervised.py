"""The run's own server dies and the engine goes on: no request is lost, no weights mixed up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import torch

from rl_backend.engines.sglang_server import ServerOptions
from rl_backend.engines.sglang_weights import sender
from rl_backend.engines.supervised import SupervisedEngine
from rl_backend.errors import EngineError
from rl_backend.handover import GatheredWeights, WrittenWeights
from rl_backend.hf_checkpoint import read_weights
from rl_backend.types import Completion, PolicyVersion, SamplingParams
from tests.rl_backend.children import children_of_command
from tests.rl_backend.engines.double_process import interpreter
from tests.rl_backend.engines.double_sglang import OUTPUT

PROMPT = [1, 2, 3]
PARAMS = SamplingParams(temperature=1.0, max_new_tokens=8)
MAX_RESTARTS, WAIT_S = 2, 60.0


@dataclass
class Served:
    """An engine on a server that can be killed."""

    engine: SupervisedEngine
    model: Path
    problems: list[str] = field(default_factory=list)

    async def generate(self) -> Completion:
        return await self.engine.generate(PROMPT, PARAMS, "task/1")

    def servers(self) -> list[psutil.Process]:
        """Those of this engine: other tests of the process may have one, too."""
        return children_of_command("--weight-version", str(self.model.parent))

    def kill(self) -> None:
        for each in self.servers():
            os.kill(each.pid, signal.SIGKILL)


def model_dir(path: Path) -> Path:
    path.mkdir()
    (path / "config.json").write_text("{}")
    return path


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.fixture(params=["disk"])
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Served]:
    """The parameter is the way that weights are handed over."""
    model, problems = model_dir(tmp_path / "model"), list[str]()
    engine = SupervisedEngine(
        model,
        tmp_path / "engine.log",
        ServerOptions(python=interpreter(tmp_path), has_cuda=False),
        weights_dir=tmp_path / "kept",
        max_restarts=MAX_RESTARTS,
        make_sender=lambda: sender(request.param, 1024),
        pause_mode="in_place",
        on_problem=problems.append,
    )
    engine.start()
    await engine.wait_ready()
    yield Served(engine, model, problems)
    await engine.close()
    await engine.stop()
    assert not (tmp_path / "kept").exists()


async def test_what_the_dead_server_left_unanswered_is_asked_of_the_next(served: Served) -> None:
    (served.model / "hang").touch()
    waiting = asyncio.gather(*(served.generate() for _ in range(4)))
    await until((served.model / "asked").exists)
    (served.model / "hang").unlink()
    served.kill()
    made = await asyncio.wait_for(waiting, WAIT_S)
    assert {each.token_ids for each in made} == {OUTPUT}
    (told,) = served.problems
    assert told == "The SGLang server was ended by SIGKILL. It is started again (1 of 2)."


async def test_the_next_server_has_the_newest_weights(served: Served, tmp_path: Path) -> None:
    weights = model_dir(tmp_path / "weights")
    await served.engine.update_weights(WrittenWeights(path=weights), PolicyVersion(7))
    shutil.rmtree(weights)  # as the next export does, while rollouts may still run
    served.kill()
    assert set((await served.generate()).policy_versions) == {7}
    assert served.engine.policy_version == 7


@pytest.mark.parametrize("served", ["tensor"], indirect=True)
async def test_sent_weights_are_written_once_a_server_has_to_be_started_with_them(
    served: Served, tmp_path: Path
) -> None:
    sent = GatheredWeights(state={"a": torch.ones(2)}, path=tmp_path / "policy", like=served.model)
    await served.engine.update_weights(sent, PolicyVersion(7))
    assert not (tmp_path / "policy").exists()
    assert set((await served.generate()).policy_versions) == {7}
    served.kill()
    assert set((await served.generate()).policy_versions) == {7}
    assert read_weights(tmp_path / "policy")["a"].tolist() == [1, 1]
    await served.engine.update_weights(sent, PolicyVersion(8))
    assert set((await served.generate()).policy_versions) == {8}


async def test_weights_reach_a_server_that_died_before(served: Served, tmp_path: Path) -> None:
    served.kill()
    await served.engine.pause()
    weights = WrittenWeights(path=model_dir(tmp_path / "weights"))
    await served.engine.update_weights(weights, PolicyVersion(3))
    await served.engine.resume()
    assert set((await served.generate()).policy_versions) == {3}
    assert (served.model / "paused").read_text() == "in_place"
    assert len(list((tmp_path / "kept").iterdir())) == 1


async def test_a_server_that_dies_again_and_again_is_given_up(
    served: Served, tmp_path: Path
) -> None:
    for _ in range(MAX_RESTARTS):
        served.kill()
        await served.generate()
    served.kill()
    with pytest.raises(EngineError, match=r"ended by SIGKILL[\s\S]*started again 2 times"):
        await served.generate()


async def test_new_weights_begin_the_count_anew(served: Served, tmp_path: Path) -> None:
    for version in range(MAX_RESTARTS + 1):
        served.kill()
        await served.generate()
        weights = model_dir(tmp_path / f"weights-{version}")
        await served.engine.update_weights(WrittenWeights(path=weights), PolicyVersion(version))
    assert len(served.problems) == MAX_RESTARTS + 1


async def test_an_engine_that_is_stopped_leaves_no_server(served: Served) -> None:
    served.kill()
    waiting = asyncio.create_task(served.generate())
    await until(lambda: bool(served.problems))
    waiting.cancel()
    await served.engine.close()
    await served.engine.stop()
    assert served.servers() == []
