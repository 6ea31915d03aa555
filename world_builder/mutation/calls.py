"""Mistakes in what is done: the response stays and claims what the reference did."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

from world_builder.frozen import Json
from world_builder.ids import canonical_json
from world_builder.mutation import passages
from world_builder.mutation.passages import Span
from world_builder.mutation.site import Site
from world_builder.mutation.types import Mutant, MutantKind, Plan, only
from world_builder.mutation.wording import other_spellings
from world_builder.tools import ToolCall

_NUM_OTHER_WRITES = 16
Path: TypeAlias = tuple[str | int, ...]
"""The way to a value inside a call's arguments."""

_DATE_LENGTH = len("2025-09-15")
_IS_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?$")


def skip_write(site: Site) -> Iterator[Plan]:
    """Leaves out each writing call in turn, then all of them."""
    calls, writes = site.solution.calls, _writes(site)
    for i in writes:
        told = f"never calls {_told(calls[i])} but says so"
        yield only(site.calling(MutantKind.SKIP_WRITE, told, calls[:i] + calls[i + 1 :]))
    if len(writes) > 1:
        left = tuple(call for i, call in enumerate(calls) if i not in writes)
        yield only(site.calling(MutantKind.SKIP_WRITE, "writes nothing but says so", left))


def alter_write(site: Site) -> Iterator[Plan]:
    """Gives each argument of each writing call another valid value; more values are spares."""
    calls = site.solution.calls
    for i in _writes(site):
        schema = site.bench.world.tool(calls[i].tool).parameters
        for path, value, declared in _leaves(dict(calls[i].arguments), schema):
            others = _other_values(site, value, declared)
            choices = tuple(partial(_altered, site, i, path, value, other) for other in others)
            yield Plan(choices=choices)


def _altered(site: Site, i: int, path: Path, value: Json, other: Json) -> Mutant:
    calls = site.solution.calls
    name = ".".join(map(str, path))
    told = f"calls {calls[i].tool} with {name} {_json(other)} instead of {_json(value)}"
    changed = (*calls[:i], _with(calls[i], path, other), *calls[i + 1 :])
    return site.calling(MutantKind.ALTER_WRITE, told, changed, i)


def extra_write(site: Site) -> Iterator[Plan]:
    """Writes one more thing, as another task's reference does; the second and on are spares."""
    known = site.bench.writing_calls(site.task.tool_surface)
    drawn = site.random.sample(known, min(_NUM_OTHER_WRITES, len(known)))
    calls = site.solution.calls
    own = {call.tool: [c for c in calls if c.tool == call.tool] for call in calls}
    chosen = [
        call
        for task_id, call in drawn
        if task_id != site.task.id and call not in own.get(call.tool, ())
    ]
    yield Plan(choices=tuple(partial(_extra, site, call) for call in _by_turns(chosen)))


def _extra(site: Site, call: ToolCall) -> Mutant:
    calls, told = site.solution.calls, f"also calls {_told(call)}"
    return site.calling(MutantKind.EXTRA_WRITE, told, (*calls, call), len(calls))


def repeat_write(site: Site) -> Iterator[Plan]:
    """Makes each writing call twice."""
    calls = site.solution.calls
    for i in _writes(site):
        told = f"calls {_told(calls[i])} twice"
        yield only(site.calling(MutantKind.REPEAT_WRITE, told, calls[: i + 1] + calls[i:], i + 1))


def _writes(site: Site) -> list[int]:
    return [i for i, call in enumerate(site.solution.calls) if site.bench.writes(call)]


def _by_turns(calls: list[ToolCall]) -> list[ToolCall]:
    """One call of each tool first, then the rest."""
    first = {call.tool: call for call in reversed(calls)}
    return [*first.values(), *(call for call in calls if first[call.tool] is not call)]


def _leaves(
    value: Json, schema: Any, path: Path = ()
) -> Iterator[tuple[Path, Json, dict[str, Any]]]:
    """Path, value and JSON Schema of everything in a call's arguments that is no container."""
    declared: dict[str, Any] = schema if isinstance(schema, dict) else {}
    if isinstance(value, dict):
        properties = declared.get("properties") or {}
        for name, part in value.items():
            yield from _leaves(part, properties.get(name), (*path, name))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _leaves(part, declared.get("items"), (*path, i))
    elif value is not None:
        yield path, value, declared


def _other_values(site: Site, value: Json, declared: dict[str, Any]) -> list[Json]:
    """Values of the same kind, the likeliest mistake first."""
    if options := declared.get("enum"):
        others = [option for option in options if option != value and option is not None]
        site.random.shuffle(others)
        return others[:3]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return (
            [value + 1, value - 1, value + 10] if abs(value) < 100 else [value + 100, value - 100]
        )
    return _other_texts(site, value) if isinstance(value, str) else []


def _other_texts(site: Site, value: str) -> list[Json]:
    if (entity := site.lexicon.by_id.get(value)) is not None:
        return [other.id for other in site.mistakable(entity, 4)]
    if not _IS_DATE.match(value):
        return _other_wordings(site, value)
    try:
        day = date.fromisoformat(value[:_DATE_LENGTH])
    except ValueError:
        return []
    days = [(day + timedelta(days=shift)).isoformat() for shift in (3, -3, 1)]
    return [other + value[_DATE_LENGTH:] for other in days]


def _other_wordings(site: Site, text: str) -> list[Json]:
    """The text with another value, or with another entity."""
    mentions = site.lexicon.mentions(text, site.near_ids)
    groups = passages.values(text, [Span(m.start, m.end) for m in mentions])
    taken = {passage.normal for group in groups for passage in group}
    found: list[Json] = []
    for group in groups[:2]:
        for texts in islice(other_spellings(group, taken, site.random), 1):
            pairs = [(Span(p.start, p.end), t) for p, t in zip(group, texts, strict=True)]
            found.append(passages.replaced(text, pairs))
    for mention in mentions[:1]:
        for other in site.mistakable(mention.entity, 1):
            new = other.id if mention.is_id else other.name
            found.append(passages.replaced(text, [(Span(mention.start, mention.end), new)]))
    return found


def _with(call: ToolCall, path: Path, value: Json) -> ToolCall:
    arguments = json.loads(json.dumps(call.arguments))
    holder = arguments
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return ToolCall.model_construct(tool=call.tool, arguments=arguments)


def _told(call: ToolCall, limit: int = 90) -> str:
    arguments = ", ".join(f"{name}={_json(value)}" for name, value in call.arguments.items())
    text = f"{call.tool}({arguments})"
    return text if len(text) <= limit else f"{text[: limit - 4]}...)"


def _json(value: Json) -> str:
    return canonical_json(value)
