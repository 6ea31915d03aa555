"""Runs operations: what each kind of declared behaviour does to a state.

Called by `engine` inside a transaction. A `Refusal` is the agent's to mend and becomes a tool
error; an `ExpressionError` or a `PythonError` is the tool author's, a `SandboxError` nobody's here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from world_builder.entities import EntityType
from world_builder.errors import StateError, UnknownName
from world_builder.expressions import Names, compile_expression, names_of, render_message, to_json
from world_builder.frozen import Json, Record
from world_builder.operations import (
    Assignment,
    Binding,
    Compute,
    Create,
    Get,
    Join,
    Let,
    Operation,
    Precondition,
    Python,
    Rules,
    Search,
    Sequence,
    Severity,
    Transition,
    Update,
)
from world_builder.python_calls import Answers, run_python
from world_builder.records import RecordValidator, references_in
from world_builder.refusals import Refusal
from world_builder.scan import BadArgument
from world_builder.search import search
from world_builder.shown import Shown, joined, listed
from world_builder.state import WorldState
from world_builder.tools import ToolErrorCode


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What operations need to know of the world's declarations."""

    types: dict[str, EntityType]
    validators: dict[str, RecordValidator]
    finders: dict[str, str]
    """By entity type: the tool that searches it, for hints in errors."""
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One call at work: the state it acts on and the names its expressions see."""

    state: WorldState
    names: Names
    catalogue: Catalogue

    def with_value(self, name: str, value: object) -> "Call":
        return Call(self.state, self.names.with_value(name, value), self.catalogue)

    def copied(self) -> "Call":
        """The same call, with names of its own that may be added to."""
        return Call(self.state, self.names.copied(), self.catalogue)

    def evaluate(self, source: str) -> Any:
        return compile_expression(source).evaluate(self.names)

    def is_true(self, source: str) -> bool:
        return compile_expression(source).is_true(self.names)


def run(operation: Operation, call: Call) -> dict[str, Json]:
    """The result of an operation.

    Raises Refusal, ExpressionError, StateError, PythonError or SandboxError.
    """
    return _RUNNERS[operation.kind](operation, call)


def begin(state: WorldState, arguments: dict[str, Json], catalogue: Catalogue) -> Call:
    """A call with `args` and `now` in sight."""
    return Call(state, names_of({"args": arguments, "now": state.now}, state), catalogue)


def _get(operation: Get, call: Call) -> dict[str, Json]:
    record = _entity(call, operation.entity_type, call.evaluate(operation.id))
    shown = call.state.base.shown(operation.entity_type).show(record, operation.fields)
    return joined(shown, {join.name: _joined(join, record, call) for join in operation.joins})


def _joined(join: Join, record: Record, call: Call) -> Shown | list[Shown] | None:
    show = call.state.base.shown(join.entity_type).show
    if join.is_reverse:
        return [show(r) for r in call.state.find(join.entity_type, join.reference, record["id"])]
    value = record.get(join.reference)
    ids = value if isinstance(value, list) else [value]
    found = [call.state.get(join.entity_type, i) for i in ids if isinstance(i, str)]
    records = [show(r) for r in found if r is not None]
    if isinstance(value, list):
        return records
    return records[0] if records else None


def _search(operation: Search, call: Call) -> dict[str, Json]:
    try:
        count, first = search(operation, call.state, call.names)
    except BadArgument as error:
        raise Refusal(ToolErrorCode.INVALID_ARGUMENTS, str(error)) from error
    show = call.state.base.shown(operation.entity_type).show
    return listed(count, [show(record, operation.fields) for record in first])


def _create(operation: Create, call: Call) -> dict[str, Json]:
    call = _prepared(call, operation.bindings, operation.lets, operation.preconditions)
    entity_id = call.state.new_id(operation.entity_type)
    defaults = call.catalogue.validators[operation.entity_type].defaults
    record = {"id": entity_id, **defaults, **_assigned(operation.values, call)}
    return _stored(operation.entity_type, record, call)


def _update(operation: Update, call: Call) -> dict[str, Json]:
    before = _entity(call, operation.entity_type, call.evaluate(operation.id))
    call = call.with_value("it", dict(before))
    call = _prepared(call, operation.bindings, operation.lets, operation.preconditions)
    changes = _assigned(operation.values, call)
    for transition in operation.transitions:
        _check_transition(transition, before, changes, operation.entity_type)
    return _stored(operation.entity_type, {**before, **changes}, call)


def _check_transition(
    transition: Transition, before: Record, changes: dict[str, Json], entity_type: str
) -> None:
    if transition.field not in changes:
        return
    old, new = before.get(transition.field), changes[transition.field]
    allowed = transition.allowed.get(str(old), ())
    if new not in allowed:
        choice = f"from {old!r} it can become: {', '.join(allowed) or 'nothing'}"
        message = (
            f"{entity_type} {before['id']}: {transition.field} cannot become {new!r}; {choice}"
        )
        raise Refusal(ToolErrorCode.PRECONDITION_FAILED, message)


def _compute(operation: Compute, call: Call) -> dict[str, Json]:
    call = _prepared(call, operation.bindings, operation.lets, operation.preconditions)
    return _results(operation.result, call)


def _rules(operation: Rules, call: Call) -> dict[str, Json]:
    call = _prepared(call, operation.bindings, operation.lets, operation.preconditions)
    broken = [rule for rule in operation.rules if call.is_true(rule.when)]
    problems: list[Json] = [
        {
            "rule": rule.id,
            "severity": rule.severity.value,
            "message": render_message(rule.message, call.names),
        }
        for rule in broken
    ]
    is_ok = not any(rule.severity is Severity.ERROR for rule in broken)
    return {"ok": is_ok, "problems": problems}


def _sequence(operation: Sequence, call: Call) -> dict[str, Json]:
    results: dict[str, Json] = {}
    call = call.copied()
    for step in operation.steps:
        skipped = step.when is not None and not call.is_true(step.when)
        result = None if skipped else dict(run(step.operation, call))
        results[step.name] = call.names.values[step.name] = result
    return _results(operation.result, call) if operation.result else results


def _python(operation: Python, call: Call) -> dict[str, Json]:
    answers: Answers = {
        "get": call.state.get,
        "need": partial(_entity, call),
        "find": partial(_found, call),
        "all": call.state.records,
        "create": partial(_new, call),
        "update": partial(_changed, call),
    }
    arguments = call.names.values["args"]
    return run_python(operation, arguments, call.state, answers)


def _found(call: Call, entity_type: str, field: str, value: Json) -> list[Record]:
    declared = call.catalogue.types.get(entity_type)
    if declared is not None and field != "id" and declared.field(field) is None:
        raise UnknownName(f"a {entity_type} has no field {field!r}")
    return call.state.find(entity_type, field, value)


def _new(call: Call, entity_type: str, values: dict[str, Json]) -> Record:
    if "id" in values:
        raise StateError(f"a {entity_type} gets its id from the world: leave it out")
    record = {
        "id": call.state.new_id(entity_type),
        **call.catalogue.validators[entity_type].defaults,
        **values,
    }
    return _stored(entity_type, record, call)


def _changed(call: Call, entity_type: str, entity_id: str, changes: dict[str, Json]) -> Record:
    record = {**_entity(call, entity_type, entity_id), **changes}
    if record["id"] != entity_id:
        raise StateError(f"the id of a {entity_type} stays as it is")
    return _stored(entity_type, record, call)


_RUNNERS: dict[str, Callable[[Any, Call], dict[str, Json]]] = {
    "get": _get,
    "search": _search,
    "create": _create,
    "update": _update,
    "compute": _compute,
    "rules": _rules,
    "sequence": _sequence,
    "python": _python,
}


def _results(lets: tuple[Let, ...], call: Call) -> dict[str, Json]:
    results: dict[str, Json] = {}
    call = call.copied()
    for let in lets:
        results[let.name] = call.names.values[let.name] = to_json(call.evaluate(let.value))
    return results


def _prepared(
    call: Call,
    bindings: tuple[Binding, ...],
    lets: tuple[Let, ...],
    preconditions: tuple[Precondition, ...],
) -> Call:
    call = call.copied()
    values = call.names.values
    for binding in bindings:
        values[binding.name] = _bound(binding, call)
    for let in lets:
        values[let.name] = call.evaluate(let.value)
    for precondition in preconditions:
        if not call.is_true(precondition.check):
            message = render_message(precondition.message, call.names)
            raise Refusal(ToolErrorCode.PRECONDITION_FAILED, message)
    return call


def _bound(binding: Binding, call: Call) -> dict[str, Json] | None:
    entity_id = call.evaluate(binding.id)
    if binding.is_optional:
        record = call.state.get(binding.entity_type, entity_id) if entity_id is not None else None
        return None if record is None else dict(record)
    return dict(_entity(call, binding.entity_type, entity_id))


def _entity(call: Call, entity_type: str, entity_id: object) -> Record:
    record = call.state.get(entity_type, entity_id) if isinstance(entity_id, str) else None
    if record is None:
        finder = call.catalogue.finders.get(entity_type)
        hint = f"; look it up with {finder}" if finder else ""
        raise Refusal(ToolErrorCode.NOT_FOUND, f"no {entity_type} has the id {entity_id!r}{hint}")
    return record


def _assigned(values: tuple[Assignment, ...], call: Call) -> dict[str, Json]:
    chosen = [v for v in values if v.when is None or call.is_true(v.when)]
    return {v.field: to_json(call.evaluate(v.value)) for v in chosen}


def _stored(entity_type: str, record: dict[str, Json], call: Call) -> dict[str, Json]:
    if not call.catalogue.may_write:
        raise StateError("a read-only tool cannot change the world")
    validator = call.catalogue.validators[entity_type]
    errors = validator.errors(record)
    errors += [
        (path, f"no {target} has the id {entity_id!r}")
        for path, target, entity_id in references_in(validator.referring, record)
        if call.state.get(target, entity_id) is None
    ]
    if errors:
        message = "; ".join(f"{path}: {text}" if path else text for path, text in errors)
        raise Refusal(ToolErrorCode.INVALID_VALUE, f"{entity_type} not stored: {message}")
    call.state.put(entity_type, record)
    return record
