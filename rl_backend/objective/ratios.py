"""How much more likely the new policy makes what was sampled: of a token, or of a whole response.

The ratio is what the surrogates clip. Log-ratios are bounded, so that one absurd token gives a
large number and never an infinite one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rl_backend.objective_kinds import RatioLevel

MAX_LOG_RATIO = 20.0


def bounded(log_ratio: Tensor) -> Tensor:
    """The log-ratio within +-20."""
    return log_ratio.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)


def log_ratios(new_B_T: Tensor, old_B_T: Tensor, used_B_T: Tensor, level: RatioLevel) -> Tensor:
    """log rho per token, `[B, T]`; 0 where a token is not used.

    With `SEQUENCE` every used token of a row has the row's log s.
    """
    per_token = torch.where(used_B_T, bounded(new_B_T - old_B_T), 0.0)
    if level is RatioLevel.TOKEN:
        return per_token
    lengths_B = used_B_T.sum(-1).clamp(min=1)
    mean_B = per_token.sum(-1) / lengths_B
    return torch.where(used_B_T, mean_B[:, None], 0.0)


def k3(log_ratio: Tensor) -> Tensor:
    """r - 1 - log r: an unbiased estimate of KL(p || q) for log r = log q - log p under p.

    Never negative. Source: J. Schulman, "Approximating KL divergence", 2020.
    """
    return log_ratio.exp() - 1 - log_ratio
