"""Decides the checks of criteria: what `checks` declares, applied to a trajectory.

A check that fails to run (a bad expression, say) gives `cannot_assess` with the reason, never
`unmet`. Criteria without a check are left to a judge.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from world_builder import checks
from world_builder.diff import ChangeKind
from world_builder.errors import WorldError
from world_builder.expressions import Names, compile_expression, names_of
from world_builder.facts import find_fact, numbers_in
from world_builder.formats import has_format
from world_builder.frozen import Json
from world_builder.patterns import ignoring_case
from world_builder.rubrics import Criterion, Judgement, Verdict, VerdictValue, judgement
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Task
from world_builder.trajectory import CallRecord, Trajectory

CANNOT_RUN = (WorldError, re.error, ValueError)
"""What is raised where a check cannot run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found."""

    is_met: bool
    reason: str
    evidence: tuple[str, ...] = ()
    """Passages of the response, verbatim."""


@dataclass(frozen=True)
class CheckContext:
    """What checks look at: a task, a trajectory and the world it ran in."""

    task: Task
    trajectory: Trajectory
    base: WorldBase

    @cached_property
    def final_state(self) -> WorldState:
        """The state as the rollout left it."""
        return WorldState.restore(self.base, self.task.start, self.trajectory.diff)

    @cached_property
    def names(self) -> Names:
        """What a `state` check sees."""
        changes: dict[str, Any] = {
            kind.value: [
                {"type": c.entity_type, "id": c.id, "before": c.before, "after": c.after}
                for c in self.trajectory.diff.of_kind(kind)
            ]
            for kind in ChangeKind
        }
        return names_of({**changes, "now": self.final_state.now}, self.final_state)

    @property
    def response(self) -> str:
        return self.trajectory.response

    def succeeded(self, tool: str) -> list[CallRecord]:
        """The calls of a tool that were not refused."""
        return [c for c in self.trajectory.calls if c.call.tool == tool and not c.is_error]


def judge_by_checks(context: CheckContext) -> Judgement:
    """The judgement by checks alone; unscored when a criterion has none."""
    rubric = context.task.rubric
    verdicts = (check_criterion(criterion, context) for criterion in rubric.criteria)
    return judgement(rubric, (v for v in verdicts if v is not None))


def check_rubric(context: CheckContext) -> tuple[tuple[Verdict, ...], tuple[Criterion, ...]]:
    """The verdicts of all checks, and the criteria that are left to a judge."""
    verdicts, left = [], []
    for criterion in context.task.rubric.criteria:
        verdict = check_criterion(criterion, context)
        if verdict is None:
            left.append(criterion)
        else:
            verdicts.append(verdict)
    return tuple(verdicts), tuple(left)


def check_criterion(criterion: Criterion, context: CheckContext) -> Verdict | None:
    """The verdict of a criterion's check; None when it has no check."""
    if criterion.check is None:
        return None
    try:
        outcome = decide(criterion.check, context)
    except CANNOT_RUN as error:
        reason = f"the check could not run: {error}"
        return Verdict(criterion_id=criterion.id, value=VerdictValue.CANNOT_ASSESS, reason=reason)
    value = VerdictValue.MET if outcome.is_met else VerdictValue.UNMET
    return Verdict(
        criterion_id=criterion.id, value=value, reason=outcome.reason, evidence=outcome.evidence
    )


def decide(check: checks.Check, context: CheckContext) -> Outcome:
    """What the check finds. Raises WorldError, re.error or ValueError when it cannot run."""
    return _DECIDERS[check.kind](check, context)


def _contains_any(check: checks.ContainsAny, context: CheckContext) -> Outcome:
    for text in check.texts:
        if passage := find_fact(context.response, text):
            return Outcome(True, f"says {passage!r}", (passage,))
    return Outcome(False, f"says none of: {', '.join(check.texts)}")


def _contains_all(check: checks.ContainsAll, context: CheckContext) -> Outcome:
    passages = {text: find_fact(context.response, text) for text in check.texts}
    missing = [text for text, passage in passages.items() if passage is None]
    found = tuple(passage for passage in passages.values() if passage is not None)
    if missing:
        return Outcome(False, f"does not say: {', '.join(missing)}", found)
    return Outcome(True, f"says {', '.join(repr(p) for p in found)}", found)


def _not_contains(check: checks.NotContains, context: CheckContext) -> Outcome:
    if not context.response.strip():
        return Outcome(False, "there is no response")
    for text in check.texts:
        if passage := find_fact(context.response, text):
            return Outcome(False, f"says {passage!r}", (passage,))
    return Outcome(True, f"does not say: {', '.join(check.texts)}")


def _number(check: checks.Number, context: CheckContext) -> Outcome:
    found = numbers_in(context.response)
    for value, passage in found:
        if abs(value - check.value) <= check.tolerance + 1e-9:
            return Outcome(True, f"says {passage}", (passage,))
    seen = ", ".join(passage for _, passage in found[:8]) or "no number"
    return Outcome(False, f"expected {check.value:g}; found {seen}")


def _matches(check: checks.Matches, context: CheckContext) -> Outcome:
    match = ignoring_case(check.pattern).search(context.response)
    if match is None:
        return Outcome(False, f"nothing matches /{check.pattern}/")
    if not match[0]:
        return Outcome(True, "the answer as a whole fits the pattern")
    return Outcome(True, f"matches: {match[0]!r}", (match[0],))


def _format(check: checks.Format, context: CheckContext) -> Outcome:
    is_met, reason = has_format(check, context.response)
    return Outcome(is_met, reason)


def _tool_called(check: checks.ToolCalled, context: CheckContext) -> Outcome:
    calls = context.succeeded(check.tool)
    fitting = [c for c in calls if _arguments_fit(check.arguments, c)]
    wanted = _call_text(check.tool, check.arguments)
    if len(fitting) < check.at_least:
        tried = sum(c.call.tool == check.tool for c in context.trajectory.calls)
        return Outcome(False, f"{wanted}: {len(fitting)} such calls of {tried} tried")
    if check.at_most is not None and len(fitting) > check.at_most:
        return Outcome(False, f"{wanted}: {len(fitting)} calls, at most {check.at_most} allowed")
    return Outcome(True, f"{wanted}: called {len(fitting)} times")


def _tool_not_called(check: checks.ToolNotCalled, context: CheckContext) -> Outcome:
    if not context.response.strip():
        return Outcome(False, "there is no response")
    wanted = _call_text(check.tool, check.arguments)
    if any(_arguments_fit(check.arguments, c) for c in context.succeeded(check.tool)):
        return Outcome(False, f"{wanted}: was called")
    return Outcome(True, f"{wanted}: was not called")


def _tool_order(check: checks.ToolOrder, context: CheckContext) -> Outcome:
    made = [c.call.tool for c in context.trajectory.calls if not c.is_error]
    order = " then ".join(check.tools)
    remaining = iter(made)
    if all(tool in remaining for tool in check.tools):
        return Outcome(True, f"called in order: {order}")
    return Outcome(False, f"wanted {order}; called {', '.join(made) or 'nothing'}")


def _state(check: checks.StateCheck, context: CheckContext) -> Outcome:
    if compile_expression(check.expression).is_true(context.names):
        return Outcome(True, f"the world fulfils: {check.expression}")
    return Outcome(False, f"the world does not fulfil: {check.expression}")


def _no_collateral(check: checks.NoCollateral, context: CheckContext) -> Outcome:
    if not context.response.strip():
        return Outcome(False, "there is no response")
    strays = [
        f"{change.kind.value} {change.id}"
        for change in context.trajectory.diff.changes
        if not (
            change.entity_type in check.may_create
            if change.kind is ChangeKind.CREATED
            else change.id in check.may_change
        )
    ]
    if strays:
        return Outcome(False, f"also {', '.join(strays)}")
    return Outcome(True, "nothing else changed")


def _all_of(check: checks.AllOf, context: CheckContext) -> Outcome:
    outcomes = [decide(part, context) for part in check.checks]
    evidence = tuple(e for outcome in outcomes for e in outcome.evidence)
    failed = [outcome.reason for outcome in outcomes if not outcome.is_met]
    reasons = failed or [outcome.reason for outcome in outcomes]
    return Outcome(not failed, "; ".join(reasons), evidence)


def _any_of(check: checks.AnyOf, context: CheckContext) -> Outcome:
    outcomes = [decide(part, context) for part in check.checks]
    met = next((outcome for outcome in outcomes if outcome.is_met), None)
    return met or Outcome(False, "; ".join(outcome.reason for outcome in outcomes))


_DECIDERS: dict[str, Callable[[Any, CheckContext], Outcome]] = {
    "contains_any": _contains_any,
    "contains_all": _contains_all,
    "not_contains": _not_contains,
    "number": _number,
    "matches": _matches,
    "format": _format,
    "tool_called": _tool_called,
    "tool_not_called": _tool_not_called,
    "tool_order": _tool_order,
    "state": _state,
    "no_collateral": _no_collateral,
    "all_of": _all_of,
    "any_of": _any_of,
}


def _arguments_fit(wanted: tuple[checks.ArgumentMatch, ...], record: CallRecord) -> bool:
    return all(_argument_fits(match, record.call.arguments.get(match.name)) for match in wanted)


def _argument_fits(match: checks.ArgumentMatch, value: Json) -> bool:
    if match.contains is not None:
        return match.contains.casefold() in str(value).casefold()
    return value == match.equals


def _call_text(tool: str, arguments: tuple[checks.ArgumentMatch, ...]) -> str:
    parts = [
        f"{a.name}={json.dumps(a.equals)}"
        if a.contains is None
        else f"{a.name} with {a.contains!r}"
        for a in arguments
    ]
    return f"{tool}({', '.join(parts)})"
