"""What a run costs on the machines it is meant for: the estimate of a configuration.

Joins the pure parts (`memory`, `speed`) to a `RunConfig`. The preflight compares a plan with the
machine at hand, `corecraft plan` prints it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rl_backend.config import RunConfig
from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.hardware import Gpu, find_gpu
from rl_backend.estimate.known import find_decoder
from rl_backend.estimate.layout import Layout
from rl_backend.estimate.memory import (
    ITEM_BYTES,
    RUNTIME_BYTES,
    EngineMemory,
    TrainerMemory,
    checkpoint_bytes,
    engine_memory,
    kv_bytes,
    trainer_memory,
)
from rl_backend.estimate.parameters import count, num_active
from rl_backend.estimate.speed import Engines, StepTime, Workload, step_time

SLOWER = (1.5, 3.5)
"""How many times longer published steps took than the estimate (docs/scale.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A configuration's model, layout, memory and time."""

    model: str
    num_parameters: int
    num_active: int
    gpu: str
    num_gpus: int
    layout: Layout
    problems: tuple[str, ...]
    """Why the model cannot be cut as configured."""
    trainer: TrainerMemory
    engine: EngineMemory
    num_engines: int
    is_shared: bool
    """Whether trainer and engines are on the same devices."""
    device_bytes: float | None
    """Memory of one device; None where there is no GPU."""
    kv_bytes: float
    """Of one token, over all devices of an engine."""
    checkpoint: float
    weights: float
    """Bytes of the weights on the disk."""
    work: Workload
    step: StepTime | None
    """None where the arithmetic of the device is not known."""

    @property
    def used_bytes(self) -> float:
        """On the fullest device, the runtime's own share included on a GPU."""
        runtime = RUNTIME_BYTES if self.device_bytes is not None else 0.0
        both = self.trainer.total + self.engine.total
        used = both if self.is_shared else max(self.trainer.total, self.engine.total)
        return used + runtime

    @property
    def fits(self) -> bool:
        """Whether the fullest device holds it, an engine's cache the longest row included."""
        if self.device_bytes is None:
            return not self.problems
        has_room = self.used_bytes <= self.device_bytes
        return has_room and self.engine.tokens >= self.work.row_tokens and not self.problems


def plan(config: RunConfig, decoder: Decoder | None = None, gpu: Gpu | None = None) -> Plan:
    """The estimate of a configuration.

    `decoder` None takes the configured model's, `gpu` None the kind that is planned for.

    Raises:
        ValueError: the model or the GPU is not known.
    """
    decoder = decoder or decoder_of(config)
    if gpu is None and config.plan.gpu is not None:
        gpu = find_gpu(config.plan.gpu)
    layout, work, dtype = layout_of(config), workload(config), config.trainer.dtype
    if gpu is None:  # there is one memory, in which Adam's state is anyway
        layout = replace(layout, is_optimizer_on_cpu=False)
    trained = work.num_rollouts * work.sampled_tokens / work.trained_tokens
    num_tokens = max(config.trainer.max_tokens_per_microbatch, config.model.context_length)
    engine = _engine(config, decoder, gpu)
    return Plan(
        model=config.model.path or "made from scratch",
        num_parameters=count(decoder).total,
        num_active=num_active(decoder),
        gpu="none" if gpu is None else gpu.title,
        num_gpus=num_trainer_gpus(config) + config.plan.num_engine_gpus,
        layout=layout,
        problems=(*layout.problems(decoder), *_problems(config)),
        trainer=trainer_memory(
            decoder,
            layout,
            dtype=dtype,
            num_tokens=num_tokens,
            trained_share=trained,
            is_fused=gpu is not None,
        ),
        engine=engine,
        num_engines=config.engine.num_engines,
        is_shared=config.plan.num_engine_gpus == 0,
        device_bytes=None if gpu is None else gpu.memory_bytes,
        kv_bytes=kv_bytes(decoder, dtype=dtype),
        checkpoint=checkpoint_bytes(decoder, dtype=dtype),
        weights=count(decoder).total * ITEM_BYTES[dtype],
        work=work,
        step=_step(config, decoder, gpu, engine, work),
    )


def decoder_of(config: RunConfig) -> Decoder:
    """The configured model's sizes. Raises ValueError when it is neither there nor known."""
    if config.model.path is not None:
        return find_decoder(config.model.path)
    made = config.model
    return Decoder(
        model_type="llama",
        num_layers=made.num_layers,
        hidden_size=made.hidden_size,
        num_heads=made.num_heads,
        num_kv_heads=made.num_heads,
        head_dim=made.hidden_size // made.num_heads,
        ffn_size=math.ceil(made.hidden_size * 8 / 3 / 32) * 32,
        vocab_size=made.vocab_size,
        has_tied_embeddings=True,
    )


def layout_of(config: RunConfig) -> Layout:
    """How the trainer is cut, and how it saves memory."""
    return Layout(
        tensor_parallel=config.trainer.tensor_parallel,
        pipeline_parallel=config.trainer.pipeline_parallel,
        expert_parallel=config.trainer.expert_parallel,
        data_parallel=config.trainer.data_parallel,
        is_recomputed=config.trainer.recompute == "full",
        is_sequence_parallel=config.trainer.sequence_parallel,
        is_optimizer_on_cpu=config.trainer.optimizer_on_cpu,
    )


def workload(config: RunConfig) -> Workload:
    """The tokens of a step."""
    asked, quarter = config.plan, config.model.context_length // 4
    return Workload(
        num_rollouts=config.rollout.tasks_per_step * config.rollout.group_size,
        group_size=config.rollout.group_size,
        prompt_tokens=asked.prompt_tokens or quarter,
        sampled_tokens=asked.sampled_tokens or quarter,
        tool_tokens=quarter if asked.tool_tokens is None else asked.tool_tokens,
    )


def num_trainer_gpus(config: RunConfig) -> int:
    """Devices that the trainer's ranks are on."""
    return config.plan.num_gpus or config.trainer.num_ranks


def num_engine_gpus(config: RunConfig) -> int:
    """Devices that engines are on."""
    return config.plan.num_engine_gpus or num_trainer_gpus(config)


def _problems(config: RunConfig) -> tuple[str, ...]:
    """Devices that are too few, or do not come out even."""
    ranks, gpus, engine_gpus = (
        config.trainer.num_ranks, num_trainer_gpus(config), num_engine_gpus(config)
    )  # fmt: skip
    engines, each = config.engine.num_engines, config.engine.tensor_parallel
    cut = {
        f"{gpus} GPUs for {ranks} ranks of the trainer": gpus != ranks,
        f"{engine_gpus} GPUs for {engines} engines of {each}": (
            config.plan.gpu is not None and engines * each > engine_gpus
        ),
    }
    return tuple(text for text, rest in cut.items() if rest)


def _engine(config: RunConfig, decoder: Decoder, gpu: Gpu | None) -> EngineMemory:
    """On a GPU what its share of memory allows, and no more tokens than configured."""
    tensor, dtype = config.engine.tensor_parallel, config.trainer.dtype
    wanted = config.engine.max_total_tokens
    per_token = kv_bytes(decoder, dtype=dtype, tensor_parallel=tensor)
    weights = count(decoder).total * ITEM_BYTES[dtype] / tensor
    budget = weights + wanted * per_token
    if gpu is not None:
        budget = min(budget, config.engine.mem_fraction * gpu.memory_bytes)
    return engine_memory(decoder, dtype=dtype, tensor_parallel=tensor, budget=budget)


def _step(
    config: RunConfig, decoder: Decoder, gpu: Gpu | None, engine: EngineMemory, work: Workload
) -> StepTime | None:
    if gpu is None or not gpu.flops_per_s:
        return None
    return step_time(
        decoder,
        gpu,
        work,
        Engines(
            num_engines=config.engine.num_engines,
            tensor_parallel=config.engine.tensor_parallel,
            cache_tokens=engine.tokens,
            concurrency=config.rollout.concurrency,
        ),
        num_trainer_gpus=num_trainer_gpus(config),
        dtype=config.trainer.dtype,
        is_recomputed=config.trainer.recompute == "full",
        num_scorings=1 + (config.objective.kl_coef > 0),
    )
