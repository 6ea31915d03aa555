"""What every trainer can do, and what it says about an update.

The loop knows this protocol alone; `megatron` implements it. Holds no tensor code and imports no
heavy package, so that whoever reads metrics can read their type.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rl_backend.types import Batch, PolicyVersion
from world_builder.frozen import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rl_backend.engines.base import Weights
    from rl_backend.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerInfo:
    """Facts about the machinery, for a run's metadata."""

    package: str
    version: str
    device: str
    is_cpu_standin: bool
    """True when CUDA calls of the package were redirected to the CPU."""
    data_parallel: int
    tensor_parallel: int
    pipeline_parallel: int
    num_parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMetrics:
    """One update, averaged over its trained tokens; a mean is None where it has no meaning."""

    policy_version: PolicyVersion
    """The version that the update made; the one before it when it was not applied."""
    is_applied: bool
    """False when the gradient was not finite or no token carried loss: weights and version stayed
    as they were."""
    learning_rate: float
    loss: float | None
    """None when no token carried loss."""
    num_tokens: int
    """Tokens in the loss."""
    num_excluded_tokens: int
    """Tokens left out because a log-probability was not finite."""
    grad_norm: float
    """Before clipping; not finite when the update was skipped for it."""
    entropy: float | None
    """Mean entropy of the policy at the trained tokens, in nats."""
    ratio_mean: float | None
    clip_fraction_low: float | None
    """Share of tokens whose gain was cut at 1 - clip_low."""
    clip_fraction_high: float | None
    """Share of tokens whose gain was cut at 1 + clip_high."""
    kl: float | None
    """Divergence of the new policy from the old, estimator k3, in nats per token."""
    reference_kl: float | None
    """Divergence of the new policy from the reference, estimator k3, in nats per token."""
    engine_kl: float | None
    """Divergence of the trainer's old log-probabilities from the engine's, in nats per token."""
    engine_capped_fraction: float | None
    """Share of tokens whose trainer-to-engine ratio was above the cap."""
    engine_masked_fraction: float | None
    """Share of tokens that lost their gain because that ratio was out of bounds."""

    @property
    def why_skipped(self) -> str:
        """Why it was not applied; empty when it was."""
        if self.is_applied:
            return ""
        if self.num_tokens:
            return f"the norm of the gradient is {self.grad_norm}"
        return (
            f"no token carried loss, and {self.num_excluded_tokens} were left out because a "
            "log-probability is not finite"
        )


class Trainer(Protocol):
    """A policy that can be updated, saved and handed to an engine."""

    @property
    def policy_version(self) -> PolicyVersion:
        """The version of the weights held now."""

    @property
    def info(self) -> TrainerInfo:
        """Facts for the run's metadata."""

    def compute_logprobs(self, batch: Batch, *, temperature: float = 1.0) -> NDArray[np.float32]:
        """Log-probability of every token under softmax(logits / temperature), `[B, T]`.

        Aligned with the batch's tokens; 0 on padding and at position 0. All ranks get all rows.
        """

    def set_reference(self, directory: Path) -> None:
        """Takes the Hugging Face weights of `directory` for what a KL term holds on to."""

    def compute_reference_logprobs(
        self, batch: Batch, *, temperature: float = 1.0
    ) -> NDArray[np.float32]:
        """As `compute_logprobs`, under the reference. Raises ValueError when there is none."""

    def train_step(
        self,
        batch: Batch,
        objective: Objective,
        *,
        temperature: float = 1.0,
        learning_rate: float | None = None,
    ) -> UpdateMetrics:
        """One update on the whole batch; makes the next policy version, unless it is skipped.

        `temperature` is the one the rollouts were sampled at. `learning_rate` None takes the
        configured one; schedules belong to the caller, as functions of its step. Every rank
        passes the same batch.
        """

    def save_checkpoint(self, directory: Path, extra: dict[str, Json] | None = None) -> None:
        """Saves everything a resumed run needs, whole or not at all; `extra` is the caller's."""

    def load_checkpoint(self, directory: Path) -> dict[str, Json]:
        """Restores a checkpoint and returns its `extra`."""

    def export_hf(self, directory: Path) -> None:
        """Writes the weights as a Hugging Face directory that an engine can load."""

    def gather(self, directory: Path) -> Weights:
        """The weights as they are now, in this process's memory.

        They are written to `directory` (an absolute path) only when an engine wants a directory.
        """

    def close(self) -> None:
        """Frees process groups; the trainer is of no use afterwards."""
