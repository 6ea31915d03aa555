"""The warm start leaves the event loop free, stops between steps and keeps what it taught."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from rl_backend.checkpoints import LoopState
from rl_backend.config import load_preset
from rl_backend.lessons import OwnLessons
from rl_backend.progress import Progress
from rl_backend.records import BundleLock
from rl_backend.rundir import RunDir
from rl_backend.samples import demonstration_sample
from rl_backend.warm_start import warm_start
from tests.rl_backend.loop_doubles import CountingTrainer

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
SAMPLE = demonstration_sample(
    task_id="a", rollout_id="a-0", token_ids=(1, 2, 3), loss_mask=(False, True, True)
)
WAIT_S = 60.0
Keep = Callable[[LoopState], None]


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    settings = ("warm_start.num_steps=4", "warm_start.checkpoint_every_num_steps=2")
    return RunDir.create(tmp_path, load_preset("smoke", settings), BUNDLE, "run")


@pytest.fixture
def three_threads() -> Iterator[None]:
    """As many of torch's as no other thread of a test has."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


async def taught(
    run: RunDir, trainer: CountingTrainer, progress: Progress, keep: Keep
) -> LoopState:
    config = run.config()
    lessons = OwnLessons([SAMPLE], config)
    return await warm_start(trainer, lessons, config, run, progress, LoopState(), keep)


async def test_the_event_loop_turns_while_a_step_computes_and_while_it_is_kept(run: RunDir) -> None:
    wanted, given = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def ask_the_event_loop() -> None:
        loop.call_soon_threadsafe(wanted.set)
        assert given.wait(WAIT_S)
        given.clear()

    async def answer() -> None:
        while True:
            await wanted.wait()
            wanted.clear()
            given.set()

    answering = asyncio.create_task(answer())
    kept: list[int] = []

    def keep(state: LoopState) -> None:
        ask_the_event_loop()
        kept.append(state.warm_start_step)

    with Progress(run) as progress:
        trainer = CountingTrainer(during=ask_the_event_loop)
        state = await asyncio.wait_for(taught(run, trainer, progress, keep), WAIT_S)
    answering.cancel()
    assert (state.warm_start_step, kept) == (4, [2, 4, 4])
    assert run.stored_status().policy_version == 4


async def test_a_stop_ends_it_between_two_steps(run: RunDir) -> None:
    kept: list[LoopState] = []
    with Progress(run) as progress:
        state = await taught(run, CountingTrainer(during=progress.stop), progress, kept.append)
    assert state.warm_start_step == 1
    assert kept == [state]


@pytest.mark.usefixtures("three_threads")
async def test_it_computes_with_the_threads_that_are_set_and_leaves_none_behind(
    run: RunDir,
) -> None:
    seen: list[int] = []
    trainer = CountingTrainer(during=lambda: seen.append(torch.get_num_threads()))
    with Progress(run) as progress:
        await taught(run, trainer, progress, lambda _state: None)
    assert seen == [3] * 4
    torch.set_num_threads(1)
    assert await asyncio.to_thread(torch.get_num_threads) == 1
