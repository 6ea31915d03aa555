"""What happens to one microbatch: forward through this rank's part, log-probabilities, loss.

The middle of the Megatron adapter, called back by Megatron's schedule. The vocabulary axis is
cut over tensor-parallel ranks, so everything that sums over it sums over the ranks too.

Axes: `_B` rows, `_T` tokens, `_V` this rank's share of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from rl_backend.batching import Microbatch
from rl_backend.objective import LossInputs, Objective
from rl_backend.trainers.megatron_quiet import quiet

with quiet():
    from megatron.core import parallel_state
    from megatron.core.tensor_parallel import vocab_parallel_cross_entropy

ForwardStep = Callable[[Iterator[Microbatch], Any], tuple[Tensor, Callable[..., Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """How microbatches go through the model."""

    device: torch.device
    temperature: float

    def training_step(self, objective: Objective) -> ForwardStep:
        """A callback whose loss function gives (loss sum, denominator, metric sums)."""

        def step(iterator: Iterator[Microbatch], model: Any) -> tuple[Tensor, Callable[..., Any]]:
            microbatch = next(iterator)
            tokens_B_T, logits = self._logits(microbatch, model)

            def loss(logits_B_T_V: Tensor) -> tuple[Tensor, Tensor, Tensor]:
                scaled = logits_B_T_V[:, :-1].float() / self.temperature
                of = scaled if objective.needs_entropy_gradient else scaled.detach()
                entropies_B_T = F.pad(vocab_parallel_entropy(of), (1, 0))
                sums = objective.sums(
                    next_token_logprobs(scaled, tokens_B_T),
                    LossInputs.from_batch(microbatch.batch, self.device),
                    entropies_B_T,
                )
                return sums.loss, sums.denominator.int(), torch.stack(sums.metrics)

            return logits, loss

        return step

    def scoring_step(self) -> ForwardStep:
        """A callback whose loss function gives the log-probabilities `[B, T]`."""

        def step(iterator: Iterator[Microbatch], model: Any) -> tuple[Tensor, Callable[..., Any]]:
            tokens_B_T, logits = self._logits(next(iterator), model)

            def score(logits_B_T_V: Tensor, non_loss_data: bool = True) -> Tensor:
                del non_loss_data
                scaled = logits_B_T_V[:, :-1].float() / self.temperature
                return next_token_logprobs(scaled, tokens_B_T)

            return logits, score

        return step

    def _logits(self, microbatch: Microbatch, model: Any) -> tuple[Tensor, Tensor]:
        tokens_B_T = torch.from_numpy(microbatch.batch.tokens_B_T).to(self.device)
        positions = torch.arange(tokens_B_T.shape[1], device=self.device)
        return tokens_B_T, model(tokens_B_T, positions.expand_as(tokens_B_T), None)


def next_token_logprobs(scaled_B_T_V: Tensor, tokens_B_T: Tensor) -> Tensor:
    """Log-probability of each token given the tokens before it, `[B, T]`; 0 at position 0.

    `scaled_B_T_V` are the logits at all positions but the last, divided by the temperature.
    Megatron's cross-entropy overwrites what it is given, so it gets a copy.
    """
    logits_first = scaled_B_T_V.transpose(0, 1).contiguous()
    if logits_first.data_ptr() == scaled_B_T_V.data_ptr():
        logits_first = logits_first.clone()
    losses = vocab_parallel_cross_entropy(logits_first, tokens_B_T[:, 1:].t().contiguous())
    return F.pad(-losses.t(), (1, 0))


def vocab_parallel_entropy(logits_B_T_V: Tensor) -> Tensor:
    """Entropy of softmax(logits) in nats, `[B, T]`, over the vocabulary of all ranks.

    Differentiable: each rank gets the gradient of its own share.
    """
    entropies: Tensor = _VocabParallelEntropy.apply(logits_B_T_V)
    return entropies


class _VocabParallelEntropy(torch.autograd.Function):
    """H = log Z - sum p l, and dH/dl = -p (log p + H)."""

    @staticmethod
    def forward(ctx: Any, logits_B_T_V: Tensor) -> Tensor:
        group = parallel_state.get_tensor_model_parallel_group()
        largest = logits_B_T_V.amax(-1, keepdim=True)
        dist.all_reduce(largest, dist.ReduceOp.MAX, group=group)
        shifted = logits_B_T_V - largest
        masses = shifted.exp()
        sums = torch.stack([masses.sum(-1), (masses * shifted).sum(-1)])
        dist.all_reduce(sums, group=group)
        log_total = sums[0].log()
        entropies_B_T = log_total - sums[1] / sums[0]
        ctx.save_for_backward(shifted, log_total, entropies_B_T)
        return entropies_B_T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        shifted, log_total, entropies_B_T = ctx.saved_tensors
        log_share = shifted - log_total[..., None]
        gradient = -log_share.exp() * (log_share + entropies_B_T[..., None])
        result: Tensor = gradient * gradients[0][..., None]
        return result
