"""Where the rollouts of a warm start lie: a run directory, or one file of rollouts.

For the preflight and for `successes`, which chooses among them. Imports nothing heavy.
"""

from __future__ import annotations

from pathlib import Path

from rl_backend.rundir import RunDir, RunDirError


class RolloutSourceError(ValueError):
    """There are no rollouts to imitate at a path; the message says why."""


def source_run(path: Path) -> RunDir | None:
    """The run of a run directory or of one of its rollout files; None for a file elsewhere.

    Raises:
        RolloutSourceError: there is nothing of the kind.
    """
    if not path.exists():
        raise RolloutSourceError(f"there is no {path}")
    try:
        return RunDir.open(path if path.is_dir() else path.parent.parent)
    except RunDirError as error:
        if path.is_dir():
            raise RolloutSourceError(str(error)) from error
        return None


def rollout_files(path: Path, digest: str) -> list[Path]:
    """The files of rollouts at a path, by step; `digest` is that of the bundle to train on.

    Raises:
        RolloutSourceError: there are none, or they were judged by the rubrics of another bundle.
    """
    run = source_run(path)
    if run is None:
        return [path]
    if run.bundle().digest != digest:
        trained_on = f"{run.bundle().name} {run.bundle().version}"
        raise RolloutSourceError(
            f"{run.id} was trained on another bundle, {trained_on} ({run.bundle().digest[:12]}); "
            "its rewards say nothing about this one"
        )
    if not run.rollout_steps():
        raise RolloutSourceError(f"{run.id} has no rollouts yet")
    return [path] if path.is_file() else [run.rollouts_path(step) for step in run.rollout_steps()]
