"""Updates that changed nothing: told in the run's history, and too many in a row end the run.

For the warm start and the loop, which keep the count in the run's state. Whether an update is
applied is the trainer's decision, on all of its ranks alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from rl_backend.errors import TrainerError
from rl_backend.records import EventKind
from rl_backend.rundir import RunDir
from rl_backend.trainers.base import UpdateMetrics

MAX_SKIPPED = 3
"""Updates skipped in a row after which a run fails: its weights will not come alive again."""


def count_skipped(
    run: RunDir, updates: Sequence[UpdateMetrics], num_before: int, *, step: int, what: str
) -> int:
    """How many updates in a row were skipped up to now; `num_before` of them before these.

    `what` names the step in the warning that the run's history gets, `step` is the event's.

    Raises:
        TrainerError: there are `MAX_SKIPPED` or more.
    """
    reasons = [update.why_skipped for update in updates if not update.is_applied]
    if not reasons:
        return 0 if updates else num_before
    told = f"{len(reasons)} of {len(updates)} updates of {what} changed nothing: {reasons[-1]}"
    run.append_event(EventKind.WARNING, step, told)
    num_in_a_row = _in_a_row(updates, num_before)
    if num_in_a_row >= MAX_SKIPPED:
        raise TrainerError(
            f"The last {num_in_a_row} updates changed nothing: {reasons[-1]}.",
            hint="Start a new run with a lower learning rate, or from other weights.",
        )
    return num_in_a_row


def _in_a_row(updates: Sequence[UpdateMetrics], num_before: int) -> int:
    """Counts on from `num_before`; an update that was applied begins anew."""
    number = num_before
    for update in updates:
        number = 0 if update.is_applied else number + 1
    return number
