"""The check of what corrects for rollouts that are older than the policy that learns from them."""

from __future__ import annotations

from collections.abc import Iterator

from rl_backend.config import RunConfig
from rl_backend.preflight.checks import Check, CheckState

TITLE = "Policy lag"


def policy_lag_checks(config: RunConfig) -> Iterator[Check]:
    """Nothing on-policy and for a warm start alone; else whether older samples are weighed."""
    lag, cap = config.max_policy_lag, config.objective.engine_ratio_cap
    if not lag or not config.num_steps:
        return
    age = f"samples may be {lag} {'update' if lag == 1 else 'updates'} old"
    if cap is not None:
        text = f"{age}; their weight is held at {cap:g} (objective.engine_ratio_cap)"
        yield Check(title=TITLE, state=CheckState.GOOD, text=text)
        return
    text = f"{age}, and nothing corrects for it"
    hint = "Set objective.engine_ratio_cap to 2.0, or max_policy_lag to 0."
    yield Check(title=TITLE, state=CheckState.WARN, text=text, hint=hint)
