"""The paired review of a run: its first evaluation against a later one."""

from __future__ import annotations

from rl_backend.evaluation.bundles import open_locked
from rl_backend.evaluation.pairing import PairedReview, compare
from rl_backend.rundir import RunDir


class ReviewError(ValueError):
    """A run has nothing to compare yet; the message says what is missing."""


def review_run(
    run: RunDir, *, baseline_step: int | None = None, trained_step: int | None = None
) -> PairedReview:
    """Two evaluations of a run side by side; None takes its first and its last one.

    Raises:
        ReviewError: there are not two evaluations, or a step has none.
        BundleError: the run's bundle is gone or was changed.
    """
    steps = run.eval_steps()
    if len(steps) < 2:
        raise ReviewError(
            f"{run.id} has {len(steps)} evaluation(s) and a comparison needs two; "
            "let it run to its end or to the next evaluation"
        )
    first = steps[0] if baseline_step is None else baseline_step
    last = steps[-1] if trained_step is None else trained_step
    missing = [step for step in (first, last) if step not in steps]
    if missing:
        raise ReviewError(f"{run.id} has no evaluation after step {missing[0]}; it has {steps}")
    return compare(
        run.eval_rollouts(first),
        run.eval_rollouts(last),
        open_locked(run.bundle()).world.tasks,
        baseline_name=f"step {first}",
        trained_name=f"step {last}",
    )
