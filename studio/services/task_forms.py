"""A task as a form, and back: tolerant in both directions, so that nothing typed is ever lost.

The form names a criterion by its id (`c.<id>.text`) and a call by its number (`call.2.tool`); the
repeated `order` and `calls` say which there are, in which order. A text that is not what it should
be stays in the task's data as it was typed, and validation says what is wrong with it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from studio.services.check_forms import (
    CHECK_FIELDS,
    JSON_KIND,
    CheckField,
    describe_check,
    field_value,
    read_check,
)
from world_builder.frozen import Json
from world_builder.validation import Problem

FormItems = Iterable[tuple[str, object]]
Data = dict[str, Json]

TEXTS = (
    "title", "category", "difficulty", "split", "scenario", "prompt", "intent", "system_prompt",
    "tool_surface",
)  # fmt: skip
_PARTS = {"rubric.criteria": "criterion", "reference_solution.calls": "call"}
_NUMBERED = re.compile(r"(rubric\.criteria|reference_solution\.calls)\[(\d+)\]\.?")
_SEPARATOR = "\n---\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionForm:
    """One criterion as the rubric column shows it."""

    id: str
    number: int
    text: str
    category: str
    kind: str
    is_critical: bool
    scope: str
    check_kind: str
    check_text: str
    """The check in a few words; empty when a judge decides."""
    check_fields: tuple[tuple[CheckField, str], ...]
    examples_met: str
    examples_unmet: str
    error: str
    check_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForm:
    """One call of the reference solution."""

    number: int
    tool: str
    arguments: str
    """As JSON, or as it was typed."""
    line: str
    """The arguments in one line."""
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskForm:
    """A task as the editor shows it; texts are what the controls hold."""

    id: str
    texts: dict[str, str]
    tags: str
    now: str
    max_turns: str
    start_state: str
    """The patches as JSON, or as they were typed."""
    patches: tuple[str, ...]
    """Each patch in a few words."""
    status: str
    criteria: tuple[CriterionForm, ...]
    extra_credit_weight: str
    dodged_bullet_weight: str
    calls: tuple[CallForm, ...]
    response: str
    expects_refusals: bool
    errors: dict[str, str]
    """What is wrong, by field."""


def read_task(items: FormItems, stored: Mapping[str, Json]) -> Data:
    """The task that a form says; what the form does not name stays as it is stored."""
    pairs = [(name, value) for name, value in items if isinstance(value, str)]
    given = {name: value.replace("\r\n", "\n") for name, value in pairs}
    data = dict(stored)
    for name in TEXTS:
        if name in given:
            is_line = name not in {"prompt", "intent"}
            data[name] = given[name].strip() if is_line else given[name]
    if "tags" in given:
        data["tags"] = [tag.strip() for tag in given["tags"].split(",") if tag.strip()]
    if "now" in given:
        data["now"] = given["now"].strip() or None
    if "max_turns" in given:
        data["max_turns"] = _number(given["max_turns"])
    if "start_state" in given:
        data["start_state"] = _parsed(given["start_state"]) if given["start_state"].strip() else []
    if "rubric" in given:
        ids = [value for name, value in pairs if name == "order"]
        data["rubric"] = _read_rubric(given, ids, _mapping(stored.get("rubric")))
    if "solution" in given:
        numbers = [value for name, value in pairs if name == "calls"]
        data["reference_solution"] = _read_solution(given, numbers)
    return data


def say_problem(task_id: str, problem: Problem) -> str:
    """A problem of a task in one line, its place in words.

    >>> problem = Problem(path="tasks.t.rubric.criteria[1].check.tool", message="is missing")
    >>> say_problem("t", problem)
    'Criterion 2, check tool: is missing'
    """
    path = _NUMBERED.sub(
        lambda m: f"{_PARTS[m[1]]} {int(m[2]) + 1}, ",
        problem.path.removeprefix(f"tasks.{task_id}."),
    )
    place = path.strip(", ").replace("_", " ").replace(".", " ")
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{place[:1].upper()}{place[1:]}: {_plain(problem.message)}{hint}"


def show_task(
    task_id: str,
    data: Mapping[str, Json],
    problems: Iterable[Problem],
    json_ids: frozenset[str] = frozenset(),
) -> TaskForm:
    """The task's data in the controls of the editor, with the problems beside them.

    `json_ids` names the criteria whose check is edited as JSON.
    """
    rubric, solution = _mapping(data.get("rubric")), _mapping(data.get("reference_solution"))
    errors = _by_field(problems, f"tasks.{task_id}.")
    return TaskForm(
        id=task_id,
        texts={name: _text(data.get(name)) for name in TEXTS},
        tags=", ".join(_texts(data.get("tags"))),
        now=_text(data.get("now")),
        max_turns=_text(data.get("max_turns", 10)),
        start_state=_json(data.get("start_state")) if data.get("start_state") else "",
        patches=tuple(_describe_patch(p) for p in _list(data.get("start_state"))),
        status=_text(data.get("status")) or "draft",
        criteria=tuple(
            _show_criterion(i, _mapping(c), errors, json_ids)
            for i, c in enumerate(_list(rubric.get("criteria")))
        ),
        extra_credit_weight=_text(rubric.get("extra_credit_weight", 0)),
        dodged_bullet_weight=_text(rubric.get("dodged_bullet_weight", 0)),
        calls=tuple(
            _show_call(i, _mapping(c), errors) for i, c in enumerate(_list(solution.get("calls")))
        ),
        response=_text(solution.get("response")),
        expects_refusals=solution.get("expects_refusals") is True,
        errors=errors,
    )


def _read_rubric(given: Mapping[str, str], ids: list[str], stored: Mapping[str, Json]) -> Data:
    known = {_text(_mapping(c).get("id")): _mapping(c) for c in _list(stored.get("criteria"))}
    rubric = dict(stored)
    rubric["criteria"] = [_read_criterion(given, key, known.get(key, {})) for key in ids]
    for name in ("extra_credit_weight", "dodged_bullet_weight"):
        if name in given and given[name] != _text(stored.get(name, 0)):
            rubric[name] = _number(given[name] or "0")
    return rubric


def _read_criterion(given: Mapping[str, str], key: str, stored: Mapping[str, Json]) -> Data:
    prefix = f"c.{key}."
    own = {n.removeprefix(prefix): v for n, v in given.items() if n.startswith(prefix)}
    criterion: Data = {**stored, "id": key, "text": own.get("text", "").strip()}
    if "category" not in own:
        return criterion
    criterion |= {name: own[name] for name in ("category", "kind", "scope") if name in own}
    criterion["is_critical"] = own.get("is_critical") == "true"
    kind = own.get("check_kind", "")
    parts = {n.removeprefix("check."): v for n, v in own.items() if n.startswith("check.")}
    criterion["check"] = read_check(kind, parts, stored.get("check"))
    if "met" in own or "unmet" in own:
        criterion["examples"] = {s: _examples(own.get(s, "")) for s in ("met", "unmet")}
    return criterion


def _read_solution(given: Mapping[str, str], numbers: list[str]) -> Json:
    calls: list[Json] = []
    for number in numbers:
        tool = given.get(f"call.{number}.tool", "").strip()
        arguments = given.get(f"call.{number}.arguments", "")
        calls.append({"tool": tool, "arguments": _parsed(arguments) if arguments.strip() else {}})
    response = given.get("response", "")
    if not (calls or response.strip()):
        return None
    is_refused = given.get("expects_refusals") == "true"
    return {"calls": calls, "response": response, "expects_refusals": is_refused}


def _show_criterion(
    index: int, criterion: Mapping[str, Json], errors: dict[str, str], json_ids: frozenset[str]
) -> CriterionForm:
    path = f"rubric.criteria[{index}]"
    check = criterion.get("check")
    parts = _mapping(check)
    kind = _text(parts.get("kind")) if check is not None else ""
    if criterion.get("id") in json_ids or (check is not None and kind not in CHECK_FIELDS):
        kind, parts = JSON_KIND, {JSON_KIND: check}
    examples = _mapping(criterion.get("examples"))
    of_check = _below(errors, f"{path}.check")
    rest = " ".join(v for k, v in errors.items() if k.startswith(path) and f"{path}.check" not in k)
    return CriterionForm(
        id=_text(criterion.get("id")) or str(index),
        number=index + 1,
        text=_text(criterion.get("text")),
        category=_text(criterion.get("category")),
        kind=_text(criterion.get("kind")) or "primary",
        is_critical=criterion.get("is_critical") is True,
        scope=_text(criterion.get("scope")) or "response",
        check_kind=kind,
        check_text=describe_check(check) if check is not None else "",
        check_fields=tuple((f, field_value(parts, f)) for f in CHECK_FIELDS.get(kind, ())),
        examples_met=_SEPARATOR.join(_texts(examples.get("met"))),
        examples_unmet=_SEPARATOR.join(_texts(examples.get("unmet"))),
        error=rest,
        check_error=of_check,
    )


def _show_call(index: int, call: Mapping[str, Json], errors: dict[str, str]) -> CallForm:
    arguments = call.get("arguments", {})
    path = f"reference_solution.calls[{index}]"
    line = (
        " ".join(f"{name}={_short(value)}" for name, value in arguments.items())
        if isinstance(arguments, dict)
        else _text(arguments)
    )
    return CallForm(
        number=index,
        tool=_text(call.get("tool")),
        arguments=_json(arguments) if arguments != {} else "{}",
        line=line,
        error=_below(errors, path),
    )


def _by_field(problems: Iterable[Problem], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in problems:
        path = problem.path.removeprefix(prefix)
        text = _plain(problem.message) + (f": {problem.hint}" if problem.hint else "")
        found[path] = f"{found[path]}; {text}" if path in found else text
    return found


def _plain(message: str) -> str:
    """A validator's message as people say it."""
    said = message.replace("Input should be a valid dictionary", "must be a JSON object")
    return said.replace("Input should be", "must be").replace("a valid ", "a ")


def _below(errors: Mapping[str, str], path: str) -> str:
    return "; ".join(
        f"{key.removeprefix(path).strip('.')}: {text}".removeprefix(": ")
        for key, text in errors.items()
        if key == path or key.startswith((f"{path}.", f"{path}["))
    )


def _describe_patch(patch: Json) -> str:
    parts = _mapping(patch)
    name = f"{_text(parts.get('entity_type'))} {_text(parts.get('id'))}".strip() or "a patch"
    values = parts.get("values")
    if values is None:
        return f"{name}: removed"
    said = ", ".join(f"{k} = {_short(v)}" for k, v in _mapping(values).items())
    return f"{name}: {said or 'unchanged'}"


def _examples(text: str) -> list[Json]:
    parts = (part.strip() for part in f"\n{text}\n".split(_SEPARATOR))
    return [part for part in parts if part]


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _number(text: str) -> Json:
    for reader in (int, float):
        try:
            value: int | float = reader(text.strip())
        except ValueError:
            continue
        return value if abs(value) < 1e12 else text
    return text


def _json(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _short(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(value: Json) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else []


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
