"""Makes a runner of each operation: what that kind of declared behaviour does to a state.

Called by `engine`, once for a tool; its runners are then called for each call, inside a transaction
if they write. A `Refusal` is the agent's to mend and becomes a tool error; an `ExpressionError` or
a `PythonError` is the tool author's, a `SandboxError` nobody's here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from world_builder.expressions import render_message
from world_builder.frozen import Json, Record
from world_builder.names import Names
from world_builder.operations import (
    Binding,
    Compute,
    Create,
    Get,
    Join,
    Operation,
    Python,
    Rule,
    Rules,
    Search,
    Sequence,
    Severity,
    Update,
)
from world_builder.programs import (
    assigning,
    breaking,
    preparing,
    resulting,
    truth_of,
    value_of,
)
from world_builder.python_answers import answers
from world_builder.python_calls import run_python
from world_builder.refusals import Refusal
from world_builder.scan import BadArgument
from world_builder.search import Finder
from world_builder.shown import Answer, Joined, joined, listed
from world_builder.state import WorldState
from world_builder.storing import Catalogue, check_transition
from world_builder.tools import ToolErrorCode

Runner: TypeAlias = Callable[[WorldState, Names], dict[str, Json] | Answer]
"""Does an operation: gives its result.

Raises Refusal, ExpressionError, StateError, UnknownName, PythonError or SandboxError.
"""


def runner(operation: Operation, catalogue: Catalogue) -> Runner:
    """What does the operation, all that no call changes being done."""
    return _MAKERS[operation.kind](operation, catalogue)


def _get(operation: Get, catalogue: Catalogue) -> Runner:
    entity_type, fields = operation.entity_type, operation.fields
    id_of, joiners = value_of(operation.id), {j.name: _joiner(j) for j in operation.joins}
    names_of_joins = tuple(sorted(joiners))

    def get(state: WorldState, names: Names) -> Answer:
        record = catalogue.needed(state, entity_type, id_of(names))
        shown = state.base.shown(entity_type).show((record,), fields)[0]
        joins = {name: join(state, record) for name, join in joiners.items()}
        return joined(shown, joins, names_of_joins)

    return get


def _joiner(join: Join) -> Callable[[WorldState, Record], Joined]:
    target, reference = join.entity_type, join.reference

    def reverse(state: WorldState, record: Record) -> Joined:
        found = state.find(target, reference, record["id"])
        return state.base.shown(target).show(found)

    def forward(state: WorldState, record: Record) -> Joined:
        value = record.get(reference)
        ids = value if isinstance(value, list) else [value]
        found = [state.get(target, i) for i in ids if isinstance(i, str)]
        records = state.base.shown(target).show([r for r in found if r is not None])
        if isinstance(value, list):
            return records
        return records[0] if records else None

    return reverse if join.is_reverse else forward


def _search(operation: Search, catalogue: Catalogue) -> Runner:
    finder = Finder(operation)

    def search(state: WorldState, names: Names) -> Answer:
        try:
            count, first = finder.find(state, names)
        except BadArgument as error:
            raise Refusal(ToolErrorCode.INVALID_ARGUMENTS, str(error)) from error
        shown = state.base.shown(operation.entity_type).show(first, operation.fields)
        return listed(count, shown)

    return search


def _create(operation: Create, catalogue: Catalogue) -> Runner:
    prepare, assign = _preparing(operation, catalogue), assigning(operation.values)

    def create(state: WorldState, names: Names) -> dict[str, Json]:
        prepared = prepare(state, names.copied())
        return catalogue.created(state, operation.entity_type, lambda: assign(prepared))

    return create


def _update(operation: Update, catalogue: Catalogue) -> Runner:
    prepare, assign = _preparing(operation, catalogue), assigning(operation.values)
    entity_type, id_of = operation.entity_type, value_of(operation.id)

    def update(state: WorldState, names: Names) -> dict[str, Json]:
        before = catalogue.needed(state, entity_type, id_of(names))
        changes = assign(prepare(state, names.with_value("it", _as_dict(before))))
        for transition in operation.transitions:
            check_transition(transition, before, changes, entity_type)
        return catalogue.changed(state, entity_type, before, changes)

    return update


def _compute(operation: Compute, catalogue: Catalogue) -> Runner:
    prepare, results = _preparing(operation, catalogue), resulting(operation.result)
    return lambda state, names: results(prepare(state, names.copied()))


def _rules(operation: Rules, catalogue: Catalogue) -> Runner:
    prepare, broken_in = _preparing(operation, catalogue), breaking(operation.rules)

    def rules(state: WorldState, names: Names) -> dict[str, Json]:
        prepared = prepare(state, names.copied())
        broken = broken_in(prepared)
        is_ok = not any(rule.severity is Severity.ERROR for rule in broken)
        return {"ok": is_ok, "problems": [_problem(rule, prepared) for rule in broken]}

    return rules


def _problem(rule: Rule, names: Names) -> Json:
    message = render_message(rule.message, names)
    return {"rule": rule.id, "severity": rule.severity.value, "message": message}


def _sequence(operation: Sequence, catalogue: Catalogue) -> Runner:
    steps = [
        (
            step.name,
            None if step.when is None else truth_of(step.when),
            runner(step.operation, catalogue),
        )
        for step in operation.steps
    ]
    result = resulting(operation.result) if operation.result else None

    def sequence(state: WorldState, names: Names) -> dict[str, Json]:
        results: dict[str, Json] = {}
        names = names.copied()
        for name, when, run in steps:
            is_skipped = when is not None and not when(names)
            results[name] = names.values[name] = None if is_skipped else _value(run(state, names))
        return results if result is None else result(names)

    return sequence


def _value(result: dict[str, Json] | Answer) -> dict[str, Json]:
    """A value of its own, that later steps see and that may be changed."""
    return result.value() if isinstance(result, Answer) else dict(result)


def _python(operation: Python, catalogue: Catalogue) -> Runner:
    def python(state: WorldState, names: Names) -> dict[str, Json]:
        return run_python(operation, names.values["args"], state, answers(state, catalogue))

    return python


_MAKERS: dict[str, Callable[[Any, Catalogue], Runner]] = {
    "get": _get,
    "search": _search,
    "create": _create,
    "update": _update,
    "compute": _compute,
    "rules": _rules,
    "sequence": _sequence,
    "python": _python,
}


def _preparing(
    operation: Create | Update | Compute | Rules, catalogue: Catalogue
) -> Callable[[WorldState, Names], Names]:
    """Adds all that the operation binds to the names, and raises unless its preconditions hold."""
    program = preparing(operation.bindings, operation.lets, operation.preconditions)

    def prepare(state: WorldState, names: Names) -> Names:
        program(names, partial(_bound, state, catalogue))
        return names

    return prepare


def _bound(
    state: WorldState, catalogue: Catalogue, binding: Binding, entity_id: Any
) -> Record | None:
    if not binding.is_optional:
        return _as_dict(catalogue.needed(state, binding.entity_type, entity_id))
    record = state.get(binding.entity_type, entity_id) if entity_id is not None else None
    return None if record is None else _as_dict(record)


def _as_dict(record: Record) -> dict[str, Json]:
    """The record as expressions know it."""
    return record if type(record) is dict else dict(record)
