"""How long a step takes at best, from a model's arithmetic and a device's data sheet.

Training is bound by arithmetic, decoding by reading weights and cache. `Efficiency` says which part
of the data sheet is reached: assumptions, compared with published runs in docs/scale.md. Waiting
for tools and judges, stragglers of a group, communication and the move of weights are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.hardware import Gpu
from rl_backend.estimate.memory import ITEM_BYTES, kv_bytes
from rl_backend.estimate.parameters import count, num_multiplied


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """Shares of a device's best figures that are reached."""

    training: float = 0.3
    """Of the arithmetic, in updates and scoring."""
    prefill: float = 0.3
    """Of the arithmetic, when the engine reads prompts and tool results."""
    decoding: float = 0.5
    """Of the memory's rate, when it samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A step's rollouts: how many, and the tokens of one on average."""

    num_rollouts: int
    group_size: int
    prompt_tokens: int
    """Of the task: policies, tools and the request."""
    sampled_tokens: int
    tool_tokens: int
    """Of tool results, all turns together."""

    @property
    def row_tokens(self) -> int:
        return self.prompt_tokens + self.sampled_tokens + self.tool_tokens

    @property
    def trained_tokens(self) -> int:
        """Tokens that an update computes: a group's prompt once."""
        own = self.num_rollouts * (self.sampled_tokens + self.tool_tokens)
        return own + self.num_rollouts // self.group_size * self.prompt_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """Seconds of the stages of one step, one after the other."""

    rollout: float
    scoring: float
    update: float

    @property
    def total(self) -> float:
        return self.rollout + self.scoring + self.update


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The engines of a run, all alike."""

    num_engines: int
    tensor_parallel: int
    cache_tokens: int
    """Tokens that the cache of one engine holds."""
    concurrency: int
    """Rollouts in flight over all of them."""


def forward_flops(decoder: Decoder, context: float) -> float:
    """Operations that one token costs going forward, with `context` tokens in its row.

    Two for each parameter of a matrix; and attention, in which a token sees half the row on
    average: 4 times width times half the context in each layer. Source: arXiv 2204.02311, appendix
    B, halved for the causal mask.
    """
    attention = 2 * decoder.num_layers * decoder.attention_width * context
    return 2 * num_multiplied(decoder) + attention


def training_flops(decoder: Decoder, context: float, *, is_recomputed: bool = False) -> float:
    """Operations that one token of an update costs: forward, twice that backward, and anew."""
    return (4 if is_recomputed else 3) * forward_flops(decoder, context)


def decode_step_s(
    decoder: Decoder, gpu: Gpu, engine: Engines, *, dtype: str, batch: float, context: float
) -> float:
    """Least seconds in which an engine samples one token for each of `batch` rollouts."""
    ranks = engine.tensor_parallel
    cache = batch * context * kv_bytes(decoder, dtype=dtype, tensor_parallel=ranks)
    weights = read_weight_bytes(decoder, dtype=dtype, batch=batch) / ranks
    read_s = (weights + cache) / gpu.bytes_per_s
    compute_s = batch * forward_flops(decoder, 2 * context) / (ranks * gpu.flops_per_s)
    return max(read_s, compute_s)


def read_weight_bytes(decoder: Decoder, *, dtype: str, batch: float) -> float:
    """Bytes of weights that a decoding step reads: of the experts, those that some token chose."""
    parts = count(decoder)
    head = decoder.vocab_size * decoder.hidden_size
    chosen = 0.0
    if decoder.is_sparse:
        chosen = 1 - (1 - decoder.experts_per_token / decoder.num_experts) ** batch
    return (parts.non_expert_layers + head + chosen * parts.experts) * ITEM_BYTES[dtype]


def step_time(
    decoder: Decoder,
    gpu: Gpu,
    work: Workload,
    engines: Engines,
    *,
    num_trainer_gpus: int,
    dtype: str,
    is_recomputed: bool,
    num_scorings: int = 1,
    efficiency: Efficiency | None = None,
) -> StepTime:
    """The stages of one step; `num_scorings` passes compute log-probabilities before the update."""
    reached = efficiency or Efficiency()
    rate = num_trainer_gpus * gpu.flops_per_s * reached.training
    context = work.row_tokens
    update = training_flops(decoder, context, is_recomputed=is_recomputed)
    return StepTime(
        rollout=_rollout_s(decoder, gpu, work, engines, dtype=dtype, reached=reached),
        scoring=num_scorings * work.trained_tokens * forward_flops(decoder, context) / rate,
        update=work.trained_tokens * update / rate,
    )


def _rollout_s(
    decoder: Decoder,
    gpu: Gpu,
    work: Workload,
    engines: Engines,
    *,
    dtype: str,
    reached: Efficiency,
) -> float:
    """Reading prompts (once for a group) and tool results, and sampling in full batches."""
    context = work.prompt_tokens + (work.sampled_tokens + work.tool_tokens) / 2
    most = min(engines.concurrency / engines.num_engines, engines.cache_tokens / context)
    batch = max(1.0, min(most, work.num_rollouts / engines.num_engines))
    step_s = decode_step_s(decoder, gpu, engines, dtype=dtype, batch=batch, context=context)
    num_steps = work.num_rollouts * work.sampled_tokens / (engines.num_engines * batch)
    read = work.trained_tokens - work.num_rollouts * work.sampled_tokens
    rate = engines.num_engines * engines.tensor_parallel * gpu.flops_per_s * reached.prefill
    prefill = read * forward_flops(decoder, context) / rate
    return num_steps * step_s / reached.decoding + prefill
