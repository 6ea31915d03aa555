"""What a segment's tokens see of the segments before it, as torch's attention is told."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.nn.attention.bias import CausalBias, CausalVariant

from rl_backend.trainers import megatron_attention
from rl_backend.trainers.megatron_attention import lower_right

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_a_query_sees_all_keys_but_those_after_it() -> None:
    assert lower_right(2, 4, CPU).tolist() == [[True, True, True, False], [True, True, True, True]]


def test_on_cuda_no_mask_is_made_which_flash_would_refuse() -> None:
    described = lower_right(2, 4, CUDA)
    assert isinstance(described, CausalBias)
    assert described.variant is CausalVariant.LOWER_RIGHT


@pytest.mark.parametrize("num_queries", [1, 7])
@pytest.mark.parametrize("num_kv_heads", [4, 2])
def test_mask_and_description_give_the_same_bits(num_queries: int, num_kv_heads: int) -> None:
    generator = torch.Generator().manual_seed(3)
    shapes = [(1, 4, num_queries, 16), *[(1, num_kv_heads, 20, 16)] * 2]
    given = [torch.randn(shape, generator=generator) for shape in shapes]

    def attended(bias: Tensor) -> list[Tensor]:
        query, key, value = (tensor.clone().requires_grad_() for tensor in given)
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=bias, scale=0.3, enable_gqa=num_kv_heads != 4
        )
        mixed.square().sum().backward()
        grads = [tensor.grad for tensor in (query, key, value)]
        return [mixed, *(grad for grad in grads if grad is not None)]

    by_mask, described = (attended(lower_right(num_queries, 20, where)) for where in (CPU, CUDA))
    assert len(by_mask) == 4
    assert all(torch.equal(*pair) for pair in zip(by_mask, described, strict=True))


def test_only_small_masks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(megatron_attention, "_KEPT_MASK_BYTES", 60)
    assert lower_right(6, 10, CPU) is lower_right(6, 10, CPU)
    assert lower_right(6, 11, CPU) is not lower_right(6, 11, CPU)
