"""What happens to one microbatch: forward through this rank's part, log-probabilities, loss.

The middle of the Megatron adapter, called back by Megatron's schedule. Rows go through the model
packed (`rl_backend.packing`) and come back as rows. The vocabulary axis is cut over tensor-parallel
ranks, so everything that sums over it sums over the ranks too.

Axes: `_B` rows, `_T` tokens, `_L` the packed line, `_N` predicted tokens, `_V` this rank's share of
the vocabulary.
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
from rl_backend.packing import NO_PARENT, Packed
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
    multiple: int = 1
    """The line's length is made a multiple of this, for ranks that share out its tokens."""

    def training_step(self, objective: Objective) -> ForwardStep:
        """A callback whose loss function gives (loss sum, denominator, metric sums)."""

        def step(iterator: Iterator[Microbatch], model: Any) -> tuple[Tensor, Callable[..., Any]]:
            microbatch = next(iterator)
            batch, packed = microbatch.batch, microbatch.packed
            if not objective.needs_context:
                packed = packed.only(batch.loss_mask_B_T)

            def loss(logits_L_V: Tensor) -> tuple[Tensor, Tensor, Tensor]:
                scaled_N_V = self._scaled(logits_L_V, packed)
                of = scaled_N_V if objective.needs_entropy_gradient else scaled_N_V.detach()
                sums = objective.sums(
                    self._rows(self._logprobs(scaled_N_V, packed), packed),
                    LossInputs.from_batch(batch, self.device),
                    self._rows(vocab_parallel_entropy(of), packed),
                )
                return sums.loss, sums.denominator.int(), torch.stack(sums.metrics)

            return self._logits(packed, model), loss

        return step

    def scoring_step(self) -> ForwardStep:
        """A callback whose loss function gives the log-probabilities `[B, T]`."""

        def step(iterator: Iterator[Microbatch], model: Any) -> tuple[Tensor, Callable[..., Any]]:
            packed = next(iterator).packed

            def score(logits_L_V: Tensor, non_loss_data: bool = True) -> Tensor:
                del non_loss_data
                return self._rows(self._logprobs(self._scaled(logits_L_V, packed), packed), packed)

            return self._logits(packed, model), score

        return step

    def _logits(self, packed: Packed, model: Any) -> Tensor:
        """`[1, L, V]` on the last stage, hidden states `[L, 1, H]` before it."""
        length = packed.num_tokens
        padding = -length % self.multiple
        tokens_L = F.pad(torch.from_numpy(packed.tokens_L), (0, padding)).to(self.device)
        positions_L = F.pad(torch.from_numpy(packed.positions_L), (0, padding)).to(self.device)
        _bare(model).rotary_pos_emb.positions_L = positions_L
        segments_S = torch.from_numpy(packed.segments_S)
        if padding:
            alone = segments_S.new_tensor([[length, length + padding, NO_PARENT]])
            segments_S = torch.cat([segments_S, alone])
        result: Tensor = model(tokens_L[None], positions_L[None], segments_S)
        return result

    def _scaled(self, logits_L_V: Tensor, packed: Packed) -> Tensor:
        """The logits that predict, over the temperature, `[N, V]`."""
        sources_N = torch.from_numpy(packed.sources_N).to(self.device)
        return logits_L_V[0, sources_N].float() / self.temperature

    def _logprobs(self, scaled_N_V: Tensor, packed: Packed) -> Tensor:
        targets_N = torch.from_numpy(packed.targets_N).to(self.device)
        return target_logprobs(scaled_N_V, targets_N)

    def _rows(self, values_N: Tensor, packed: Packed) -> Tensor:
        """Values of predicted tokens where the rows have them, `[B, T]`; 0 elsewhere."""
        lookup_B_T = torch.from_numpy(packed.lookup_B_T).to(self.device)
        return F.pad(values_N, (1, 0))[lookup_B_T]


def target_logprobs(scaled_N_V: Tensor, targets_N: Tensor) -> Tensor:
    """Log-probability of each target, `[N]`, over the vocabulary of all ranks.

    Megatron's cross-entropy overwrites what it is given, so it gets a copy.
    """
    losses: Tensor = vocab_parallel_cross_entropy(scaled_N_V[:, None].clone(), targets_N[:, None])
    return -losses[:, 0]


def _bare(model: Any) -> Any:
    """The model inside what Megatron wraps around it."""
    while hasattr(model, "module"):
        model = model.module
    return model


def vocab_parallel_entropy(logits_N_V: Tensor) -> Tensor:
    """Entropy of softmax(logits) in nats, `[N]`, over the vocabulary of all ranks.

    Differentiable: each rank gets the gradient of its own share.
    """
    entropies: Tensor = _VocabParallelEntropy.apply(logits_N_V)
    return entropies


class _VocabParallelEntropy(torch.autograd.Function):
    """H = log Z - sum p l, and dH/dl = -p (log p + H)."""

    @staticmethod
    def forward(ctx: Any, logits_N_V: Tensor) -> Tensor:
        group = parallel_state.get_tensor_model_parallel_group()
        largest = logits_N_V.amax(-1, keepdim=True)
        dist.all_reduce(largest, dist.ReduceOp.MAX, group=group)
        shifted = logits_N_V - largest
        masses = shifted.exp()
        sums = torch.stack([masses.sum(-1), (masses * shifted).sum(-1)])
        dist.all_reduce(sums, group=group)
        log_total = sums[0].log()
        entropies_N = log_total - sums[1] / sums[0]
        ctx.save_for_backward(shifted, log_total, entropies_N)
        return entropies_N

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        shifted, log_total, entropies_N = ctx.saved_tensors
        log_share = shifted - log_total[..., None]
        gradient = -log_share.exp() * (log_share + entropies_N[..., None])
        result: Tensor = gradient * gradients[0][..., None]
        return result
