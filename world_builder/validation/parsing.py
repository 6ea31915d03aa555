"""Raw data to types: shape errors of every part become problems, together with the cross-checks."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from world_builder.entities import EntityType
from world_builder.tasks import Task
from world_builder.tools import Tool, ToolSurface
from world_builder.validation.problems import Problem
from world_builder.validation.whole import validate_task, validate_tool, validate_world
from world_builder.world import Policy, World

Model = TypeVar("Model", bound=BaseModel)

_PARTS: dict[str, type[BaseModel]] = {
    "entity_types": EntityType,
    "tools": Tool,
    "surfaces": ToolSurface,
    "policies": Policy,
    "tasks": Task,
}
_SAID = {
    "missing": ("is missing", "add it"),
    "extra_forbidden": ("is not known here", "remove it, or mend the spelling"),
}
_HINTS = {
    "enum": "choose one of these",
    "literal_error": "choose one of these",
    "string_pattern_mismatch": "lower case, digits, `_` and `-`, beginning with a letter",
    "union_tag_invalid": "choose one of these kinds",
    "union_tag_not_found": "say which `kind` it is",
}
"""What to do about a kind of mistake, where pydantic's message does not say it."""


def parse(
    model: type[Model], data: object, *, path: str
) -> tuple[Model | None, tuple[Problem, ...]]:
    """The value that raw data describe, or what is wrong with them, each place below `path`."""
    read, problems = _parse(path, model, data)
    return read, tuple(problems)


def parse_world(data: object) -> tuple[World | None, tuple[Problem, ...]]:
    """The world that raw JSON data describe, and everything that is wrong with it.

    None when parts have the wrong shape; the problems then cover the shapes of all parts and the
    cross-checks of those that could be read.
    """
    if not isinstance(data, dict):
        return None, (Problem(path="world", message="must be a JSON object"),)
    problems: list[Problem] = []
    readable: dict[str, Any] = dict(data)
    for part, model in _PARTS.items():
        readable[part], found = _read_items(part, model, data.get(part, []))
        problems += found
    readable["entities"], found = _read_entities(data.get("entities", {}))
    problems += found
    world, found = _parse("world", World, readable)
    problems += found
    if world is None:
        return None, tuple(problems)
    broken = _broken_names(data, world)
    crossed = [p for p in validate_world(world) if not _is_about(p, broken)]
    return (None if problems else world), (*problems, *crossed)


def parse_tool(world: World, data: object) -> tuple[Tool | None, tuple[Problem, ...]]:
    """The tool that raw data describe, and what is wrong with it in its world."""
    tool, problems = _parse(f"tools.{_name(data)}", Tool, data)
    return tool, tuple(problems) if tool is None else validate_tool(world, tool)


def parse_task(world: World, data: object) -> tuple[Task | None, tuple[Problem, ...]]:
    """The task that raw data describe, and what is wrong with it in its world."""
    task, problems = _parse(f"tasks.{_name(data)}", Task, data)
    return task, tuple(problems) if task is None else validate_task(world, task)


def _parse(path: str, model: type[Model], data: object) -> tuple[Model | None, list[Problem]]:
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [_problem(path, details) for details in error.errors()]


def _problem(path: str, details: Any) -> Problem:
    parts = [p for p in details["loc"] if not (isinstance(p, str) and p.startswith("function-"))]
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts)
    kind = details["type"]
    message, hint = _SAID.get(kind, (details["msg"], _HINTS.get(kind, "")))
    if not hint:
        hint = f"change {_short(details.get('input'))}"
    return Problem(path=f"{path}{where}", message=message, hint=hint)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read_items(
    part: str, model: type[BaseModel], items: object
) -> tuple[list[BaseModel], list[Problem]]:
    if not isinstance(items, list | tuple):
        return [], [Problem(path=part, message="must be a list")]
    read: list[BaseModel] = []
    problems: list[Problem] = []
    for i, item in enumerate(items):
        parsed, found = _parse(f"{part}.{_name(item, str(i))}", model, item)
        problems += found
        if parsed is not None:
            read.append(parsed)
    return read, problems


def _read_entities(entities: object) -> tuple[dict[str, list[object]], list[Problem]]:
    if not isinstance(entities, dict):
        return {}, [Problem(path="entities", message="must be an object: lists of records by type")]
    read: dict[str, list[object]] = {}
    problems: list[Problem] = []
    for name, records in entities.items():
        if not isinstance(records, list | tuple):
            problems.append(Problem(path=f"entities.{name}", message="must be a list of records"))
            continue
        read[name] = [record for record in records if isinstance(record, dict)]
        if len(read[name]) < len(records):
            problems.append(Problem(path=f"entities.{name}", message="holds what is not a record"))
    return read, problems


def _broken_names(data: dict[str, Any], world: World) -> set[str]:
    """Names of parts that could not be read: that others name them is no further problem."""
    read = {t.name for t in world.entity_types} | {t.name for t in world.tools}
    read |= {p.name for p in world.policies} | {s.name for s in world.surfaces}
    given = {_name(item) for part in _PARTS for item in _items(data.get(part))}
    return given - read - {task.id for task in world.tasks}


def _items(part: object) -> Iterable[object]:
    return part if isinstance(part, list | tuple) else ()


def _is_about(problem: Problem, names: set[str]) -> bool:
    return any(problem.message.endswith(f" {name!r}") for name in names)


def _name(item: object, default: str = "?") -> str:
    if isinstance(item, BaseModel):
        item = item.model_dump()
    if isinstance(item, dict):
        return str(item.get("name") or item.get("id") or default)
    return default
