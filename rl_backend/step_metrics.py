"""The figures of one training step, under the names of `metrics`.

Made of the step's harvest, its updates and its timings; a figure that does not exist is left out
and never a zero.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean

from rl_backend.advantages import GroupDrop
from rl_backend.collect import Harvest
from rl_backend.errors import ENGINE_ABORTED
from rl_backend.evaluation.report import num_malformed_calls, num_turns
from rl_backend.records import RolloutRecord
from rl_backend.trainers.base import UpdateMetrics
from rl_backend.types import EngineUse
from world_builder.trajectory import StopReason


class Stopwatch:
    """Seconds per stage of a step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside to `<name>_s`."""
        started = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - started
            self.seconds[f"{name}_s"] = self.seconds.get(f"{name}_s", 0.0) + spent

    def total(self) -> dict[str, float]:
        """All stages, and the whole step as `step_s`."""
        return {**self.seconds, "step_s": time.monotonic() - self._started}


def harvest_metrics(
    harvests: Sequence[Harvest], records: Sequence[RolloutRecord], seconds: float
) -> dict[str, float]:
    """What the rollouts of a step amount to."""
    scored = [record for record in records if record.reward is not None]
    use = sum((h.use for h in harvests), EngineUse())
    details = [r.trajectory.stop_detail for r in records]
    drops = [harvest.advantages.drop for harvest in harvests]
    values: dict[str, float | None] = {
        "reward_mean": _mean(r.reward for r in scored if r.reward is not None),
        "overlong_penalty": _mean(p for harvest in harvests for p in harvest.penalties),
        "reward_std": _mean(h.advantages.std for h in harvests if h.advantages.std is not None),
        "pass_rate": _mean(float(bool(r.is_pass)) for r in scored),
        "num_rollouts": float(len(records)),
        "num_unscored": float(len(records) - len(scored)),
        "num_cancelled": float(
            sum(r.trajectory.stop_reason is StopReason.CANCELLED for r in records)
        ),
        "num_aborted": float(sum(text.startswith(ENGINE_ABORTED) for text in details)),
        "num_retractions": float(use.num_retractions) if use.num_prompt_tokens else None,
        "cached_share": use.num_cached_tokens / use.num_prompt_tokens
        if use.num_prompt_tokens
        else None,
        "num_groups_trained": float(drops.count(None)),
        "num_groups_no_spread": float(drops.count(GroupDrop.NO_SPREAD)),
        "num_groups_too_few_scored": float(drops.count(GroupDrop.TOO_FEW_SCORED)),
        "response_tokens": _mean(float(r.trajectory.num_tokens) for r in scored),
        "num_turns": _mean(float(num_turns(r)) for r in scored),
        "num_calls": _mean(float(len(r.trajectory.calls)) for r in scored),
        "malformed_calls": _mean(float(num_malformed_calls(r)) for r in scored),
        "tool_errors": _mean(float(sum(c.is_error for c in r.trajectory.calls)) for r in scored),
        "final_response_rate": _mean(
            float(r.trajectory.stop_reason is StopReason.FINAL_RESPONSE) for r in scored
        ),
        "rollout_tokens_per_s": sum(r.trajectory.num_tokens for r in records) / seconds
        if seconds
        else None,
    }
    return known(values)


def update_metrics(
    updates: Sequence[UpdateMetrics], num_row_tokens: int, seconds: float
) -> dict[str, float]:
    """What the updates of a step amount to, each weighted by its trained tokens."""
    if not updates:
        return {}

    def mean(pairs: Iterable[tuple[int, float | None]]) -> float | None:
        given = [(n, x) for n, x in pairs if x is not None and n]
        total = sum(n for n, _ in given)
        return math.fsum(n * x for n, x in given) / total if total else None

    values: dict[str, float | None] = {
        "loss": mean((u.num_tokens, u.loss) for u in updates),
        "grad_norm": fmean(u.grad_norm for u in updates),
        "clip_low": mean((u.num_tokens, u.clip_fraction_low) for u in updates),
        "clip_high": mean((u.num_tokens, u.clip_fraction_high) for u in updates),
        "ratio": mean((u.num_tokens, u.ratio_mean) for u in updates),
        "kl": mean((u.num_tokens, u.kl) for u in updates),
        "reference_kl": mean((u.num_tokens, u.reference_kl) for u in updates),
        "engine_kl": mean((u.num_tokens, u.engine_kl) for u in updates),
        "engine_capped": mean((u.num_tokens, u.engine_capped_fraction) for u in updates),
        "engine_masked": mean((u.num_tokens, u.engine_masked_fraction) for u in updates),
        "entropy": mean((u.num_tokens, u.entropy) for u in updates),
        "learning_rate": updates[-1].learning_rate,
        "num_tokens": float(sum(u.num_tokens for u in updates)),
        "num_excluded_tokens": float(sum(u.num_excluded_tokens for u in updates)),
        "num_updates_skipped": float(sum(not u.is_applied for u in updates)),
        "train_tokens_per_s": num_row_tokens / seconds if seconds else None,
    }
    return known(values)


def known(values: dict[str, float | None]) -> dict[str, float]:
    """The figures that exist and are finite."""
    return {
        name: value for name, value in values.items() if value is not None and math.isfinite(value)
    }


def _mean(values: Iterable[float]) -> float | None:
    given = list(values)
    return fmean(given) if given else None
