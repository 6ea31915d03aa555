"""As much of a task's data as can be read, so that half-typed tasks can be run and judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from world_builder.frozen import Json
from world_builder.rubrics import Criterion, Rubric
from world_builder.tasks import Category, ReferenceSolution, Start, Task
from world_builder.tools import ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A criterion that cannot be read."""

    id: str
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What could be read of a task."""

    task: Task
    """Not validated: the parts that cannot be read are left out."""
    unreadable: tuple[Unreadable, ...]
    order: tuple[str, ...]
    """The ids of all criteria, unreadable ones included."""


def readable_task(data: Mapping[str, Json]) -> Readable:
    """What can be read of a task's data."""
    rubric = data.get("rubric")
    given = rubric.get("criteria") if isinstance(rubric, dict) else None
    criteria: list[Criterion] = []
    unreadable: list[Unreadable] = []
    order: list[str] = []
    for index, item in enumerate(given if isinstance(given, list) else []):
        parts = item if isinstance(item, dict) else {}
        key = str(parts.get("id") or index)
        order.append(key)
        try:
            criteria.append(Criterion.model_validate(item))
        except ValidationError as error:
            text = str(parts.get("text") or "")
            unreadable.append(Unreadable(id=key, text=text, why=_first(error)))
    task = _task(data, _rubric(rubric, tuple(criteria)))
    return Readable(task=task, unreadable=tuple(unreadable), order=tuple(order))


def _task(data: Mapping[str, Json], rubric: Rubric) -> Task:
    start = _start(data)
    return Task.model_construct(
        id=str(data.get("id") or "draft"), title="", category=Category.REASONING,
        prompt=str(data.get("prompt") or ""),
        intent=str(data.get("intent") or ""), system_prompt=str(data.get("system_prompt") or ""),
        tool_surface=start.tool_surface, start_state=start.start_state, now=start.now,
        rubric=rubric, reference_solution=_solution(data.get("reference_solution")),
    )  # fmt: skip


def _first(error: ValidationError) -> str:
    details = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in details['loc'])}: {details['msg']}"


def _start(data: Mapping[str, Json]) -> Start:
    parts = {
        "tool_surface": data.get("tool_surface") or "default",
        "start_state": data.get("start_state") or (),
        "now": data.get("now"),
    }
    for names in (("tool_surface", "start_state", "now"), ("tool_surface", "now"), ()):
        try:
            return Start.model_validate({name: parts[name] for name in names})
        except ValidationError:
            continue
    return Start()


def _rubric(data: Json, criteria: tuple[Criterion, ...]) -> Rubric:
    parts = data if isinstance(data, dict) else {}
    try:
        return Rubric.model_validate({**parts, "criteria": criteria})
    except ValidationError:
        return Rubric(criteria=criteria)


def _solution(data: Json) -> ReferenceSolution:
    parts = data if isinstance(data, dict) else {}
    calls = parts.get("calls")
    read = tuple(_call(item) for item in (calls if isinstance(calls, list) else []))
    return ReferenceSolution(calls=read, response=str(parts.get("response") or ""))


def _call(item: Json) -> ToolCall:
    parts = item if isinstance(item, dict) else {}
    arguments = parts.get("arguments")
    return ToolCall(
        tool=str(parts.get("tool") or ""),
        arguments=arguments if isinstance(arguments, dict) else {},
    )
