"""Gives SGLang's `torch_native` attention the batched computation of `attention`.

Imported in a server's process on a CPU before SGLang chooses its backend. What `attention` does not
do (encoders, sliding windows, caches of another type than float32) stays with SGLang's own, which
takes one row at a time and computes all of a row anew when it goes on.
"""

from __future__ import annotations

from typing import Any

import torch
from sglang.srt.layers.attention.attention_registry import register_attention_backend
from sglang.srt.layers.attention.torch_native_backend import TorchNativeAttnBackend
from torch import Tensor

from rl_backend.engines.cpu.attention import DecodePlan, Room, decode, extend


class BatchedAttention(TorchNativeAttnBackend):
    """As its base, in fewer and larger steps."""

    def __init__(self, model_runner: Any) -> None:
        super().__init__(model_runner)
        self._room = Room()
        self._plan: DecodePlan | None = None

    def init_forward_metadata(self, forward_batch: Any) -> None:
        """Called by SGLang before each pass over the layers."""
        super().init_forward_metadata(forward_batch)
        self._plan = None

    def _run_sdpa_forward_decode(
        self,
        query: Tensor,
        output: Tensor,
        k_cache: Tensor,
        v_cache: Tensor,
        req_to_token: Tensor,
        req_pool_indices: Tensor,
        seq_lens: Tensor,
        encoder_lens: Tensor | None = None,
        scaling: float | None = None,
        **options: Any,
    ) -> Tensor:
        if not _is_plain(k_cache, encoder_lens, options):
            super()._run_sdpa_forward_decode(
                query, output, k_cache, v_cache, req_to_token, req_pool_indices, seq_lens,
                encoder_lens, scaling=scaling, **options,
            )  # fmt: skip
            return output
        if self._plan is None:
            places_B_T = req_to_token[req_pool_indices, : int(seq_lens.max())].long()
            self._plan = DecodePlan.of(
                places_B_T, seq_lens, num_heads=query.shape[1], num_keys=k_cache.shape[1]
            )
        output.copy_(decode(query, k_cache, v_cache, self._plan, self._room, scale=scaling))
        return output

    def _run_sdpa_forward_extend(
        self,
        query: Tensor,
        output: Tensor,
        k_cache: Tensor,
        v_cache: Tensor,
        req_to_token: Tensor,
        req_pool_indices: Tensor,
        seq_lens: Tensor,
        extend_prefix_lens: Tensor,
        extend_seq_lens: Tensor,
        encoder_lens: Tensor | None = None,
        scaling: float | None = None,
        **options: Any,
    ) -> Tensor:
        if not (_is_plain(k_cache, encoder_lens, options) and options.get("causal")):
            super()._run_sdpa_forward_extend(
                query, output, k_cache, v_cache, req_to_token, req_pool_indices, seq_lens,
                extend_prefix_lens, extend_seq_lens, encoder_lens, scaling=scaling, **options,
            )  # fmt: skip
            return output
        start = 0
        for row, num_all, num_new in zip(
            req_pool_indices.tolist(), seq_lens.tolist(), extend_seq_lens.tolist(), strict=True
        ):
            places_T = req_to_token[row, :num_all].long()
            new = slice(start, start + num_new)
            output[new] = extend(query[new], k_cache, v_cache, places_T, scale=scaling)
            start += num_new
        return output


def _is_plain(keys: Tensor, encoder_lens: Tensor | None, options: dict[str, Any]) -> bool:
    has_window = options.get("sliding_window_size") is not None
    return keys.dtype == torch.float32 and encoder_lens is None and not has_window


def register() -> None:
    """Puts it in the place of SGLang's own for this process and its forks."""
    register_attention_backend("torch_native")(BatchedAttention)
