"""Editing entity types: a declaration is checked by itself and against the entities there are."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from sqlmodel import Session

from studio.database import Database
from studio.errors import Conflict
from studio.repository import ENTITIES, ENTITY_TYPES, Saved
from studio.repository.worlds import world_id
from studio.services.entities import all_types, list_types
from world_builder.entities import EntityType
from world_builder.frozen import Json
from world_builder.validation import Problem
from world_builder.validation.entities import entity_problems, type_problems
from world_builder.wording import counted

Data = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeOutcome:
    """What became of an edit of a type."""

    problems: tuple[Problem, ...]
    """What is wrong with the declaration; then nothing was saved."""
    broken: tuple[Problem, ...]
    """What would be wrong with entities; saved only when that was accepted."""
    saved: Saved[EntityType] | None


def save_type(
    db: Database, world: str, data: Data, *, version: int | None, who: str, accepts_broken: bool
) -> TypeOutcome:
    """Saves a type whose declaration is right.

    Raises NotFound, Conflict.
    """
    with db.write() as session:
        key = world_id(session, world)
        declared, problems = parse_type(session, key, data)
        if declared is None or problems:
            return TypeOutcome(problems=problems, broken=(), saved=None)
        broken = broken_entities(session, key, declared)
        if broken and not accepts_broken:
            return TypeOutcome(problems=(), broken=broken, saved=None)
        payload = declared.model_dump(mode="json")
        ref = ENTITY_TYPES.ref(declared.name)
        saved = ENTITY_TYPES.save(session, key, ref, payload, version=version, who=who)
        ENTITIES.retitle(session, key, declared.name)
    return TypeOutcome(problems=(), broken=broken, saved=saved)


def parse_type(
    session: Session, key: int, data: Data
) -> tuple[EntityType | None, tuple[Problem, ...]]:
    """The type that the data declare among the world's others, and what is wrong with it."""
    try:
        declared = EntityType.model_validate(dict(data))
    except ValidationError as error:
        return None, tuple(_problem(dict(one)) for one in error.errors())
    others = [t for t in all_types(session, key) if t.name != declared.name]
    path = f"entity_types.{declared.name}"
    found = type_problems((*others, declared))
    return declared, tuple(p for p in found if p.path.startswith(path))


def broken_entities(session: Session, key: int, declared: EntityType) -> tuple[Problem, ...]:
    """What is wrong with the entities of a type, by this declaration."""
    types = [t for t in all_types(session, key) if t.name != declared.name]
    entities: dict[str, list[Mapping[str, Json]]] = {}
    for item in ENTITIES.all(session, key):
        entities.setdefault(item.ref.scope, []).append(item.payload)
    known = {name: tuple(records) for name, records in entities.items()}
    found = entity_problems((*types, declared), known)
    return tuple(p for p in found if p.path.startswith(f"entities.{declared.name}."))


def delete_type(db: Database, world: str, name: str, *, who: str) -> int:
    """Deletes a type without entities that no other type refers to; the revision.

    Raises NotFound, Conflict.
    """
    with db.write() as session:
        key = world_id(session, world)
        if count := ENTITIES.counts(session, key).get(name, 0):
            raise Conflict(
                f"{counted(count, 'entity', 'entities')} of {name!r} would be lost; "
                "delete them first."
            )
        users = [t.name for t in list_types(session, key) if name in t.refers_to]
        if users:
            raise Conflict(f"{', '.join(users)} refer to {name!r}; change their fields first.")
        return ENTITY_TYPES.delete(session, key, ENTITY_TYPES.ref(name), version=None, who=who)


def _problem(details: dict[str, object]) -> Problem:
    parts = details["loc"] if isinstance(details["loc"], tuple) else ()
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")
    kind = details["type"]
    if kind == "missing":
        return Problem(path=path, message="is missing", hint="add it")
    if kind == "extra_forbidden":
        return Problem(path=path, message="is not known here", hint="mend the spelling")
    return Problem(path=path, message=str(details["msg"]))
