"""The check of what a warm start imitates, where that is an earlier run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rl_backend.config import RunConfig
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import Check, CheckState
from rl_backend.rollout_source import RolloutSourceError, rollout_files
from rl_backend.rundir import RunDirError

TITLE = "Warm start"


def warm_start_checks(subject: Subject | None, config: RunConfig) -> Iterator[Check]:
    """Whether the rollouts are there and belong to the bundle; which succeed is not read here."""
    wanted = config.warm_start.rollouts
    if wanted is None or not config.warm_start.num_steps:
        return
    try:
        files = rollout_files(Path(wanted), "" if subject is None else subject.digest)
    except (RolloutSourceError, RunDirError) as error:
        hint = "Name in warm_start.rollouts a run on this bundle."
        yield Check(title=TITLE, state=CheckState.BAD, text=str(error), hint=hint)
        return
    steps = "1 step" if len(files) == 1 else f"{len(files):,} steps"
    text = f"on the successful rollouts of {steps} in {wanted}"
    yield Check(title=TITLE, state=CheckState.GOOD, text=text)
