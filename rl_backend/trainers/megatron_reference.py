"""A second set of weights in the place of the trained ones: the policy that a KL term holds on to.

The model is built once; the reference's share of this rank lies on the CPU and changes places with
the trained weights while it scores. No optimizer and no gradient ever sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from rl_backend import hf_checkpoint
from rl_backend.model_shape import ModelShape
from rl_backend.trainers import megatron_model


class Reference:
    """This rank's weights of another policy of the same shape."""

    def __init__(self, weights: list[Tensor]) -> None:
        self._weights = weights

    @classmethod
    def load(cls, directory: Path, model: Any, shape: ModelShape) -> Self:
        """From a Hugging Face directory; the model keeps its own weights. Raises ValueError."""
        trained = _copied(model)
        try:
            megatron_model.load_weights(model, hf_checkpoint.read_weights(directory), shape)
            return cls(_copied(model))
        finally:
            _put(model, trained)

    @contextmanager
    def in_place_of(self, model: Any) -> Iterator[None]:
        """While entered the model computes as the reference."""
        trained = _copied(model)
        _put(model, self._weights)
        try:
            yield
        finally:
            _put(model, trained)


def _copied(model: Any) -> list[Tensor]:
    return [weight.detach().to("cpu", copy=True) for weight in megatron_model.all_weights(model)]


@torch.no_grad()
def _put(model: Any, weights: list[Tensor]) -> None:
    for held, weight in zip(megatron_model.all_weights(model), weights, strict=True):
        held.copy_(weight)
