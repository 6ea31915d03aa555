"""The dictionary of the backend: the frozen data that its stages hand to one another.

A policy in a world makes a `Rollout`, the rollouts of one task are a `RolloutGroup`. A judged
rollout becomes a `TrainingSample`, samples become a `Batch`, an update of the policy on a batch
makes the next `PolicyVersion`. Only data lives here: no behaviour beyond checking that a value is
whole, and no heavy import, since the studio imports this module indirectly.

Axes: `_B` rows (one rollout each), `_T` tokens. Every array that has `_T` is aligned with the
tokens: position t speaks about token t, so `logprobs_B_T[b, t]` is the log-probability of token t
given the tokens before it, and position 0 is never trained on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from world_builder.rubrics import Judgement
from world_builder.trajectory import StopReason, Trajectory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PolicyVersion = NewType("PolicyVersion", int)
"""How many updates were made since the run's starting weights; 0 is the starting policy."""


class Boundary(StrEnum):
    """Where a rollout broke that was not ended by its policy."""

    POLICY = "policy"
    """The engine or the model's API failed."""
    TOOL = "tool"
    """A tool's own declaration failed."""
    RUNTIME = "runtime"
    """The world could not be started, reached or read."""
    CANCELLED = "cancelled"
    """The run was stopped, or the group went on without it."""


BOUNDARIES: dict[StopReason, Boundary] = {
    StopReason.POLICY_ERROR: Boundary.POLICY,
    StopReason.TOOL_ERROR: Boundary.TOOL,
    StopReason.RUNTIME_ERROR: Boundary.RUNTIME,
    StopReason.CANCELLED: Boundary.CANCELLED,
}
"""The boundary of each ending that is not the policy's; scored endings have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineUse:
    """What requests cost an engine; all 0 where it does not say."""

    num_prompt_tokens: int = 0
    """Tokens that were sent, over all requests."""
    num_cached_tokens: int = 0
    """Of these, how many the engine had in its cache."""
    num_retractions: int = 0
    """Times that a running request was put back: for want of room, or while weights came in."""

    def __add__(self, other: EngineUse) -> EngineUse:
        return EngineUse(
            num_prompt_tokens=self.num_prompt_tokens + other.num_prompt_tokens,
            num_cached_tokens=self.num_cached_tokens + other.num_cached_tokens,
            num_retractions=self.num_retractions + other.num_retractions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutTokens:
    """The tokens of one rollout, exactly as the engine saw them.

    The row is `prompt_ids + response_ids`. The response begins with the first sampled token and
    holds everything after it: sampled tokens and the tool results between them.
    """

    prompt_ids: tuple[int, ...]
    """The opening messages with their generation prompt; never empty."""
    response_ids: tuple[int, ...]
    loss_mask: tuple[bool, ...]
    """For each response token: True exactly when the policy sampled it."""
    logprobs: tuple[float, ...]
    """For each response token: its log-probability in the engine, in nats; 0.0 if not sampled."""
    policy_versions: tuple[PolicyVersion, ...]
    """For each response token: the version that sampled it, or that was in force."""
    use: EngineUse = EngineUse()
    """Of all its requests."""

    def __post_init__(self) -> None:
        lengths = {len(self.loss_mask), len(self.logprobs), len(self.policy_versions)}
        if lengths != {len(self.response_ids)}:
            raise ValueError(
                "loss_mask, logprobs and policy_versions must be as long as the "
                f"{len(self.response_ids)} response tokens, got {sorted(lengths)}"
            )
        if not self.prompt_ids:
            raise ValueError("a rollout needs at least one prompt token")
        if any(p and not m for p, m in zip(self.logprobs, self.loss_mask, strict=True)):
            raise ValueError("a token that was not sampled has log-probability 0")

    @property
    def token_ids(self) -> tuple[int, ...]:
        """The whole row."""
        return self.prompt_ids + self.response_ids

    @property
    def num_sampled(self) -> int:
        return sum(self.loss_mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One policy in one world: what happened, the tokens, and, once judged, its judgement."""

    id: str
    """Unique in a run; follows from the seed path, so a repeated run gives the same ids."""
    task_id: str
    index: int
    """Position in its group, from 0."""
    seed: int
    policy: str
    """Name of the policy; judges never see it."""
    policy_version: PolicyVersion
    """The version in force when it began; tokens carry their own."""
    trajectory: Trajectory
    tokens: RolloutTokens | None = None
    """None when no tokens were sampled: scripted policies, model APIs, early failures."""
    judgement: Judgement | None = None
    """None until judged, and for rollouts that were not ended by the policy."""
    duration_s: float = 0.0
    """Seconds from start to end, waiting for a slot not counted."""

    @property
    def boundary(self) -> Boundary | None:
        """Where it broke; None when the policy itself ended it."""
        return BOUNDARIES.get(self.trajectory.stop_reason)

    @property
    def is_lost(self) -> bool:
        """Whether engine or world failed it: another one may do better."""
        return self.boundary in {Boundary.POLICY, Boundary.RUNTIME}

    @property
    def is_judgeable(self) -> bool:
        return self.trajectory.stop_reason.is_scored

    @property
    def is_scored(self) -> bool:
        return self.reward is not None

    @property
    def reward(self) -> float | None:
        """The judged reward; None while unjudged or unscored."""
        return None if self.judgement is None else self.judgement.reward

    @property
    def excluded_reason(self) -> str:
        """Why it counts nowhere; empty when it was scored."""
        if self.boundary is not None:
            return f"{self.boundary.value}: {self.trajectory.stop_detail}"
        if self.judgement is None:
            return "not judged"
        return self.judgement.unscored_reason

    def judged(self, judgement: Judgement) -> Rollout:
        return replace(self, judgement=judgement)

    def cancelled(self, detail: str) -> Rollout:
        """The same one, given up before it was judged."""
        changes = {"stop_reason": StopReason.CANCELLED, "stop_detail": detail}
        return replace(self, trajectory=self.trajectory.model_copy(update=changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutGroup:
    """The rollouts of one task under one policy, judged."""

    task_id: str
    rollouts: tuple[Rollout, ...]
    """All of them, by index: failed ones included, then those that took their places."""
    dropped_reason: str = ""
    """Why the group as a whole is not trained on; empty when it is."""

    @property
    def scored(self) -> tuple[Rollout, ...]:
        """The rollouts that have a reward."""
        return tuple(rollout for rollout in self.rollouts if rollout.is_scored)

    @property
    def rewards(self) -> tuple[float, ...]:
        """The rewards of `scored`, in its order."""
        return tuple(r.reward for r in self.rollouts if r.reward is not None)

    @property
    def num_excluded(self) -> int:
        return len(self.rollouts) - len(self.scored)

    @property
    def is_dropped(self) -> bool:
        return bool(self.dropped_reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSample:
    """One rollout as the trainer sees it: prompt, sampled tokens and tool results in one row."""

    task_id: str
    rollout_id: str
    token_ids: tuple[int, ...]
    """The whole row, as the engine saw it; sampled ids are never tokenised again."""
    loss_mask: tuple[bool, ...]
    """True exactly on the tokens that the policy sampled (or that a demonstration teaches)."""
    engine_logprobs: tuple[float, ...]
    """Log-probability of each sampled token in the engine, in nats; 0.0 where not sampled."""
    policy_versions: tuple[PolicyVersion, ...]
    """The version that sampled each token; on other tokens the version then in force."""
    advantage: float
    """Group advantage, the same for every token of the row."""
    reward: float | None
    """The judged reward; None for a demonstration, which nobody scored."""

    def __post_init__(self) -> None:
        lengths = {
            len(self.token_ids),
            len(self.loss_mask),
            len(self.engine_logprobs),
            len(self.policy_versions),
        }
        if len(lengths) != 1:
            raise ValueError(
                f"sample {self.rollout_id}: token_ids, loss_mask, engine_logprobs and "
                f"policy_versions must have one length, got {sorted(lengths)}"
            )
        if not self.token_ids:
            raise ValueError(f"sample {self.rollout_id}: a sample needs at least one token")
        if self.loss_mask[0]:
            raise ValueError(
                f"sample {self.rollout_id}: the first token has nothing before it, "
                "so it cannot be trained on; start the row with a prompt"
            )

    @property
    def group_id(self) -> str:
        """The group of its rollout, whose id is the group's with an index behind it."""
        return self.rollout_id.rpartition("-")[0]

    @property
    def num_policy_tokens(self) -> int:
        """Number of tokens that carry loss."""
        return sum(self.loss_mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Samples as right-padded arrays; one update trains on one batch.

    Padding has token id `pad_id`, mask False and zeros elsewhere.
    """

    tokens_B_T: NDArray[np.int64]
    lengths_B: NDArray[np.int64]
    """Number of tokens of each row before the padding; 0 marks an empty row."""
    loss_mask_B_T: NDArray[np.bool_]
    engine_logprobs_B_T: NDArray[np.float32]
    """What the engine said when it sampled."""
    old_logprobs_B_T: NDArray[np.float32]
    """Denominator of the ratio: the engine's values, or the trainer's own before the update."""
    advantages_B_T: NDArray[np.float32]
    reference_logprobs_B_T: NDArray[np.float32] | None = None
    """Under the policy that a KL term holds on to; None without such a term."""

    @property
    def num_rows(self) -> int:
        """Size of axis B."""
        return int(self.tokens_B_T.shape[0])

    @property
    def num_tokens(self) -> int:
        """Number of tokens without padding."""
        return int(self.lengths_B.sum())


class FinishReason(StrEnum):
    """Why an engine stopped sampling."""

    STOP = "stop"
    """A stop token was sampled; it is the last token of the completion."""
    LENGTH = "length"
    """The limit of new tokens, or the engine's context, was reached."""
    ABORTED = "aborted"
    """The request was cancelled; the tokens so far are valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How an engine samples one completion."""

    temperature: float
    """0 is greedy; log-probabilities are then those of temperature 1."""
    top_p: float = 1.0
    """Mass of the nucleus; 1.0 samples from the whole distribution."""
    max_new_tokens: int
    stop_token_ids: tuple[int, ...] = ()
    """Sampling any of these ends the completion, and the token is kept."""
    has_fixed_length: bool = False
    """Samples `max_new_tokens` whatever the tokens are; for measuring."""
    seed: int | None = None
    """Makes sampling repeatable where the engine can; None leaves it to the engine."""

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature must not be negative, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must lie in (0, 1], got {self.top_p}")
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens must be at least 1, got {self.max_new_tokens}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Tokens sampled after one prompt."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    """Log-probability of each token at the sampling temperature, in nats."""
    policy_versions: tuple[PolicyVersion, ...]
    """The version that sampled each token; they differ when weights changed on the way."""
    finish_reason: FinishReason
    use: EngineUse = EngineUse()

    def __post_init__(self) -> None:
        lengths = {len(self.token_ids), len(self.logprobs), len(self.policy_versions)}
        if len(lengths) != 1:
            raise ValueError(
                "token_ids, logprobs and policy_versions of a completion must have one length, "
                f"got {sorted(lengths)}"
            )
