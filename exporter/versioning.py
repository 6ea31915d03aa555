"""What changed between two worlds, and which version that calls for.

A changed schema or tool is major, a task or an entity more (or less, or other) is minor, wording is
patch. The studio proposes what this says; the author confirms. It writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Final, TypeVar

from world_builder.entities import EntityType, Field
from world_builder.frozen import Frozen, Json
from world_builder.rubrics import Criterion, Examples
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import Tool, ToolSurface
from world_builder.world import Policy, World

_Item = TypeVar("_Item", bound=Frozen)
_Named = TypeVar("_Named", EntityType, Tool, ToolSurface, Policy)

_LITERAL_KEYWORDS: Final = frozenset({"const", "default", "enum", "examples"})
"""Keywords of JSON Schema whose value is data, not a schema."""


class Bump(IntEnum):
    """Which part of a version goes up, least first."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Reason(Frozen):
    """One difference and what it calls for."""

    bump: Bump
    path: str
    message: str


class Proposal(Frozen):
    """What all differences call for."""

    bump: Bump
    reasons: tuple[Reason, ...]
    """Sorted, weightiest first."""

    def next_version(self, current: str) -> str:
        """The version after `current`, a semantic version.

        >>> Proposal(bump=Bump.MINOR, reasons=()).next_version("1.2.3")
        '1.3.0'
        """
        major, minor, patch = (int(part) for part in current.split("-", 1)[0].split("."))
        match self.bump:
            case Bump.MAJOR:
                return f"{major + 1}.0.0"
            case Bump.MINOR:
                return f"{major}.{minor + 1}.0"
            case Bump.PATCH:
                return f"{major}.{minor}.{patch + 1}"
            case Bump.NONE:
                return current


def propose(before: World, after: World) -> Proposal:
    """The differences of two worlds and the version bump they call for."""
    reasons = sorted(_reasons(before, after), key=lambda r: (-r.bump, r.path, r.message))
    bump = max((reason.bump for reason in reasons), default=Bump.NONE)
    return Proposal(bump=bump, reasons=tuple(reasons))


def _reasons(before: World, after: World) -> Iterator[Reason]:
    yield from _header(before, after)
    types = _by_name(before.entity_types), _by_name(after.entity_types)
    yield from _items("entity_types", *types, _bare_type, Bump.MAJOR, Bump.PATCH)
    tools = _by_name(before.tools), _by_name(after.tools)
    yield from _items("tools", *tools, _bare_tool, Bump.MAJOR, Bump.PATCH)
    surfaces = _by_name(before.surfaces), _by_name(after.surfaces)
    yield from _items("surfaces", *surfaces, _bare_surface, Bump.MAJOR, Bump.PATCH)
    policies = _by_name(before.policies), _by_name(after.policies)
    yield from _items("policies", *policies, _bare_policy, Bump.MINOR, Bump.PATCH)
    tasks = {t.id: t for t in before.tasks}, {t.id: t for t in after.tasks}
    yield from _items("tasks", *tasks, _bare_task, Bump.MINOR, Bump.PATCH)
    yield from _entities(before, after)


def _header(before: World, after: World) -> Iterator[Reason]:
    if before.name != after.name:
        message = f"{before.name} became {after.name}"
        yield Reason(bump=Bump.MAJOR, path="name", message=message)
    for name in ("now", "seed"):
        if getattr(before, name) != getattr(after, name):
            message = f"{getattr(before, name)} became {getattr(after, name)}"
            yield Reason(bump=Bump.MINOR, path=name, message=message)
    if (before.title, before.description) != (after.title, after.description):
        yield Reason(bump=Bump.PATCH, path="title", message="wording changed")


def _items(
    part: str,
    before: Mapping[str, _Item],
    after: Mapping[str, _Item],
    bare: Callable[[_Item], object],
    substance: Bump,
    wording: Bump,
) -> Iterator[Reason]:
    """Differences of named things; `bare` takes their wording away."""
    for name in before.keys() | after.keys():
        path = f"{part}.{name}"
        if name not in after:
            yield Reason(bump=substance, path=path, message="removed")
        elif name not in before:
            yield Reason(bump=substance, path=path, message="added")
        elif before[name] == after[name]:
            continue
        elif bare(before[name]) != bare(after[name]):
            yield Reason(bump=substance, path=path, message="changed")
        else:
            yield Reason(bump=wording, path=path, message="wording changed")
    if before.keys() == after.keys() and list(before) != list(after):
        yield Reason(bump=wording, path=part, message="order changed")


def _entities(before: World, after: World) -> Iterator[Reason]:
    """One reason a type and kind of change: entities come by the thousand."""
    for name in before.entities.keys() | after.entities.keys():
        old = {str(r.get("id")): r for r in before.entities.get(name, ())}
        new = {str(r.get("id")): r for r in after.entities.get(name, ())}
        changed = [i for i in old.keys() & new.keys() if old[i] != new[i]]
        for verb, ids in (
            ("added", new.keys() - old.keys()),
            ("removed", old.keys() - new.keys()),
            ("changed", changed),
        ):
            if ids:
                message = f"{len(ids)} {verb}: {_some(ids)}"
                yield Reason(bump=Bump.MINOR, path=f"entities.{name}", message=message)


def _some(ids: Iterable[str], most: int = 3) -> str:
    ordered = sorted(ids)
    return ", ".join(ordered[:most]) + (", ..." if len(ordered) > most else "")


def _bare_type(declared: EntityType) -> object:
    fields = tuple(_bare_field(field) for field in declared.fields)
    wording = {"title": "", "plural": "", "description": "", "title_field": ""}
    return declared.model_copy(update={**wording, "fields": fields})


def _bare_field(field: Field) -> Field:
    inner = tuple(_bare_field(each) for each in field.fields)
    item = None if field.item is None else _bare_field(field.item)
    wording = {"title": "", "help": "", "example": None}
    return field.model_copy(update={**wording, "fields": inner, "item": item})


def _bare_tool(tool: Tool) -> object:
    wording = {"title": "", "description": "", "group": ""}
    return tool.model_copy(update={**wording, "parameters": _bare_schema(tool.parameters)})


def _bare_schema(schema: Json) -> Json:
    """A JSON Schema without the titles and descriptions that are annotations, not properties."""
    if isinstance(schema, list):
        return [_bare_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in _LITERAL_KEYWORDS else _bare_schema(value)
        for key, value in schema.items()
        if not (key in {"title", "description"} and isinstance(value, str))
    }


def _bare_surface(surface: ToolSurface) -> object:
    return surface.tools


def _bare_policy(policy: Policy) -> object:
    return policy.name


def _bare_task(task: Task) -> object:
    criteria = tuple(_bare_criterion(criterion) for criterion in task.rubric.criteria)
    wording = {"title": "", "prompt": "", "intent": "", "author": "", "tags": (), "status": ""}
    rubric = task.rubric.model_copy(update={"criteria": criteria})
    solution = task.reference_solution or ReferenceSolution(response="")
    calls = solution.model_copy(update={"response": ""})
    return task.model_copy(update={**wording, "rubric": rubric, "reference_solution": calls})


def _bare_criterion(criterion: Criterion) -> Criterion:
    return criterion.model_copy(update={"text": "", "examples": Examples()})


def _by_name(items: Iterable[_Named]) -> dict[str, _Named]:
    return {item.name: item for item in items}
