"""Random batches with their logits, small enough for finite differences."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from rl_backend.objective import LossInputs
from rl_backend.types import Batch
from tests.rl_backend.trainers.family import family_batch

NUM_ROWS, LENGTH, VOCABULARY = 3, 6, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LossCase:
    """Logits at all positions but the last, and a batch to hold them against."""

    logits_B_T_V: Tensor
    tokens_B_T: Tensor
    batch: Batch
    inputs: LossInputs

    @property
    def logprobs_B_T(self) -> Tensor:
        return self.logprobs_of(self.logits_B_T_V)

    @property
    def entropies_B_T(self) -> Tensor:
        return self.entropies_of(self.logits_B_T_V)

    def logprobs_of(self, logits_B_T_V: Tensor) -> Tensor:
        found = torch.log_softmax(logits_B_T_V, -1).gather(-1, self.tokens_B_T[:, 1:, None])
        return F.pad(found[..., 0], (1, 0))

    def entropies_of(self, logits_B_T_V: Tensor) -> Tensor:
        log_all = torch.log_softmax(logits_B_T_V, -1)
        return F.pad(-(log_all.exp() * log_all).sum(-1), (1, 0))


def random_case(seed: int, dtype: torch.dtype = torch.float32) -> LossCase:
    """Rows of different lengths with ratios on both sides of every bound."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(VOCABULARY, (NUM_ROWS, LENGTH), generator=generator)
    logits = torch.randn(NUM_ROWS, LENGTH - 1, VOCABULARY, generator=generator, dtype=dtype)
    lengths = np.array([LENGTH, LENGTH - 1, LENGTH - 2])
    mask = torch.rand(NUM_ROWS, LENGTH, generator=generator).numpy() > 0.25
    mask &= (np.arange(LENGTH)[None] > 0) & (np.arange(LENGTH)[None] < lengths[:, None])
    mask[:, 1] = True
    zeros = np.zeros((NUM_ROWS, LENGTH), dtype=np.float32)
    advantages = torch.randn(NUM_ROWS, 1, generator=generator).expand(-1, LENGTH)
    batch = Batch(
        tokens_B_T=tokens.numpy(),
        lengths_B=lengths,
        loss_mask_B_T=mask,
        engine_logprobs_B_T=zeros,
        old_logprobs_B_T=zeros,
        advantages_B_T=np.ascontiguousarray(advantages.numpy()),
    )
    bare = LossCase(
        logits_B_T_V=logits.requires_grad_(),
        tokens_B_T=tokens,
        batch=batch,
        inputs=LossInputs.from_batch(batch, torch.device("cpu")),
    )
    given = family_batch(batch, bare.logprobs_B_T.float())
    return replace(bare, batch=given, inputs=LossInputs.from_batch(given, torch.device("cpu")))
