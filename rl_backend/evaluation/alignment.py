"""Two trajectories of one task, call by call: what both did, what only one did.

A global alignment of two short sequences: the same call twice counts most, the same tool with
other arguments less, nothing else may stand side by side. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from world_builder.frozen import Frozen, Json
from world_builder.trajectory import CallRecord


class StepKind(StrEnum):
    """How a step of one policy relates to the other's."""

    SAME = "same"
    """The same call with the same arguments."""
    CHANGED = "changed"
    """The same tool with other arguments."""
    BASELINE_ONLY = "baseline_only"
    TRAINED_ONLY = "trained_only"


class ArgumentChange(Frozen):
    """One argument that differs."""

    name: str
    baseline: Json = None
    """None when it was not given."""
    trained: Json = None
    """None when it was not given."""


class AlignedStep(Frozen):
    """One row of two trajectories side by side."""

    kind: StepKind
    baseline_index: int | None
    """Position among the baseline's calls; None when it made none here."""
    trained_index: int | None
    """Position among the trained policy's calls; None when it made none here."""
    baseline: CallRecord | None
    trained: CallRecord | None
    argument_changes: tuple[ArgumentChange, ...] = ()


def align_calls(
    baseline: Sequence[CallRecord], trained: Sequence[CallRecord]
) -> tuple[AlignedStep, ...]:
    """Every call of both, in order, those that correspond in one row."""
    best = _best_scores(baseline, trained)
    steps: list[AlignedStep] = []
    i = j = 0
    while i < len(baseline) or j < len(trained):
        both = i < len(baseline) and j < len(trained)
        match = _likeness(baseline[i], trained[j]) if both else 0
        if match and best[i][j] == match + best[i + 1][j + 1]:
            steps.append(_row(baseline, trained, i, j))
            i, j = i + 1, j + 1
        elif i < len(baseline) and best[i][j] == best[i + 1][j]:
            steps.append(_row(baseline, trained, i, None))
            i += 1
        else:
            steps.append(_row(baseline, trained, None, j))
            j += 1
    return tuple(steps)


def argument_changes(
    baseline: dict[str, Json], trained: dict[str, Json]
) -> tuple[ArgumentChange, ...]:
    """The arguments that differ, by name."""
    return tuple(
        ArgumentChange(name=name, baseline=baseline.get(name), trained=trained.get(name))
        for name in sorted(baseline.keys() | trained.keys())
        if baseline.get(name) != trained.get(name)
    )


def _best_scores(baseline: Sequence[CallRecord], trained: Sequence[CallRecord]) -> list[list[int]]:
    """best[i][j]: the highest total likeness of baseline[i:] and trained[j:]."""
    best = [[0] * (len(trained) + 1) for _ in range(len(baseline) + 1)]
    for i in reversed(range(len(baseline))):
        for j in reversed(range(len(trained))):
            match = _likeness(baseline[i], trained[j])
            together = match + best[i + 1][j + 1] if match else 0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    return best


def _likeness(a: CallRecord, b: CallRecord) -> int:
    if a.call == b.call:
        return 3
    return 2 if a.call.tool == b.call.tool else 0


def _row(
    baseline: Sequence[CallRecord], trained: Sequence[CallRecord], i: int | None, j: int | None
) -> AlignedStep:
    first = None if i is None else baseline[i]
    second = None if j is None else trained[j]
    changes: tuple[ArgumentChange, ...] = ()
    if first and second:
        kind = StepKind.SAME if first.call == second.call else StepKind.CHANGED
        changes = argument_changes(first.call.arguments, second.call.arguments)
    else:
        kind = StepKind.BASELINE_ONLY if first else StepKind.TRAINED_ONLY
    return AlignedStep(
        kind=kind,
        baseline_index=i,
        trained_index=j,
        baseline=first,
        trained=second,
        argument_changes=changes,
    )
