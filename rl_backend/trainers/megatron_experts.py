"""Mixtures of experts in Megatron-core: settings, cuts, and which experts a rank holds.

A part of `megatron_model`. Experts are spread whole over expert-parallel ranks, one matrix after
the other, without grouped kernels; no load-balancing loss is added, since reinforcement learning
trains a router that was balanced before. Never run on CUDA by its authors.
"""

from __future__ import annotations

from rl_backend.config import TrainerConfig
from rl_backend.model_shape import ModelShape
from rl_backend.trainers.megatron_quiet import quiet

with quiet():
    from megatron.core import parallel_state
    from megatron.core.transformer.moe import moe_utils

if not hasattr(moe_utils, "te_general_gemm"):
    # 0.16 forgets to define it where TransformerEngine is absent, and asks for it all the same.
    moe_utils.te_general_gemm = None


def settings(shape: ModelShape, config: TrainerConfig) -> dict[str, object]:
    """Fields of Megatron's configuration for the model's experts; none for a dense model."""
    experts = shape.experts
    if experts is None:
        return {}
    return {
        "num_moe_experts": experts.num,
        "moe_router_topk": experts.per_token,
        "moe_ffn_hidden_size": experts.ffn_size,
        "moe_shared_expert_intermediate_size": experts.shared_ffn_size or None,
        "moe_layer_freq": [int(shape.is_sparse(layer)) for layer in range(shape.num_layers)],
        "moe_router_score_function": "sigmoid" if experts.is_sigmoid else "softmax",
        # A softmax over the chosen alone is that over all, made to sum to 1.
        "moe_router_pre_softmax": not (experts.is_renormalized or experts.is_sigmoid),
        "moe_router_topk_scaling_factor": experts.scaling if experts.scaling != 1.0 else None,
        "moe_router_enable_expert_bias": experts.is_sigmoid,
        "moe_router_bias_update_rate": 0.0,
        "moe_router_load_balancing_type": "none",
        "moe_aux_loss_coeff": 0.0,
        "moe_router_dtype": "fp32",
        "moe_grouped_gemm": False,
        "expert_model_parallel_size": config.expert_parallel,
        "expert_tensor_parallel_size": 1,
    }


def check_cut(shape: ModelShape, config: TrainerConfig) -> None:
    """Raises ValueError when the experts cannot be spread as configured."""
    ranks, experts = config.expert_parallel, shape.experts
    if experts is None:
        if ranks > 1:
            raise ValueError(f"expert_parallel={ranks}: the model has no experts to spread")
        return
    if experts.num % ranks:
        raise ValueError(f"{experts.num} experts cannot be spread over expert_parallel={ranks}")
    if config.tensor_parallel > 1 and not config.sequence_parallel:
        raise ValueError("experts under tensor_parallel > 1 want sequence_parallel = true")


def first_expert(shape: ModelShape) -> int:
    """Number of the first of each layer's experts that this rank holds."""
    if shape.experts is None:
        return 0
    rank: int = parallel_state.get_expert_model_parallel_rank()
    ranks: int = parallel_state.get_expert_model_parallel_world_size()
    return rank * shape.experts.num // ranks
