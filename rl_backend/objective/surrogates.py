"""What a token gains, given its ratio and its advantage: the part that is maximised."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The ratio is clipped to [1 - low, 1 + high]."""

    low: float
    high: float
    dual: float | None = None
    """For A < 0 the loss of a token is at most `dual * |A|` (arXiv 1912.09729); None: off."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.low <= 1.0 or self.high < 0.0:
            raise ValueError(
                "clip_low must be in [0, 1] and clip_high 0 or more, "
                f"got {self.low} and {self.high}"
            )
        if self.dual is not None and self.dual <= 1.0:
            raise ValueError(f"dual_clip must be above 1, got {self.dual}")

    def clip(self, ratio: Tensor) -> Tensor:
        return ratio.clamp(1 - self.low, 1 + self.high)


def clip_gain(log_ratio: Tensor, advantages: Tensor, bounds: Bounds) -> Tensor:
    """`Surrogate.CLIP`, per token."""
    ratio = log_ratio.exp()
    gain = torch.minimum(ratio * advantages, bounds.clip(ratio) * advantages)
    if bounds.dual is None:
        return gain
    return torch.where(advantages < 0, torch.maximum(gain, bounds.dual * advantages), gain)


def cispo_gain(log_ratio: Tensor, logprobs: Tensor, advantages: Tensor, bounds: Bounds) -> Tensor:
    """`Surrogate.CISPO`, per token. `dual` has no part in it."""
    return bounds.clip(log_ratio.detach().exp()) * advantages * logprobs
