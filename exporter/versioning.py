"""What changed between two worlds, and which version that calls for.

A changed schema or tool is major, a task or an entity more (or less, or other) is minor, wording is
patch. The studio proposes what this says; the author confirms. It writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final, TypeVar

from world_builder.entities import EntityType, Field
from world_builder.frozen import Frozen, Json
from world_builder.rubrics import Criterion, Examples
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import Tool, ToolSurface
from world_builder.world import Policy, World

_Item = TypeVar("_Item", bound=Frozen)

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


class Part(StrEnum):
    """What a world is made of, in the order in which differences are told."""

    WORLD = "world"
    """Its name, title, description, clock and seed."""
    ENTITY_TYPES = "entity_types"
    ENTITIES = "entities"
    TOOLS = "tools"
    SURFACES = "surfaces"
    POLICIES = "policies"
    TASKS = "tasks"


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
        return bumped(current, self.bump)


def bumped(version: str, bump: Bump) -> str:
    """A semantic version with one of its parts raised.

    >>> bumped("1.2.3", Bump.MAJOR), bumped("1.2.3-rc.1", Bump.PATCH), bumped("1.2.3", Bump.NONE)
    ('2.0.0', '1.2.4', '1.2.3')
    """
    major, minor, patch = (int(part) for part in version.split("-", 1)[0].split("."))
    match bump:
        case Bump.MAJOR:
            return f"{major + 1}.0.0"
        case Bump.MINOR:
            return f"{major}.{minor + 1}.0"
        case Bump.PATCH:
            return f"{major}.{minor}.{patch + 1}"
        case Bump.NONE:
            return version


def bump_between(before: str, after: str) -> Bump:
    """Which part of a version went up; NONE when it did not go up.

    >>> bump_between("1.2.3", "1.4.0").label, bump_between("1.2.3", "1.2.3").label
    ('minor', 'none')
    """
    old, new = (tuple(map(int, v.split("-", 1)[0].split("."))) for v in (before, after))
    if new <= old:
        return Bump.NONE
    first = next(i for i, (was, now) in enumerate(zip(old, new, strict=True)) if was != now)
    return (Bump.MAJOR, Bump.MINOR, Bump.PATCH)[first]


def propose(before: World, after: World) -> Proposal:
    """The differences of two worlds and the version bump they call for."""
    reasons = sorted(_reasons(before, after), key=lambda r: (-r.bump, r.path, r.message))
    bump = max((reason.bump for reason in reasons), default=Bump.NONE)
    return Proposal(bump=bump, reasons=tuple(reasons))


def bump_of(part: Part, before: Frozen | None, after: Frozen | None) -> Bump:
    """What one thing of a part calls for; None is "not there"."""
    rule = RULES[part]
    if before is after or before == after:
        return Bump.NONE
    if before is None or after is None or rule.bare(before) != rule.bare(after):
        return rule.substance
    return rule.wording


def named(world: World, part: Part) -> dict[str, Any]:
    """The declared things of a part by name or id, in their order."""
    if part is Part.TASKS:
        return {task.id: task for task in world.tasks}
    return {item.name: item for item in getattr(world, part.value)}


def _reasons(before: World, after: World) -> Iterator[Reason]:
    yield from _header(before, after)
    for part in RULES:
        yield from _items(part, named(before, part), named(after, part))
    yield from _entities(before, after)


HEADER: Final[Mapping[str, Bump]] = {
    "name": Bump.MAJOR,
    "now": Bump.MINOR,
    "seed": Bump.MINOR,
    "title": Bump.PATCH,
    "description": Bump.PATCH,
}
"""What a change of each of a world's own fields calls for."""


def _header(before: World, after: World) -> Iterator[Reason]:
    for name, bump in HEADER.items():
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            told = "wording changed" if bump is Bump.PATCH else f"{old} became {new}"
            yield Reason(bump=bump, path=name, message=told)


def _items(part: Part, before: Mapping[str, _Item], after: Mapping[str, _Item]) -> Iterator[Reason]:
    wording = RULES[part].wording
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        bump = bump_of(part, old, new)
        if bump is not Bump.NONE:
            is_wording = old is not None and new is not None and bump is wording
            verb = "added" if old is None else "removed" if new is None else "changed"
            message = "wording changed" if is_wording else verb
            yield Reason(bump=bump, path=f"{part}.{name}", message=message)
    if before.keys() == after.keys() and list(before) != list(after):
        yield Reason(bump=wording, path=part.value, message="order changed")


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


def criterion_bump(before: Criterion | None, after: Criterion | None) -> Bump:
    """What one criterion calls for; None is "not there"."""
    if before == after:
        return Bump.NONE
    is_wording = before and after and _bare_criterion(before) == _bare_criterion(after)
    return Bump.PATCH if is_wording else Bump.MINOR


def _bare_criterion(criterion: Criterion) -> Criterion:
    return criterion.model_copy(update={"text": "", "examples": Examples()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a change of one part calls for."""

    bare: Callable[[Any], object]
    """Takes the wording of a thing away; equal results differ in wording alone."""
    substance: Bump
    wording: Bump = Bump.PATCH


RULES: Final[Mapping[Part, Rule]] = {
    Part.ENTITY_TYPES: Rule(bare=_bare_type, substance=Bump.MAJOR),
    Part.TOOLS: Rule(bare=_bare_tool, substance=Bump.MAJOR),
    Part.SURFACES: Rule(bare=_bare_surface, substance=Bump.MAJOR),
    Part.POLICIES: Rule(bare=_bare_policy, substance=Bump.MINOR),
    Part.TASKS: Rule(bare=_bare_task, substance=Bump.MINOR),
}
"""By part; entities and the world itself have rules of their own."""
