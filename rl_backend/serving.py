"""The engine of a run, on servers that are started here and end with the run, or on others'; and
the policy that samples from it.

For `assembly`, which goes on with the trainer while a server starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from rl_backend.busy import BusyClock
from rl_backend.config import RunConfig
from rl_backend.engines.base import Engine
from rl_backend.engines.routed import RoutedEngine
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_server import ServerOptions
from rl_backend.engines.sglang_weights import Sender, sender
from rl_backend.engines.sglang_wire import NUM_RESERVED
from rl_backend.engines.supervised import SupervisedEngine
from rl_backend.model_shape import read_model_shape
from rl_backend.renderer import Renderer
from rl_backend.rundir import RunDir
from rl_backend.seeding import server_seed
from rl_backend.stopping import cancel
from rl_backend.token_policy import TokenPolicy
from rl_backend.types import PolicyVersion, SamplingParams

Connect: TypeAlias = Callable[[str, RunConfig], Awaitable[Engine]]


def run_policy(
    engine: Engine,
    renderer: Renderer,
    config: RunConfig,
    model_dir: Path,
    temperature: float,
    busy: BusyClock,
) -> TokenPolicy:
    """The trained model as a policy; `busy` runs while a request of its is in the engine."""
    sampling = SamplingParams(
        temperature=temperature,
        top_p=config.rollout.top_p,
        max_new_tokens=config.rollout.max_new_tokens,
    )
    return TokenPolicy(
        engine,
        renderer,
        sampling,
        context_length=row_limit(config, model_dir),
        num_reserved=NUM_RESERVED,
        busy=busy,
    )


def row_limit(config: RunConfig, model_dir: Path) -> int:
    """Tokens of one row, prompt included, that settings, model and the run's own server all allow.

    SGLang refuses a longer row, which would count as a failure of the engine. What the server of
    somebody else holds is not known. Raises ValueError for a model without a readable config.
    """
    own = () if config.engine.addresses else (config.engine.max_total_tokens,)
    return min(config.model.context_length, read_model_shape(model_dir).max_positions, *own)


async def connected(url: str, config: RunConfig, on_problem: Callable[[str], None]) -> Engine:
    """An engine on an SGLang server of somebody else's."""
    return SGLangEngine(
        url,
        policy_version=PolicyVersion(0),
        max_concurrency=config.rollout.concurrency,
        request_timeout_s=config.engine.request_timeout_s,
        sender=_sender(config),
        pause_mode=config.engine.pause_mode,
        on_problem=on_problem,
    )


@asynccontextmanager
async def serving(
    run: RunDir,
    config: RunConfig,
    model_dir: Path,
    connect: Connect | None,
    on_problem: Callable[[str], None],
) -> AsyncIterator[Awaitable[Engine]]:
    """The engine, once its servers answer; those that were started here end with the block.

    `connect` reaches a server that already runs; None takes `connected`.
    """
    if config.engine.addresses:
        connect = connect or partial(connected, on_problem=on_problem)
        connecting = asyncio.ensure_future(_connected(config, connect, on_problem))
        try:
            yield connecting
        finally:
            await cancel(connecting)
        return
    engines = {
        f"The run's server {number + 1}": _own(run, config, model_dir, on_problem, number)
        for number in range(config.engine.num_servers)
    }
    try:
        for engine in engines.values():
            engine.start()
        starting = asyncio.create_task(_started(engines, on_problem))
        try:
            yield starting
        finally:
            await cancel(starting)
    finally:
        await asyncio.gather(*(engine.stop() for engine in engines.values()))


def _own(
    run: RunDir,
    config: RunConfig,
    model_dir: Path,
    on_problem: Callable[[str], None],
    number: int,
) -> SupervisedEngine:
    """The engine on the run's own server with this number, from 0."""
    suffix = f"-{number + 1}" if number else ""
    return SupervisedEngine(
        model_dir,
        run.path / f"engine{suffix}.log",
        server_options(config, number),
        weights_dir=run.engine_weights_dir.with_name(f"{run.engine_weights_dir.name}{suffix}"),
        max_restarts=config.max_restarts,
        max_concurrency=config.rollout.concurrency,
        request_timeout_s=config.engine.request_timeout_s,
        make_sender=partial(_sender, config),
        pause_mode=config.engine.pause_mode,
        on_problem=on_problem,
    )


def server_options(config: RunConfig, number: int = 0) -> ServerOptions:
    """How the run's own server with this number, from 0, is started."""
    return ServerOptions(
        dtype=config.trainer.dtype,
        max_total_tokens=config.engine.max_total_tokens,
        mem_fraction=config.engine.mem_fraction,
        num_cpu_threads=config.engine.num_cpu_threads,
        startup_timeout_s=config.engine.startup_timeout_s,
        random_seed=server_seed(config.seed, number),
        is_deterministic=config.engine.deterministic,
        tensor_parallel=config.engine.tensor_parallel,
        first_gpu=number * config.engine.tensor_parallel,
    )


def _sender(config: RunConfig) -> Sender | None:
    return sender(config.engine.weight_sync, config.engine.weight_bucket_mib * 2**20)


async def _started(
    engines: Mapping[str, SupervisedEngine], on_problem: Callable[[str], None]
) -> Engine:
    """The engine on the run's own servers: one, or several behind one. Raises EngineError."""
    await asyncio.gather(*(engine.wait_ready() for engine in engines.values()))
    if len(engines) == 1:
        return next(iter(engines.values()))
    return RoutedEngine(engines, is_answering=_is_started_again, on_problem=on_problem)


async def _is_started_again(_name: str) -> bool:
    """Its engine starts a server of the run's own again, and fails at once when it may not."""
    return True


async def _connected(
    config: RunConfig, connect: Connect, on_problem: Callable[[str], None]
) -> Engine:
    """The engine on servers of somebody else's: one, or several behind one."""
    engines = {url: await connect(url, config) for url in config.engine.addresses}
    if len(engines) == 1:
        return next(iter(engines.values()))
    return RoutedEngine(engines, on_problem=on_problem)
