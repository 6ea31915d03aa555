"""Validates tasks: policy, surface, start state, rubric, checks and reference solution."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from world_builder import checks
from world_builder.operations import Severity
from world_builder.records import Validator, compile_schema, schema_errors
from world_builder.rubrics import Criterion, CriterionKind
from world_builder.tasks import Task
from world_builder.tools import Tool
from world_builder.validation.entities import Ids, regex_error
from world_builder.validation.problems import Problem, duplicates, unknown
from world_builder.validation.tools import expression_problems
from world_builder.wording import counted

MIN_CRITERIA = 3
"""Fewer criteria than this draw a warning."""

_STATE_NAMES = ("created", "updated", "deleted", "now")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a task may name."""

    policies: frozenset[str]
    surfaces: dict[str, dict[str, Tool]]
    """Tools by name, by surface."""
    types: frozenset[str]
    ids: Ids
    validators: dict[str, Validator] = field(default_factory=dict)
    """Of the arguments of tools, by tool, as they are needed."""

    def validator(self, tool: Tool) -> Validator:
        """Raises ValueError when the tool's schema is wrong."""
        if tool.name not in self.validators:
            self.validators[tool.name] = compile_schema(tool.parameters)
        return self.validators[tool.name]


def task_problems(task: Task, around: Surroundings) -> Iterator[Problem]:
    """What is wrong with one task."""
    path = f"tasks.{task.id}"
    if task.system_prompt not in around.policies:
        yield unknown(f"{path}.system_prompt", "policy", task.system_prompt, around.policies)
    tools = around.surfaces.get(task.tool_surface)
    if tools is None:
        yield unknown(f"{path}.tool_surface", "tool surface", task.tool_surface, around.surfaces)
    yield from _start_problems(path, task, around)
    yield from _rubric_problems(f"{path}.rubric", task, around, tools or {})
    if tools is not None:
        yield from _solution_problems(f"{path}.reference_solution", task, tools, around)


def _start_problems(path: str, task: Task, around: Surroundings) -> Iterator[Problem]:
    for i, patch in enumerate(task.start_state):
        where = f"{path}.start_state[{i}]"
        if patch.entity_type not in around.types:
            yield unknown(f"{where}.entity_type", "entity type", patch.entity_type, around.types)
        elif patch.values is None and patch.id not in around.ids.get(patch.entity_type, set()):
            yield unknown(f"{where}.id", patch.entity_type, patch.id, around.ids[patch.entity_type])


def _rubric_problems(
    path: str, task: Task, around: Surroundings, tools: dict[str, Tool]
) -> Iterator[Problem]:
    criteria = task.rubric.criteria
    yield from duplicates(f"{path}.criteria", "criterion", (c.id for c in criteria))
    if not task.rubric.of_kind(CriterionKind.PRIMARY):
        hint = "the reward is the share of primary criteria that are met"
        yield Problem(path=f"{path}.criteria", message="no primary criterion", hint=hint)
    elif len(criteria) < MIN_CRITERIA:
        yield Problem(
            path=f"{path}.criteria",
            message=f"only {counted(len(criteria), 'criterion', 'criteria')}",
            hint=f"say at least {MIN_CRITERIA} things that a right answer must have",
            severity=Severity.WARNING,
        )
    for i, criterion in enumerate(criteria):
        yield from _criterion_problems(f"{path}.criteria[{i}]", criterion, around, tools)


def _criterion_problems(
    path: str, criterion: Criterion, around: Surroundings, tools: dict[str, Tool]
) -> Iterator[Problem]:
    if criterion.check is not None:
        yield from check_problems(f"{path}.check", criterion.check, around, tools)


def check_problems(
    path: str, check: checks.Check, around: Surroundings, tools: dict[str, Tool]
) -> Iterator[Problem]:
    """What is wrong with one check."""
    if isinstance(check, checks.AllOf | checks.AnyOf):
        for i, part in enumerate(check.checks):
            yield from check_problems(f"{path}.checks[{i}]", part, around, tools)
    elif isinstance(check, checks.ToolCalled | checks.ToolNotCalled | checks.ToolOrder):
        yield from _tool_check(path, check, tools)
    elif isinstance(check, checks.NoCollateral):
        for name in check.may_create:
            if name not in around.types:
                yield unknown(f"{path}.may_create", "entity type", name, around.types)
    else:
        yield from _source_problems(path, check)


def _source_problems(path: str, check: checks.Check) -> Iterator[Problem]:
    match check:
        case checks.Matches() if error := regex_error(check.pattern):
            yield Problem(path=f"{path}.pattern", message=f"not a regular expression: {error}")
        case checks.Format(json_schema=dict() as schema):
            try:
                compile_schema(schema)
            except ValueError as error:
                yield Problem(path=f"{path}.json_schema", message=f"not a JSON Schema: {error}")
        case checks.StateCheck():
            yield from expression_problems(f"{path}.expression", check.expression, _STATE_NAMES)


def _tool_check(
    path: str,
    check: checks.ToolCalled | checks.ToolNotCalled | checks.ToolOrder,
    tools: dict[str, Tool],
) -> Iterator[Problem]:
    if isinstance(check, checks.ToolOrder):
        for name in check.tools:
            if name not in tools:
                yield unknown(f"{path}.tools", "tool", name, tools)
        return
    tool = tools.get(check.tool)
    if tool is None:
        yield unknown(f"{path}.tool", "tool", check.tool, tools)
        return
    for match in check.arguments:
        if match.name not in tool.parameter_names:
            yield unknown(f"{path}.arguments", "parameter", match.name, tool.parameter_names)


def _solution_problems(
    path: str, task: Task, tools: dict[str, Tool], around: Surroundings
) -> Iterator[Problem]:
    if task.reference_solution is None:
        yield Problem(
            path=path,
            message="no reference solution",
            hint="solve the task once and record it",
            severity=Severity.WARNING,
        )
        return
    for i, call in enumerate(task.reference_solution.calls):
        tool = tools.get(call.tool)
        if tool is None:
            yield unknown(f"{path}.calls[{i}].tool", "tool", call.tool, tools)
            continue
        try:
            errors = schema_errors(around.validator(tool), call.arguments)
        except ValueError:
            continue  # the schema itself is wrong, and the tool's own problems say so
        for where, message in errors:
            yield Problem(path=f"{path}.calls[{i}].arguments.{where}".rstrip("."), message=message)
