"""Attention of packed rows, for every device: each token sees its own row and nothing else.

Takes the place of Megatron's `core_attention` in the layer and changes no weight and no name. It
runs torch's fused kernel once for each segment of the prefix tree (`rl_backend.packing`), so a
prompt that sixteen rollouts share is read once, and there is no padding. On CUDA that is the flash
kernel, which wants bfloat16 and takes no mask. Dropout and bias are not supported: nothing here
trains with them. Never run on CUDA by its authors.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.attention.bias import causal_lower_right

from rl_backend.packing import NO_PARENT
from rl_backend.trainers.megatron_quiet import quiet

with quiet():
    from megatron.core.models.gpt.gpt_layer_specs import (
        HAVE_TE,
        get_gpt_decoder_block_spec,
        get_gpt_layer_local_spec,
        get_gpt_layer_with_transformer_engine_spec,
    )
    from megatron.core.transformer.dot_product_attention import DotProductAttention
    from megatron.core.transformer.identity_op import IdentityOp

_POSITIONS = 256
"""Rotary angles are computed for a multiple of so many positions, to be found again."""
_KEPT_MASK_BYTES, _NUM_KEPT_MASKS = 2**20, 256
"""Masks that are found again, and the size up to which one is kept: to make a larger one costs
little beside the attention on it."""


def is_local() -> bool:
    """Whether layers are Megatron's local ones, for want of TransformerEngine or CUDA."""
    return not (HAVE_TE and torch.cuda.is_available())


def layer_spec(*, qk_layernorm: bool) -> Any:
    """Megatron's transformer layer for this device with packed attention in it."""
    spec = (
        get_gpt_layer_local_spec(qk_layernorm=qk_layernorm, normalization="RMSNorm")
        if is_local()
        else get_gpt_layer_with_transformer_engine_spec(qk_layernorm=qk_layernorm)
    )
    spec.submodules.self_attention.submodules.core_attention = PackedAttention
    return spec


def block_spec(megatron_config: Any) -> Any:
    """As `layer_spec`, for a stage with experts in some layers, or with tokens shared out."""
    spec = get_gpt_decoder_block_spec(
        megatron_config, use_transformer_engine=not is_local(), normalization="RMSNorm"
    )
    for layer in spec.layer_specs:
        layer.submodules.self_attention.submodules.core_attention = PackedAttention
    if is_local() and megatron_config.sequence_parallel:
        _share_norms(spec)
    return spec


def _share_norms(spec: Any) -> None:
    """Puts `SharedNorm` where Megatron's local spec has torch's own, which it refuses here."""
    spec.layer_norm = SharedNorm
    for layer in (each.submodules for each in spec.layer_specs):
        layer.input_layernorm = layer.pre_mlp_layernorm = SharedNorm
        inside = layer.self_attention.submodules
        for name in ("q_layernorm", "k_layernorm"):
            if getattr(inside, name) not in (None, IdentityOp):
                setattr(inside, name, SharedNorm)


class SharedNorm(nn.RMSNorm):
    """Torch's norm where each tensor-parallel rank has other tokens: its gradient is summed."""

    def __init__(self, config: Any, hidden_size: int, eps: float = 1e-5, **_others: object) -> None:
        super().__init__(hidden_size, eps=eps, dtype=config.params_dtype)
        self.weight.sequence_parallel = True  # type: ignore[attr-defined]


class PackedAttention(DotProductAttention):  # type: ignore[misc]
    """Each token looks at itself and at the earlier tokens of its row."""

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor,
        attn_mask_type: Any = None,
        attention_bias: Tensor | None = None,
        packed_seq_params: Any = None,
    ) -> Tensor:
        """`[L, 1, heads, size]` each (keys and values may have fewer heads) to `[L, 1, all]`.

        `attention_mask` is no mask: it is `Packed.segments_S`, on the CPU, which Megatron hands to
        every layer under this name.

        Raises:
            NotImplementedError: a bias or Megatron's own packing was given.
        """
        if attention_bias is not None or packed_seq_params is not None:
            raise NotImplementedError("no attention bias and no packing but the prefix tree's")
        segments: list[list[int]] = attention_mask.tolist()
        sizes = [end - start for start, end, _ in segments]
        # Split, not sliced: a slice's backward pass would fill a whole line of zeros each time.
        queries, keys, values = (
            t.permute(1, 2, 0, 3).split(sizes, dim=2) for t in (query, key, value)
        )
        mixed = [
            self._segment(queries[number], _seen(keys, path), _seen(values, path))
            for number, path in enumerate(_paths(segments))
        ]
        return torch.cat(mixed, dim=2).permute(2, 0, 1, 3).flatten(2)

    def _segment(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """What a segment's tokens see, the last of them all of the keys; `[1, heads, L, size]`."""
        is_root = query.shape[2] == key.shape[2]
        mask = None if is_root else lower_right(query.shape[2], key.shape[2], query.device)
        return F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            is_causal=is_root,
            scale=self.softmax_scale,
            enable_gqa=query.shape[1] != key.shape[1],
        )


class PackedRotary(nn.Module):
    """Megatron's rotary embedding for positions that start anew with every row."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self._inner = inner
        self.positions_L: Tensor | None = None
        """Of the tokens that come next; set before each forward pass."""

    def get_rotary_seq_len(self, *_args: object, **_kwargs: object) -> int:
        """Positions that angles are needed for. Megatron asks this before `forward`."""
        if self.positions_L is None:
            raise RuntimeError("no positions were set before the forward pass")
        return -(-(int(self.positions_L.max()) + 1) // _POSITIONS) * _POSITIONS

    def forward(self, num_positions: int, **kwargs: Any) -> Tensor:
        """Angles `[L, 1, 1, size]`."""
        angles: Tensor = self._inner(num_positions, **kwargs)
        return angles if self.positions_L is None else angles[self.positions_L.to(angles.device)]


def _paths(segments: list[list[int]]) -> list[list[int]]:
    """The segments from the root to each one, by number; parents come before their children."""
    paths: list[list[int]] = []
    for number, (_, _, parent) in enumerate(segments):
        paths.append([number] if parent == NO_PARENT else [*paths[parent], number])
    return paths


def _seen(parts: tuple[Tensor, ...], path: list[int]) -> Tensor:
    return parts[path[0]] if len(path) == 1 else torch.cat([parts[n] for n in path], dim=2)


def lower_right(num_queries: int, num_keys: int, device: torch.device) -> Tensor:
    """Lets query i see all keys but those after it, the last query seeing all.

    On CUDA a description, from which torch's attention chooses flash's own alignment: with a mask,
    grouped heads would be left the kernel that writes out all scores. Elsewhere a mask of bool,
    which gives the same bits and spares small segments the choosing.
    """
    if device.type == "cuda":
        described: Tensor = causal_lower_right(num_queries, num_keys)
        return described
    is_small = num_queries * num_keys <= _KEPT_MASK_BYTES
    return _kept_mask(num_queries, num_keys) if is_small else _mask(num_queries, num_keys)


def _mask(num_queries: int, num_keys: int) -> Tensor:
    return torch.ones(num_queries, num_keys, dtype=torch.bool).tril(num_keys - num_queries)


_kept_mask = lru_cache(maxsize=_NUM_KEPT_MASKS)(_mask)
