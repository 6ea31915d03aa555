"""Builds stock Megatron-core models and moves weights in and out of them.

The first half of the Megatron adapter: process groups, the model configuration, the model on
this rank, and its weights under Hugging Face names. Knows no objective and no optimizer.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from rl_backend import weights
from rl_backend.config import TrainerConfig
from rl_backend.model_shape import ModelShape
from rl_backend.trainers import cpu_standin, megatron_attention, megatron_experts
from rl_backend.trainers.megatron_quiet import quiet
from rl_backend.weights import StateDict

with quiet():
    from megatron.core import parallel_state
    from megatron.core.models.gpt import GPTModel
    from megatron.core.tensor_parallel import random as megatron_random
    from megatron.core.transformer import TransformerConfig
    from megatron.core.transformer.module import Float16Module

_EMBEDDING = "embedding.word_embeddings.weight"
_OUTPUT = "output_layer.weight"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """This rank's place in the job."""

    device: torch.device
    is_group_owner: bool
    """Whether the default process group was started here, and so has to be left here."""


def start_parallel(config: TrainerConfig, *, seed: int) -> Job:
    """Joins the process groups of this job.

    A default process group that is already there is used; else, under `torchrun`, the ranks come
    from its environment; otherwise the process is alone.

    Raises:
        ValueError: the number of processes does not fit the configured parallel sizes.
    """
    is_cuda = torch.cuda.is_available()
    cpu_standin.install(megatron_random)
    if is_cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    is_group_owner = not dist.is_initialized()
    if is_group_owner:
        _init_process_group("nccl" if is_cuda else "gloo")
    model_ranks = config.tensor_parallel * config.pipeline_parallel
    if dist.get_world_size() % model_ranks:
        raise ValueError(
            f"{dist.get_world_size()} processes cannot hold models cut over tensor_parallel x "
            f"pipeline_parallel = {model_ranks} ranks; start a multiple of {model_ranks}"
        )
    parallel_state.initialize_model_parallel(
        tensor_model_parallel_size=config.tensor_parallel,
        pipeline_model_parallel_size=config.pipeline_parallel,
        expert_model_parallel_size=config.expert_parallel,
        expert_tensor_parallel_size=1,
    )
    megatron_random.model_parallel_cuda_manual_seed(seed)
    device = torch.device("cuda", torch.cuda.current_device()) if is_cuda else torch.device("cpu")
    return Job(device=device, is_group_owner=is_group_owner)


def stop_parallel(job: Job) -> None:
    """Leaves the process groups that `start_parallel` joined."""
    parallel_state.destroy_model_parallel()
    if job.is_group_owner:
        dist.destroy_process_group()


def _init_process_group(backend: str) -> None:
    if "RANK" in os.environ:
        dist.init_process_group(backend)
    else:
        store = dist.HashStore()  # type: ignore[attr-defined]
        dist.init_process_group(backend, store=store, rank=0, world_size=1)


def transformer_config(shape: ModelShape, config: TrainerConfig) -> Any:
    """Megatron's configuration of this model on this job.

    Raises:
        ValueError: the model cannot be cut as configured.
    """
    _check_divisible(shape, config)
    dtype = getattr(torch, config.dtype)
    wanted = {
        "num_layers": shape.num_layers,
        "hidden_size": shape.hidden_size,
        "num_attention_heads": shape.num_heads,
        "num_query_groups": shape.num_kv_heads,
        "kv_channels": shape.head_dim,
        "ffn_hidden_size": shape.ffn_size,
        "normalization": "RMSNorm",
        "layernorm_epsilon": shape.norm_epsilon,
        "add_bias_linear": False,
        "add_qkv_bias": shape.has_qkv_bias,
        "qk_layernorm": shape.has_qk_norm,
        "gated_linear_unit": True,
        "activation_func": F.silu,
        "hidden_dropout": 0.0,
        "attention_dropout": 0.0,
        "attention_softmax_in_fp32": True,
        "params_dtype": dtype,
        "pipeline_dtype": dtype,
        "bf16": dtype is torch.bfloat16,
        "use_cpu_initialization": True,
        "tensor_model_parallel_size": config.tensor_parallel,
        "pipeline_model_parallel_size": config.pipeline_parallel,
        # Microbatches differ in length; Megatron ties that to this dispatcher even without MoE.
        "variable_seq_lengths": True,
        "moe_token_dispatcher_type": "alltoall",
        # Gradients are divided once, by the tokens of all microbatches and ranks.
        "calculate_per_token_loss": True,
        "sequence_parallel": config.sequence_parallel,
    }
    if config.recompute != "none":
        wanted |= _RECOMPUTED[config.recompute]
    if shape.experts is not None:
        wanted |= megatron_experts.settings(shape, config)
    if megatron_attention.is_local():
        wanted |= dict.fromkeys(_FUSIONS, False)
    known = {field.name for field in dataclasses.fields(TransformerConfig)}
    return TransformerConfig(**{name: value for name, value in wanted.items() if name in known})


_RECOMPUTED: dict[str, dict[str, object]] = {
    "selective": {"recompute_granularity": "selective", "recompute_modules": ["core_attn"]},
    "full": {
        "recompute_granularity": "full",
        "recompute_method": "uniform",
        "recompute_num_layers": 1,
    },
}
_FUSIONS = (
    "bias_dropout_fusion",
    "bias_activation_fusion",
    "masked_softmax_fusion",
    "apply_rope_fusion",
    "gradient_accumulation_fusion",
    "persist_layer_norm",
)


def _check_divisible(shape: ModelShape, config: TrainerConfig) -> None:
    ranks = config.tensor_parallel
    sizes = {
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.num_kv_heads,
        "intermediate_size": shape.ffn_size,
        "vocab_size": shape.vocab_size,
    }
    for name, size in sizes.items():
        if size % ranks:
            raise ValueError(f"{name}={size} cannot be cut over tensor_parallel={ranks} ranks")
    megatron_experts.check_cut(shape, config)
    if shape.num_layers % config.pipeline_parallel:
        raise ValueError(
            f"num_hidden_layers={shape.num_layers} cannot be cut over "
            f"pipeline_parallel={config.pipeline_parallel} stages"
        )


def build_model(shape: ModelShape, megatron_config: Any, device: torch.device) -> Any:
    """This rank's part of the model, with weights still to be loaded."""
    model = GPTModel(
        megatron_config,
        megatron_attention.layer_spec(qk_layernorm=shape.has_qk_norm)
        if shape.experts is None and not megatron_config.sequence_parallel
        else megatron_attention.block_spec(megatron_config),
        vocab_size=shape.vocab_size,
        max_sequence_length=shape.max_positions,
        pre_process=parallel_state.is_pipeline_first_stage(),
        post_process=parallel_state.is_pipeline_last_stage(),
        parallel_output=True,
        share_embeddings_and_output_weights=shape.has_tied_embeddings,
        position_embedding_type="rope",
        rotary_percent=shape.rotary_share,
        rotary_base=int(shape.rope_theta),
        rope_scaling=shape.llama3_rope_factor is not None,
        rope_scaling_factor=shape.llama3_rope_factor or 1.0,
    )
    model.rotary_pos_emb = megatron_attention.PackedRotary(model.rotary_pos_emb)
    for name, parameter in model.named_parameters():
        if weights.is_expert(name):
            # Every rank of tensor x data parallel that has the expert has other tokens for it.
            parameter.allreduce = False
    model = model.to(device)
    if not megatron_config.bf16:
        return model
    wrapped = Float16Module(megatron_config, model)
    for _, correction in _corrections(wrapped):
        # Megatron's router does this too, when it first computes: too late for what is loaded.
        correction.data = correction.data.float()
    return wrapped


@torch.no_grad()
def load_weights(model: Any, hf_state: StateDict, shape: ModelShape) -> None:
    """Copies Hugging Face weights into this rank's part of the model.

    Raises:
        ValueError: the weights are not those of the shape.
    """
    full = weights.megatron_from_hf(hf_state, shape)
    full.setdefault(_OUTPUT, full[_EMBEDDING])
    rank = parallel_state.get_tensor_model_parallel_rank()
    num_ranks = parallel_state.get_tensor_model_parallel_world_size()
    for name, parameter in _named_weights(model, shape):
        kind = weights.split_kind(name)
        part = weights.shard(full[name], kind, rank=rank, num_ranks=num_ranks)
        if part.shape != parameter.shape:
            raise ValueError(
                f"weight {name} has shape {tuple(part.shape)}, "
                f"the config asks for {tuple(parameter.shape)}"
            )
        parameter.copy_(part)


@torch.no_grad()
def gather_weights(
    model: Any, shape: ModelShape, read: Callable[[Any], Tensor] = lambda parameter: parameter.data
) -> StateDict:
    """The whole model under Hugging Face names, on every rank, on the CPU.

    `read` chooses what is taken of each parameter: by default its value.
    """
    group = parallel_state.get_tensor_model_parallel_group()
    num_ranks = parallel_state.get_tensor_model_parallel_world_size()
    mine: StateDict = {}
    for name, parameter in _named_weights(model, shape):
        value, kind = read(parameter).detach().contiguous(), weights.split_kind(name)
        parts = [value]
        if num_ranks > 1 and kind is not weights.SplitKind.REPLICATED:
            parts = [torch.empty_like(value) for _ in range(num_ranks)]
            dist.all_gather(parts, value, group=group)
        mine[name] = weights.unshard(parts, kind).cpu()
    return weights.hf_from_megatron(_gather_stages(_gather_experts(mine)), shape)


def _gather_experts(mine: StateDict) -> StateDict:
    """The experts of all expert-parallel ranks beside what they share."""
    num_ranks = parallel_state.get_expert_model_parallel_world_size()
    if num_ranks == 1:
        return mine
    parts: list[StateDict | None] = [None] * num_ranks
    own = {name: value for name, value in mine.items() if weights.is_expert(name)}
    group = parallel_state.get_expert_model_parallel_group()
    dist.all_gather_object(parts, own, group=group)
    return mine | {name: value for part in parts if part for name, value in part.items()}


def _gather_stages(mine: StateDict) -> StateDict:
    num_stages = parallel_state.get_pipeline_model_parallel_world_size()
    if num_stages == 1:
        return mine
    stages: list[StateDict | None] = [None] * num_stages
    group = parallel_state.get_pipeline_model_parallel_group()
    dist.all_gather_object(stages, mine, group=group)
    return {name: value for stage in stages if stage for name, value in stage.items()}


def all_weights(model: Any) -> list[Tensor]:
    """Parameters of this rank, and routers' corrections."""
    return [*model.parameters(), *(buffer for _, buffer in _corrections(model))]


def _corrections(model: Any) -> list[tuple[str, Tensor]]:
    """What is added to routers' scores when they choose: kept, loaded and not trained."""
    return [(n, b) for n, b in model.named_buffers() if n.endswith("router.expert_bias")]


def _named_weights(model: Any, shape: ModelShape) -> list[tuple[str, Any]]:
    """Parameters of this rank, and routers' corrections, by their name in the whole model."""
    bare = model.module if isinstance(model, Float16Module) else model
    layers = bare.decoder.layers
    offset = layers[0].layer_number - 1 if len(layers) else 0
    first = megatron_experts.first_expert(shape)
    return [
        (weights.global_name(name, layer_offset=offset, expert_offset=first), value)
        for name, value in [*bare.named_parameters(), *_corrections(bare)]
    ]
