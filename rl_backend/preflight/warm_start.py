"""The check of what a warm start imitates, where that is an earlier run or sibling worlds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rl_backend.config import RunConfig
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import Check, CheckState
from rl_backend.rollout_source import RolloutSourceError, rollout_files
from rl_backend.rundir import RunDirError
from world_builder.worlds import WORLD_NAMES

TITLE = "Warm start"


def warm_start_checks(subject: Subject | None, config: RunConfig) -> Iterator[Check]:
    """Whether what it imitates can be had; which rollouts succeeded is not read here."""
    if not config.warm_start.num_steps:
        return
    if config.warm_start.siblings_per_step:
        yield from _siblings(subject)
    if config.warm_start.rollouts is not None:
        yield _rollouts(config.warm_start.rollouts, subject)


def _siblings(subject: Subject | None) -> Iterator[Check]:
    if subject is None or subject.manifest is None or subject.manifest.world in WORLD_NAMES:
        return
    text = (
        f"{subject.manifest.world} has no siblings: only shipped worlds are built from other seeds"
    )
    hint = "Choose another preset, such as tiny: it learns from the tasks' own solutions."
    yield Check(title=TITLE, state=CheckState.BAD, text=text, hint=hint)


def _rollouts(wanted: str, subject: Subject | None) -> Check:
    try:
        files = rollout_files(Path(wanted), "" if subject is None else subject.digest)
    except (RolloutSourceError, RunDirError) as error:
        hint = "Name in warm_start.rollouts a run on this bundle."
        return Check(title=TITLE, state=CheckState.BAD, text=str(error), hint=hint)
    steps = "1 step" if len(files) == 1 else f"{len(files):,} steps"
    text = f"on the successful rollouts of {steps} in {wanted}"
    return Check(title=TITLE, state=CheckState.GOOD, text=text)
