"""What the buttons of the task editor do to a task's data: add, remove and move its parts.

Pure: data in, data out. The acts travel as one word, such as `remove_call:2`.
"""

import re
from collections.abc import Mapping

from world_builder.frozen import Json

Data = dict[str, Json]

_BULLET = re.compile(r"^\s*(?:[-*•–—·▪◦]|\(?\d{1,3}[.)]|\[[ xX]?\])\s+")


def apply_act(data: Mapping[str, Json], act: str, lines: str = "") -> Data:
    """The data after an act; unknown acts (such as `save`) change nothing."""
    name, _, rest = act.partition(":")
    match name:
        case "add_criteria":
            return _with_criteria(data, add_criteria(_criteria(data), lines))
        case "remove_criterion":
            return _with_criteria(data, [c for c in _criteria(data) if _id(c) != rest])
        case "add_call":
            return _with_calls(data, [*_calls(data), {"tool": rest, "arguments": {}}])
        case "remove_call" | "call_up" | "call_down":
            return _with_calls(data, _changed(_calls(data), name, rest))
        case "add_patch":
            patch: Json = {"entity_type": rest, "id": "", "values": {}}
            return dict(data) | {"start_state": [*_list(data.get("start_state")), patch]}
        case "remove_patch":
            patches = _changed(_list(data.get("start_state")), "remove", rest)
            return dict(data) | {"start_state": patches}
    return dict(data)


def add_criteria(criteria: list[Json], lines: str) -> list[Json]:
    """One criterion more for each line; bullets and numbers before it are dropped."""
    taken = {_id(c) for c in criteria}
    added = list(criteria)
    for line in lines.splitlines():
        if text := _BULLET.sub("", line).strip():
            key = unique(slug(text, "criterion"), taken)
            taken.add(key)
            added.append({"id": key, "text": text, "category": "correctness"})
    return added


def slug(text: str, otherwise: str, words: int = 4) -> str:
    """A short id from the first words of a text.

    >>> slug("States that $14.99 will be refunded", "x")
    'states-that-14-99'
    """
    found = re.findall(r"[a-z0-9]+", text.lower())[:words]
    name = "-".join(found)[:48].strip("-")
    return name if name[:1].isalpha() else f"{otherwise}-{name}".strip("-")


def unique(name: str, taken: set[str] | frozenset[str]) -> str:
    """The name, or the name with the first free number from 2."""
    stem = re.sub(r"-\d{1,3}$", "", name) if name in taken else name
    number, found = 2, name
    while found in taken:
        found = f"{stem}-{number}"
        number += 1
    return found


def _changed(items: list[Json], act: str, place: str) -> list[Json]:
    index = int(place) if place.isdigit() else -1
    if not 0 <= index < len(items):
        return items
    rest = items[:index] + items[index + 1 :]
    if act.startswith("remove"):
        return rest
    target = index - 1 if act == "call_up" else index + 1
    return [*rest[: max(0, target)], items[index], *rest[max(0, target) :]]


def _with_criteria(data: Mapping[str, Json], criteria: list[Json]) -> Data:
    rubric = data.get("rubric")
    kept = rubric if isinstance(rubric, dict) else {}
    return dict(data) | {"rubric": {**kept, "criteria": criteria}}


def _with_calls(data: Mapping[str, Json], calls: list[Json]) -> Data:
    solution = data.get("reference_solution")
    kept = solution if isinstance(solution, dict) else {"response": ""}
    return dict(data) | {"reference_solution": {**kept, "calls": calls}}


def _criteria(data: Mapping[str, Json]) -> list[Json]:
    rubric = data.get("rubric")
    return _list(rubric.get("criteria")) if isinstance(rubric, dict) else []


def _calls(data: Mapping[str, Json]) -> list[Json]:
    solution = data.get("reference_solution")
    return _list(solution.get("calls")) if isinstance(solution, dict) else []


def _id(criterion: Json) -> str:
    return str(criterion.get("id", "")) if isinstance(criterion, dict) else ""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
