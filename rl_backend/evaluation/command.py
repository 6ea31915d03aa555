"""Evaluation and single rollouts by name of the engine, for the command line and the studio.

`scripted:KIND` needs nothing else; `model:DIR` starts an SGLang server for a model directory,
`sglang:URL` talks to a running one. It imports the training stack only for the latter two.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from exporter.bundle import Bundle
from rl_backend.engines.scripted import Scripted, scripted_policy
from rl_backend.evaluation.bundles import RuntimeKind, bundle_label, open_runtime
from rl_backend.evaluation.evaluate import Evaluation, SplitChoice, evaluate
from rl_backend.judges.settings import JudgeSettings, build_judge
from rl_backend.policies import Policy
from rl_backend.records import RolloutRecord
from rl_backend.rollout import RolloutRunner
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.world import World

MAX_NEW_TOKENS = 1024
MAX_WORLDS = 32
DEFAULT_CONTAINERS = 8
CONTEXT_LENGTH_KEY = "max_position_embeddings"


class EngineChoiceError(ValueError):
    """An engine was named that does not exist; the message lists those that do."""


async def evaluate_bundle(
    bundle: Bundle,
    engine: str,
    *,
    split: SplitChoice = SplitChoice.HELD_OUT,
    runtime: RuntimeKind = RuntimeKind.IN_PROCESS,
    num_containers: int = DEFAULT_CONTAINERS,
    rollouts_per_task: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    model_dir: Path | None = None,
    on_rollout: Callable[[RolloutRecord], None] = lambda _record: None,
) -> Evaluation:
    """The evaluation of the named engine on a split of a bundle.

    `num_containers` is how many rollouts the `docker` runtime makes at a time.

    Raises:
        EngineChoiceError: no such engine, or a model directory is missing.
        BackendError: the engine or the runtime did not start.
    """
    tasks = split.of(bundle.world.tasks)
    num_worlds = min(
        num_containers if runtime is RuntimeKind.DOCKER else MAX_WORLDS,
        len(tasks) * rollouts_per_task or 1,
    )
    acting = _acting(engine, bundle.world, temperature, model_dir, seed)
    async with _stage(bundle, acting, runtime, num_worlds) as (policy, runner):
        judge = build_judge(JudgeSettings.from_environment())
        try:
            return await evaluate(
                policy,
                tasks,
                runner=runner,
                judge=judge,
                bundle=bundle_label(bundle),
                split=split,
                rollouts_per_task=rollouts_per_task,
                seed=seed,
                temperature=None if engine.startswith("scripted:") else temperature,
                on_rollout=on_rollout,
            )
        finally:
            await judge.close()


async def one_rollout(
    bundle: Bundle,
    task_id: str,
    engine: str,
    *,
    runtime: RuntimeKind = RuntimeKind.IN_PROCESS,
    temperature: float = 0.0,
    seed: int = 0,
    model_dir: Path | None = None,
) -> tuple[RolloutRecord, Task]:
    """One judged rollout of the named engine, and its task.

    Raises UnknownName for a task that the bundle lacks, else as `evaluate_bundle`.
    """
    task = bundle.task(task_id)
    acting = _acting(engine, bundle.world, temperature, model_dir, seed)
    async with _stage(bundle, acting, runtime, 1) as (policy, runner):
        judge = build_judge(JudgeSettings.from_environment())
        try:
            evaluation = await evaluate(
                policy,
                [task],
                runner=runner,
                judge=judge,
                bundle=bundle_label(bundle),
                split=SplitChoice(task.split.value),
                seed=seed,
            )
        finally:
            await judge.close()
    return evaluation.records[0], task


@asynccontextmanager
async def _stage(
    bundle: Bundle,
    acting: AbstractAsyncContextManager[Policy],
    kind: RuntimeKind,
    num_worlds: int,
) -> AsyncIterator[tuple[Policy, RolloutRunner]]:
    base = WorldBase(bundle.world)
    async with acting as policy:
        runtime = await open_runtime(kind, bundle, base, max_worlds=num_worlds)
        try:
            yield policy, RolloutRunner(base, runtime, max_worlds=num_worlds)
        finally:
            await runtime.close()


@asynccontextmanager
async def _acting(
    engine: str, world: World, temperature: float, model_dir: Path | None, seed: int
) -> AsyncIterator[Policy]:
    kind, _, name = engine.partition(":")
    if kind == "scripted" and name in set(Scripted):
        yield scripted_policy(Scripted(name), world.tasks)
    elif kind == "model" and name:
        async with _served(Path(name), temperature, seed) as policy:
            yield policy
    elif kind == "sglang" and name:
        if model_dir is None:
            raise EngineChoiceError("sglang:URL needs --model DIR, whose tokenizer it serves")
        async with connected(name, model_dir, temperature) as policy:
            yield policy
    else:
        scripted = ", ".join(f"scripted:{each}" for each in Scripted)
        raise EngineChoiceError(
            f"no engine {engine!r}; there are: {scripted}, model:DIR, sglang:URL"
        )


@asynccontextmanager
async def _served(model_dir: Path, temperature: float, seed: int) -> AsyncIterator[Policy]:
    from rl_backend.engines.sglang_server import ServerOptions, SGLangServer
    from rl_backend.seeding import server_seed

    if not (model_dir / "config.json").is_file():
        raise EngineChoiceError(f"{model_dir} holds no model: it has no config.json")
    with TemporaryDirectory() as folder:
        options = ServerOptions(random_seed=server_seed(seed))
        server = SGLangServer(model_dir, Path(folder) / "engine.log", options)
        most = options.max_total_tokens
        async with server, connected(server.url, model_dir, temperature, most) as policy:
            yield policy


@asynccontextmanager
async def connected(
    url: str, model_dir: Path, temperature: float, max_total_tokens: int | None = None
) -> AsyncIterator[Policy]:
    """A model behind a server, as a policy.

    `max_total_tokens` is what the server's cache holds, and so the longest row it takes; None: as
    much as the model.
    """
    from rl_backend.engines.sglang import SGLangEngine
    from rl_backend.engines.sglang_wire import NUM_RESERVED
    from rl_backend.renderer import Renderer
    from rl_backend.token_policy import TokenPolicy
    from rl_backend.types import PolicyVersion, SamplingParams

    config = json.loads((model_dir / "config.json").read_text(encoding="utf-8"))
    length = int(config[CONTEXT_LENGTH_KEY])
    async with SGLangEngine(url, policy_version=PolicyVersion(0)) as engine:
        yield TokenPolicy(
            engine,
            Renderer.load(model_dir),
            SamplingParams(temperature=temperature, max_new_tokens=MAX_NEW_TOKENS),
            context_length=min(length, max_total_tokens or length),
            num_reserved=NUM_RESERVED,
            name=str(model_dir),
        )
