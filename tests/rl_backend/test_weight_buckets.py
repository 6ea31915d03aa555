"""Buckets of weights: all of them, none too large, each tensor where its bucket says."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from rl_backend.weight_buckets import buckets

DTYPES = (torch.float32, torch.bfloat16, torch.uint8)
tensors = st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 5), max_size=3))


def drawn(kinds: list[tuple[torch.dtype, list[int]]]) -> dict[str, Tensor]:
    made = torch.Generator().manual_seed(1)
    return {
        f"w{n}": torch.randint(0, 200, shape, generator=made).to(dtype)
        for n, (dtype, shape) in enumerate(kinds)
    }


@given(st.lists(tensors, max_size=12), st.integers(1, 200))
def test_every_tensor_comes_out_as_it_went_in(
    kinds: list[tuple[torch.dtype, list[int]]], max_bytes: int
) -> None:
    weights = drawn(kinds)
    parts = buckets(weights, max_bytes)
    out: dict[str, Tensor] = {}
    for part in parts:
        assert part.num_bytes <= max_bytes or len(part.places) == 1
        buffer = torch.full((part.num_bytes + 3,), 7, dtype=torch.uint8)
        out |= {name: view.clone() for name, view in part.filled(weights, buffer)}
        assert buffer[part.num_bytes :].tolist() == [7, 7, 7]
    assert out.keys() == weights.keys()
    assert all(torch.equal(out[name], weights[name]) for name in weights)
    assert all(out[name].dtype == weights[name].dtype for name in weights)


def test_places_follow_each_other_wide_elements_first() -> None:
    weights = {
        "half": torch.zeros(3, dtype=torch.bfloat16),
        "a": torch.zeros(2, 2),
        "b": torch.zeros(1),
    }
    [first, second] = buckets(weights, 22)
    assert [(place.name, place.start, place.dtype_name) for place in first.places] == [
        ("a", 0, "float32"),
        ("b", 16, "float32"),
    ]
    assert [(place.name, place.shape, place.num_bytes) for place in second.places] == [
        ("half", (3,), 6)
    ]
