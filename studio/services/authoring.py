"""Editing a world: validate, then save with its revision in one transaction.

Nothing is lost: problems are returned with what was saved. Only an entry without a usable key is
refused, and an entity whose record breaks its type, since worlds run on entities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel import Session

from studio.database import Database
from studio.repository import ENTITIES, POLICIES, TASKS, TOOLS, Saved, Store
from studio.repository.worlds import load_world, world_id
from world_builder.frozen import Json, Record
from world_builder.tasks import Task
from world_builder.tools import Tool
from world_builder.validation import (
    Problem,
    has_errors,
    parse_task,
    parse_tool,
    validate_entity,
)
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
        problems = validate_entity(load_world(session, world), entity_type, record)
        if not key or has_errors(problems):
            return Outcome(problems=problems or _no_key("id"), saved=None)
        ref = ENTITIES.ref(key, entity_type)
        key_id = world_id(session, world)
        saved = ENTITIES.save(session, key_id, ref, record, version=version, who=who)
    return Outcome(problems=problems, saved=saved)


def save_tool(
    db: Database, world: str, data: Data, *, version: int | None, who: str
) -> Outcome[Tool]:
    """Saves a tool, also as a draft with problems. Raises NotFound, Conflict."""
    with db.write() as session:
        _, problems = parse_tool(load_world(session, world), dict(data))
        return _save(session, TOOLS, world, "name", data, problems, version, who)


def save_task(
    db: Database, world: str, data: Data, *, version: int | None, who: str
) -> Outcome[Task]:
    """Saves a task, also as a draft with problems. Raises NotFound, Conflict."""
    with db.write() as session:
        _, problems = parse_task(load_world(session, world), dict(data))
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


def _save(
    session: Session, store: Store[T], world: str, key_name: str, data: Data,
    problems: tuple[Problem, ...], version: int | None, who: str,
) -> Outcome[T]:  # fmt: skip
    key = data.get(key_name)
    if not isinstance(key, str) or not key:
        return Outcome(problems=problems or _no_key(key_name), saved=None)
    key_id = world_id(session, world)
    saved = store.save(session, key_id, store.ref(key), data, version=version, who=who)
    return Outcome(problems=problems, saved=saved)


def _no_key(name: str) -> tuple[Problem, ...]:
    return (Problem(path=name, message=f"the {name} is needed"),)
