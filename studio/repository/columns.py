"""The list columns of each table, derived from a payload.

Tolerant: a draft without the shape of its kind still gets the columns that can be read.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from studio.repository.types import Payload
from world_builder.frozen import Json

Columns: TypeAlias = dict[str, object]
Deriver: TypeAlias = Callable[[Payload], Columns]


def search_text(key: str, payload: Payload) -> str:
    """Every text of the payload, lower-case, for searches."""
    return " ".join([key, *_texts(dict(payload))]).lower()


def named(payload: Payload) -> Columns:
    return {"title": _text(payload, "title") or _text(payload, "name")}


def entity(payload: Payload) -> Columns:
    """None but the title, which the type's `title_field` names: the store knows it."""
    return {}


def tool(payload: Payload) -> Columns:
    operation = payload.get("operation")
    kind = _text(operation, "kind") if isinstance(operation, dict) else ""
    return named(payload) | {
        "group": _text(payload, "group"),
        "is_read_only": payload.get("is_read_only", True) is not False,
        "operation": kind,
    }


def task(payload: Payload) -> Columns:
    rubric = payload.get("rubric")
    criteria = rubric.get("criteria") if isinstance(rubric, dict) else None
    rows = criteria if isinstance(criteria, list) else []
    names = ("category", "difficulty", "split", "status", "scenario", "author", "system_prompt")
    return (
        named(payload)
        | {name: _text(payload, name) for name in names}
        | {
            "num_criteria": len(rows),
            "num_checks": sum(isinstance(row, dict) and bool(row.get("check")) for row in rows),
            "has_reference": isinstance(payload.get("reference_solution"), dict),
            "tools": called_tools(payload),
        }
    )


def called_tools(payload: Payload) -> str:
    """The tools that a task's reference solution calls, each between spaces."""
    solution = payload.get("reference_solution")
    calls = solution.get("calls") if isinstance(solution, dict) else None
    rows = [row for row in calls if isinstance(row, dict)] if isinstance(calls, list) else []
    names = {name for row in rows if (name := _text(row, "tool"))}
    return f" {' '.join(sorted(names))} " if names else ""


def _text(payload: Payload, name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
