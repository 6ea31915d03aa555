"""Causal attention for devices without TransformerEngine, on torch's fused kernel.

Megatron's own local attention writes the whole score matrix, `[rows, heads, T, T]`, several times;
the fused kernel never does. It takes Megatron's place for `core_attention` in the layer and changes
no weight and no name. Dropout and bias are not supported: nothing here trains with them.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from rl_backend.trainers.megatron_quiet import quiet

with quiet():
    from megatron.core.models.gpt.gpt_layer_specs import get_gpt_layer_local_spec
    from megatron.core.transformer.dot_product_attention import DotProductAttention


class FusedCausalAttention(DotProductAttention):  # type: ignore[misc]
    """Each position looks at itself and at earlier ones."""

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        attn_mask_type: Any = None,
        attention_bias: Tensor | None = None,
        packed_seq_params: Any = None,
    ) -> Tensor:
        """`[T, B, heads, size]` each (keys and values may have fewer heads) to `[T, B, all]`.

        `attention_mask` is not read: padding stands at the end, where no real token looks.

        Raises:
            NotImplementedError: a bias or packed rows were given.
        """
        if attention_bias is not None or packed_seq_params is not None:
            raise NotImplementedError("no attention bias and no packed rows without CUDA")
        mixed = F.scaled_dot_product_attention(
            query.permute(1, 2, 0, 3),
            key.permute(1, 2, 0, 3),
            value.permute(1, 2, 0, 3),
            is_causal=True,
            scale=self.softmax_scale,
            enable_gqa=query.shape[2] != key.shape[2],
        )
        return mixed.permute(2, 0, 1, 3).flatten(2)


def local_layer_spec(*, qk_layernorm: bool) -> Any:
    """Megatron's local transformer layer with fused attention in it."""
    spec = get_gpt_layer_local_spec(qk_layernorm=qk_layernorm, normalization="RMSNorm")
    spec.submodules.self_attention.submodules.core_attention = FusedCausalAttention
    return spec
