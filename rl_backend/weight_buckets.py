"""Weights cut into buckets of bounded size, each one run of bytes with a place for every tensor.

For engines that take weights part by part: `engines.shared_weights` and `engines.weight_group` send
what is laid out here. Pure but for `filled`, which copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a tensor is in its bucket."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    start: int
    """Byte of the bucket at which it begins; a multiple of its element's size."""

    @property
    def num_bytes(self) -> int:
        return torch.Size(self.shape).numel() * self.dtype.itemsize

    @property
    def dtype_name(self) -> str:
        """As an attribute of torch, such as `bfloat16`."""
        return str(self.dtype).removeprefix("torch.")

    def of(self, bytes_N: Tensor) -> Tensor:
        """The tensor in a bucket's bytes: a view."""
        part = bytes_N[self.start : self.start + self.num_bytes]
        return part.view(self.dtype).view(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Tensors that travel together, without a gap between them."""

    places: tuple[Place, ...]

    @property
    def num_bytes(self) -> int:
        return sum(place.num_bytes for place in self.places)

    def filled(self, weights: Mapping[str, Tensor], buffer_N: Tensor) -> list[tuple[str, Tensor]]:
        """Copies the bucket's tensors into the buffer and returns them there, with their names."""
        views = [(place.name, place.of(buffer_N)) for place in self.places]
        for name, view in views:
            view.copy_(weights[name])
        return views


def buckets(weights: Mapping[str, Tensor], max_bytes: int) -> list[Bucket]:
    """All tensors, in buckets of at most `max_bytes`; a tensor that is larger has its own.

    Wide elements come first, so that each tensor begins at a multiple of its element's size.
    """
    names = sorted(weights, key=lambda name: -weights[name].dtype.itemsize)
    return [Bucket(places=places) for places in _parts([(n, weights[n]) for n in names], max_bytes)]


def _parts(named: list[tuple[str, Tensor]], max_bytes: int) -> Iterator[tuple[Place, ...]]:
    places: list[Place] = []
    end = 0
    for name, tensor in named:
        if places and end + tensor.nbytes > max_bytes:
            yield tuple(places)
            places, end = [], 0
        places.append(Place(name=name, shape=tuple(tensor.shape), dtype=tensor.dtype, start=end))
        end += tensor.nbytes
    if places:
        yield tuple(places)
