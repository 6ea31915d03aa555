"""How a model is cut over devices, and how much of it the fullest device then holds.

Experts are cut over `expert_parallel` ranks and never over tensor-parallel ones, as the published
recipes for large mixtures do. Pipeline stages hold equally many layers.
"""

from __future__ import annotations

from dataclasses import dataclass

from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.parameters import Parameters, layer_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The trainer's parallel sizes and how it saves memory."""

    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    expert_parallel: int = 1
    data_parallel: int = 1
    is_recomputed: bool = False
    """Whether a layer's activations are computed anew in the backward pass (Megatron's `full`)."""
    is_sequence_parallel: bool = False
    """Whether what lies between the tensor-parallel matrices is cut over tokens as well."""
    is_optimizer_on_cpu: bool = False
    """Whether master weights and moments lie in the memory of the host."""

    @property
    def num_gpus(self) -> int:
        return self.tensor_parallel * self.pipeline_parallel * self.data_parallel

    @property
    def expert_data_parallel(self) -> int:
        """Ranks that hold the same experts."""
        return max(1, self.tensor_parallel * self.data_parallel // self.expert_parallel)

    def problems(self, decoder: Decoder) -> tuple[str, ...]:
        """Why this decoder cannot be cut so; empty when it can."""
        tensor, experts = self.tensor_parallel, self.expert_parallel
        cut = {
            "attention heads": (decoder.num_heads, tensor),
            "key-value heads": (decoder.num_kv_heads, tensor),
            "dense feed-forward width": (decoder.ffn_size, tensor),
            "vocabulary": (decoder.vocab_size, tensor),
            "layers": (decoder.num_layers, self.pipeline_parallel),
            "experts": (decoder.num_experts, experts),
            "tensor x data parallel ranks": (tensor * self.data_parallel, experts),
        }
        found = [f"{n} {what} over {ranks}" for what, (n, ranks) in cut.items() if n % ranks]
        if experts > 1 and not decoder.is_sparse:
            found.append("no experts to cut: the model is dense")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The fullest device's part of the model."""

    dense: float
    """Parameters whose optimizer state data-parallel ranks share."""
    experts: float
    """Parameters of routed experts, whose state expert-data-parallel ranks share."""

    @property
    def total(self) -> float:
        return self.dense + self.experts


def largest_share(decoder: Decoder, layout: Layout) -> Share:
    """What the device with most parameters holds: it is on the first or the last stage."""
    per_stage = decoder.num_layers // layout.pipeline_parallel
    first = layer_parameters(decoder, range(per_stage))
    last = layer_parameters(decoder, range(decoder.num_layers - per_stage, decoder.num_layers))
    table = decoder.vocab_size * decoder.hidden_size
    is_alone = layout.pipeline_parallel == 1
    both = 1 if decoder.has_tied_embeddings else 2
    stages = [_share(first, table * (both if is_alone else 1), layout)]
    if not is_alone:
        stages.append(_share(last, table, layout))
    return max(stages, key=lambda share: share.total)


def _share(layers: Parameters, tables: int, layout: Layout) -> Share:
    cut = layers.attention + layers.dense_ffn + layers.shared_experts + tables
    whole = layers.norms + layers.routers
    return Share(
        dense=cut / layout.tensor_parallel + whole, experts=layers.experts / layout.expert_parallel
    )
