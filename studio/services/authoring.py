"""Editing a world: validate, then save with its revision in one transaction.

Nothing is lost: problems are returned with what was saved. Only an entry without a usable key is
refused, and an entity whose record breaks its type, since worlds run on entities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel import Session

from studio.database import Database
from studio.repository import ENTITIES, ENTITY_TYPES, POLICIES, TASKS, TOOLS, Query, Saved, Store
from studio.repository.worlds import world_id
from studio.services.world_cache import snapshot
from world_builder.frozen import Json, Record
from world_builder.records import references_in
from world_builder.tasks import Task
from world_builder.tools import Tool
from world_builder.validation import (
    Problem,
    has_errors,
    parse_task,
    parse_tool,
)
from world_builder.validation.entities import record_problems
from world_builder.world import Policy

T = TypeVar("T")

Data = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """What became of an edit."""

    problems: tuple[Problem, ...]
    """Everything that is wrong with it, warnings included."""
    saved: Saved[T] | None
    """None when it was refused; the problems say why."""

    @property
    def undo_url(self) -> str | None:
        """Where a POST undoes the edit; None when nothing changed."""
        has_change = self.saved is not None and self.saved.revision_id is not None
        return f"/revisions/{self.saved.revision_id}/undo" if has_change and self.saved else None


def save_entity(
    db: Database, world: str, entity_type: str, record: Record, *, version: int | None, who: str
) -> Outcome[Record]:
    """Saves a record unless it breaks its type. `version` None creates it.

    Raises NotFound, Conflict.
    """
    key = str(record.get("id") or "")
    with db.write() as session:
        key_id = world_id(session, world)
        problems = _entity_problems(session, key_id, entity_type, record)
        if not key or has_errors(problems):
            return Outcome(problems=problems or _no_key("id"), saved=None)
        ref = ENTITIES.ref(key, entity_type)
        saved = ENTITIES.save(session, key_id, ref, record, version=version, who=who)
    return Outcome(problems=problems, saved=saved)


def save_tool(
    db: Database, world: str, data: Data, *, version: int | None, who: str, is_strict: bool = False
) -> Outcome[Tool]:
    """Saves a tool, also as a draft with problems; `is_strict` refuses what has no tool's shape.

    Raises NotFound, Conflict.
    """
    with db.write() as session:
        tool, problems = parse_tool(snapshot(session, world).world, dict(data))
        if tool is None and is_strict:
            return Outcome(problems=problems, saved=None)
        data = data if tool is None else tool.model_dump(mode="json")
        return _save(session, TOOLS, world, "name", data, problems, version, who)


def save_task(
    db: Database, world: str, data: Data, *, version: int | None, who: str
) -> Outcome[Task]:
    """Saves a task, also as a draft with problems. Raises NotFound, Conflict."""
    with db.write() as session:
        _, problems = parse_task(snapshot(session, world).world, dict(data))
        return _save(session, TASKS, world, "id", data, problems, version, who)


def save_policy(
    db: Database, world: str, policy: Policy, *, version: int | None, who: str
) -> Outcome[Policy]:
    """Saves a policy document. Raises NotFound, Conflict."""
    data = policy.model_dump(mode="json")
    with db.write() as session:
        return _save(session, POLICIES, world, "name", data, (), version, who)


def delete(
    db: Database, world: str, store: Store[T], key: str, *, scope: str = "",
    version: int | None = None, who: str,
) -> int:  # fmt: skip
    """Deletes a thing; the revision that brings it back (`/revisions/<id>/undo`).

    Raises NotFound, Conflict.
    """
    with db.write() as session:
        ref = store.ref(key, scope)
        return store.delete(session, world_id(session, world), ref, version=version, who=who)


def _entity_problems(
    session: Session, world_id: int, type_name: str, record: Record
) -> tuple[Problem, ...]:
    """What is wrong with a record, asking only for the ids that it may name. Raises NotFound."""
    declared = ENTITY_TYPES.get(session, world_id, type_name).value
    path = f"entities.{type_name}.{record.get('id', '?')}"
    if declared is None:
        message = f"the declaration of {type_name} has problems"
        return (Problem(path=path, message=message, hint="mend the entity type first"),)
    targets = {target for _, target, _ in references_in(declared.fields, record)}
    ids = {target: ENTITIES.keys(session, world_id, target) for target in targets}
    found = list(record_problems(declared, record, ids))
    for field in declared.fields:
        value = record.get(field.name)
        if field.unique and isinstance(value, str | int | float) and value != "":
            same = ENTITIES.page(
                session, world_id, Query(filters={field.name: _text(value)}), type_name
            )
            if other := next((i.ref.key for i in same.items if i.ref.key != record.get("id")), ""):
                message = f"{other} has this {field.label.lower()} already"
                found.append(Problem(path=f"{path}.{field.name}", message=message))
    return tuple(found)


def _text(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _save(
    session: Session, store: Store[T], world: str, key_name: str, data: Data,
    problems: tuple[Problem, ...], version: int | None, who: str,
) -> Outcome[T]:  # fmt: skip
    key = data.get(key_name)
    if not isinstance(key, str) or not key:
        return Outcome(problems=problems or _no_key(key_name), saved=None)
    key_id = world_id(session, world)
    if version is None and any(p.path.endswith(f".{key}.{key_name}") for p in problems):
        return Outcome(problems=problems, saved=None)
    saved = store.save(session, key_id, store.ref(key), data, version=version, who=who)
    return Outcome(problems=problems, saved=saved)


def _no_key(name: str) -> tuple[Problem, ...]:
    return (Problem(path=name, message=f"the {name} is needed"),)
