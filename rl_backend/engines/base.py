"""The contract of an engine: tokens in, sampled tokens with their log-probabilities out.

Under the rollout, which renders messages to tokens, and beside the trainer, whose weights an
engine takes over. An engine knows no messages, tools or rewards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rl_backend.types import Completion, PolicyVersion, SamplingParams

if TYPE_CHECKING:
    from torch import Tensor


class Weights(Protocol):
    """Weights of one policy version, which an engine takes in the form that suits it.

    Both methods may take long and are called from threads, several at once. `rl_backend.handover`
    has them.
    """

    def directory(self) -> Path:
        """A Hugging Face directory with them (an absolute path)."""

    def tensors(self) -> Mapping[str, Tensor]:
        """Every tensor, whole, on the CPU, by Hugging Face name."""


class Engine(Protocol):
    """Samples completions from one policy; every method may be called concurrently.

    All methods raise `rl_backend.errors.EngineError` when the engine fails. A failure is never
    returned as an empty completion.
    """

    @property
    def policy_version(self) -> PolicyVersion:
        """The version that new requests are sampled from."""

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The completion of a prompt. `request_id` is unique among requests in flight.

        What it has before a `/` names the group: requests whose prompts begin alike.
        """

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        """Brings weights into force as `version`.

        Returns when every later token is sampled from them. After an error the weights before are
        in force, or the engine samples nothing until it was given weights again.
        """

    async def pause(self) -> None:
        """Holds all sampling; requests in flight wait and keep their tokens."""

    async def resume(self) -> None:
        """Ends a pause."""

    async def close(self) -> None:
        """Frees connections; the engine cannot be used afterwards."""
