"""Our rollouts beside the bare server and transformers' `generate`: `corecraft bench rollout`.

`python -m rl_backend.bench.rollout ASKED` takes a `RolloutAsked` as JSON and prints the figures.
One SGLang server serves our rollouts and the bare requests, one group at a time, in an order that
turns every round; its prefix cache is emptied before each group. An unmeasured round of ours comes
first. What was sampled in it is what ours goes on to repeat (`recording`) and what the peers are
asked for, so that all sides have the same prompts and output lengths in every round.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rl_backend.bench.bare import replay_bare
from rl_backend.bench.recording import RecordingEngine, ReplayingEngine
from rl_backend.bench.rollout_types import (
    Chain,
    GenerateAsked,
    OwnSpent,
    RolloutAsked,
    RolloutFigures,
    Spent,
)
from rl_backend.bench.train_types import Ready
from rl_backend.bench.worker import Worker
from rl_backend.busy import BusyClock
from rl_backend.engines.base import Engine
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_server import ServerOptions, SGLangServer
from rl_backend.engines.sglang_wire import NUM_RESERVED
from rl_backend.errors import BackendError
from rl_backend.group import run_group
from rl_backend.judges.checks import ChecksJudge
from rl_backend.renderer import Renderer
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.seeding import rollout_seed
from rl_backend.token_policy import TokenPolicy
from rl_backend.types import SamplingParams
from world_builder.errors import WorldError
from world_builder.state import WorldBase
from world_builder.tasks import Split, Task
from world_builder.worlds import build_world

MAX_TOTAL_TOKENS: Final = 65536
_PACKAGES: Final = ("sglang", "transformers", "torch")


@dataclass(frozen=True, kw_only=True)
class Ours:
    """The whole path of our rollouts, over one engine."""

    asked: RolloutAsked
    tasks: tuple[Task, ...]
    runner: RolloutRunner
    policy: TokenPolicy
    busy: BusyClock

    async def group(self, number: int) -> OwnSpent:
        """One group of rollouts, judged. Raises BackendError when one broke."""
        task, engine_s = self.tasks[number], self.busy.seconds
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        group = await run_group(
            task, self.policy, ChecksJudge(), self.runner, group_id=f"bench-{task.id}",
            seeds=[
                rollout_seed(self.asked.seed, step=1, task_id=task.id, rollout=i)
                for i in range(self.asked.group_size)
            ],
        )  # fmt: skip
        seconds, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        broken = [r.excluded_reason for r in group.rollouts if r.tokens is None or r.boundary]
        if broken:
            raise BackendError(f"A rollout broke: {broken[0]}.", hint="See the server's log.")
        return OwnSpent(
            num_tokens=sum(r.tokens.num_sampled for r in group.rollouts if r.tokens),
            seconds=seconds,
            engine_s=self.busy.seconds - engine_s,
            cpu_s=cpu_s,
        )


async def bench_rollout(
    asked: RolloutAsked, *, on_stage: Callable[[str], None] = lambda stage: None
) -> RolloutFigures:
    """Starts a server and measures.

    Raises:
        BackendError: the server, a rollout or a peer fails.
        WorldError: there is no such world.
    """
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="corecraft-bench-") as name:
        folder, model = Path(name), Path(asked.model_dir)
        on_stage("starting SGLang")
        options = ServerOptions(
            num_cpu_threads=asked.num_threads, max_total_tokens=MAX_TOTAL_TOKENS
        )
        async with SGLangServer(model, folder / "engine.log", options) as server:
            engine = server.engine(max_concurrency=asked.group_size)
            try:
                return await measured(asked, engine, server.url, folder, load, on_stage)
            finally:
                await engine.close()


async def measured(
    asked: RolloutAsked,
    engine: SGLangEngine,
    url: str,
    folder: Path,
    load: float,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> RolloutFigures:
    """The figures of an engine on a server that runs."""
    base, recorder = WorldBase(build_world(asked.world)), RecordingEngine(engine)
    sampling = _ours(asked, base, recorder)
    groups: list[tuple[Chain, ...]] = []
    for number, task in enumerate(sampling.tasks):
        on_stage(f"recording {task.id}")
        await sampling.group(number)
        groups.append(recorder.chains())
    repeating = ReplayingEngine(engine, (chain for chains in groups for chain in chains))
    ours = _ours(asked, base, repeating)
    with _generator(asked, groups, folder) as generator:
        generator.ask("ready", Ready)
        spent: list[tuple[OwnSpent, Spent, Spent]] = []
        for number in range(1, asked.num_rounds + 1):
            on_stage(f"round {number}")
            own, bare = await _round(asked, ours, engine, url, groups, number)
            spent.append((own, bare, await asyncio.to_thread(generator.ask, "generate", Spent)))
    return _figures(asked, groups, spent, load)


def _ours(asked: RolloutAsked, base: WorldBase, engine: Engine) -> Ours:
    busy = BusyClock()
    policy = TokenPolicy(
        engine,
        Renderer.load(Path(asked.model_dir)),
        SamplingParams(temperature=asked.temperature, max_new_tokens=asked.max_new_tokens),
        context_length=asked.context_length,
        num_reserved=NUM_RESERVED,
        busy=busy,
    )
    return Ours(
        asked=asked,
        tasks=tuple(base.world.tasks_in(Split.TRAIN)[: asked.num_tasks]),
        runner=RolloutRunner(base, InProcessRuntime(base), max_worlds=asked.group_size),
        policy=policy,
        busy=busy,
    )


async def _round(
    asked: RolloutAsked,
    ours: Ours,
    engine: SGLangEngine,
    url: str,
    groups: list[tuple[Chain, ...]],
    number: int,
) -> tuple[OwnSpent, Spent]:
    """Every group by both sides; the other one first every second time."""
    own = OwnSpent(num_tokens=0, seconds=0.0, engine_s=0.0, cpu_s=0.0)
    bare = Spent(num_tokens=0, seconds=0.0)
    for index, chains in enumerate(groups):
        for is_ours in (True, False)[:: 1 if (number + index) % 2 else -1]:
            await engine.flush_cache()
            if is_ours:
                own = _added(own, await ours.group(index))
            else:
                bare += await replay_bare(url, chains, temperature=asked.temperature)
    return own, bare


def _added(first: OwnSpent, second: OwnSpent) -> OwnSpent:
    return OwnSpent(
        num_tokens=first.num_tokens + second.num_tokens,
        seconds=first.seconds + second.seconds,
        engine_s=first.engine_s + second.engine_s,
        cpu_s=first.cpu_s + second.cpu_s,
    )


def _generator(asked: RolloutAsked, groups: list[tuple[Chain, ...]], folder: Path) -> Worker:
    path = folder / "generate.json"
    told = GenerateAsked(
        model_dir=asked.model_dir,
        num_threads=asked.num_threads,
        temperature=asked.temperature,
        groups=tuple(groups),
    )
    path.write_text(told.model_dump_json())
    command = [sys.executable, "-m", "rl_backend.bench.generate_side", str(path)]
    return Worker(command, folder / "generate.log", num_threads=asked.num_threads)


def _figures(
    asked: RolloutAsked,
    groups: list[tuple[Chain, ...]],
    spent: list[tuple[OwnSpent, Spent, Spent]],
    load: float,
) -> RolloutFigures:
    requests = [r for chains in groups for chain in chains for r in chain.requests]
    own = [each for each, _, _ in spent]
    return RolloutFigures(
        world=asked.world,
        num_tasks=len(groups),
        group_size=asked.group_size,
        num_rounds=asked.num_rounds,
        num_threads=asked.num_threads,
        num_cores=os.cpu_count() or 1,
        load=load,
        packages=tuple(f"{name} {version(name)}" for name in _PACKAGES),
        num_requests=len(requests),
        num_prompt_tokens=sum(len(request.prompt_ids) for request in requests),
        num_sampled_tokens=sum(request.num_new for request in requests),
        ours_per_s=statistics.median(each.per_s for each in own),
        bare_per_s=statistics.median(bare.per_s for _, bare, _ in spent),
        generate_per_s=statistics.median(peer.per_s for _, _, peer in spent),
        engine_share=statistics.median(each.engine_s / each.seconds for each in own),
        own_cpu_share=statistics.median(each.cpu_s / each.seconds for each in own),
    )


def main() -> int:
    """Tells each stage on standard error; the last line there says what went wrong."""
    asked = RolloutAsked.model_validate_json(sys.argv[1])

    def told(stage: str) -> None:
        sys.stderr.write(stage + "\n")

    try:
        figures = asyncio.run(bench_rollout(asked, on_stage=told))
    except (BackendError, WorldError) as error:
        told(str(error))
        return 1
    sys.stdout.write(figures.model_dump_json() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
