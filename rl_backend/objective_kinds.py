"""The named choices of an objective, each with its source; no tensor code, so that whoever reads
settings can read their type. `objective` implements them.
"""

from __future__ import annotations

from enum import StrEnum


class RewardKind(StrEnum):
    """Which reward advantages are made of."""

    PROPORTION = "proportion"
    """The rubric's: the share of its criteria that are met. CORECRAFT, equation 1."""
    ALL_OR_NOTHING = "all_or_nothing"
    """1 for a rollout that passes, else 0: a reward that is only checked for its end, as in
    DeepSeek-R1, arXiv 2501.12948, section 2.2.2."""


class RatioLevel(StrEnum):
    """What one ratio speaks about."""

    TOKEN = "token"  # noqa: S105
    """rho_t = pi_new(o_t) / pi_old(o_t), as in PPO and GRPO (arXiv 2402.03300)."""
    SEQUENCE = "sequence"
    """s_i = (pi_new(o_i) / pi_old(o_i)) ** (1 / T_i), the same for all tokens of a row: GSPO
    (arXiv 2507.18071, equation 7). Its bounds are a thousand times smaller, such as 3e-4."""


class Surrogate(StrEnum):
    """How the ratio is held back."""

    CLIP = "clip"
    """min(rho A, clip(rho) A): a token that moved too far has no gradient any more. PPO,
    arXiv 1707.06347, equation 7; bounds apart from each other: DAPO, arXiv 2503.14476."""
    CISPO = "cispo"
    """stop_gradient(clip(rho)) A log pi: its weight is clipped, its gradient never lost.
    MiniMax-M1, arXiv 2506.13585, equation 4."""


class Aggregation(StrEnum):
    """The denominator of the loss."""

    TOKEN = "token"  # noqa: S105
    """All tokens of the batch alike: long responses weigh more. DAPO, arXiv 2503.14476, 3.3; the
    paper's section 4.4."""
    SEQUENCE = "sequence"
    """All responses alike: the mean over each, then over them. GRPO, arXiv 2402.03300, equation 3;
    GSPO uses it too."""
    CONSTANT = "constant"
    """Sum over tokens by responses times a constant length: a token weighs the same whatever the
    length of its response. Dr. GRPO, arXiv 2503.20783, section 3.2."""


class ClipSignal(StrEnum):
    """What steers the upper bound."""

    OFF = "off"
    CLIP_FRACTION = "clip_fraction"
    """Share of tokens cut at the upper bound: above the target the bound widens."""
    ENTROPY = "entropy"
    """Entropy of the policy in nats: below the target the bound widens, so that unlikely tokens may
    rise again."""
