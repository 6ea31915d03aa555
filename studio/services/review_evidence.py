"""What a pair itself says of what was learned: signs that a reviewer may confirm with a tag.

Drawn from the aligned calls and the criteria that flipped; a sign is a hint and never a tag.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rl_backend.evaluation.alignment import AlignedStep, StepKind
from rl_backend.evaluation.pairing import PairedVerdict
from world_builder.rubrics import CriterionCategory

_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Evidence for each tag, in words; empty without any."""

    multi_step_workflow: str
    constraint_handling: str
    response_quality: str


def signs_of(steps: Sequence[AlignedStep], verdicts: Sequence[PairedVerdict]) -> Signs:
    """The signs of one pair: steps made, arguments given, parts present."""
    constraints = _gained(verdicts, {CriterionCategory.CONSTRAINT})
    parts = _gained(verdicts, set(CriterionCategory) - {CriterionCategory.CONSTRAINT})
    return Signs(
        multi_step_workflow=_new_calls(steps),
        constraint_handling="; ".join(filter(None, (_new_arguments(steps), constraints))),
        response_quality=parts,
    )


def _new_calls(steps: Sequence[AlignedStep]) -> str:
    calls = [s.trained for s in steps if s.kind is StepKind.TRAINED_ONLY and s.trained]
    tools = dict.fromkeys(call.call.tool for call in calls if not call.is_error)
    return f"also calls {_some(tools)}" if tools else ""


def _new_arguments(steps: Sequence[AlignedStep]) -> str:
    given = {
        f"{step.trained.call.tool} {change.name}": None
        for step in steps
        if step.kind is StepKind.CHANGED and step.trained
        for change in step.argument_changes
        if change.baseline is None and change.trained is not None
    }
    return f"now gives {_some(given)}" if given else ""


def _gained(verdicts: Sequence[PairedVerdict], categories: set[CriterionCategory]) -> str:
    texts = [v.text.rstrip(". ") for v in verdicts if v.is_gained and v.category in categories]
    return f"now meets: {_some(texts, '; ')}" if texts else ""


def _some(words: Iterable[str], between: str = ", ") -> str:
    every = list(words)
    more = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return between.join(every[:_MOST]) + more
