"""Browsing and editing entities: the grid, the pickers, what points at what, saving, deleting.

Everything asks for the rows it shows and no more; the whole world is never loaded here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from studio.database import Database
from studio.errors import Conflict
from studio.repository import ENTITIES, ENTITY_TYPES, TASKS, Listing, Query, Ref, Stored
from studio.repository.worlds import world_clock, world_id
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Record
from world_builder.ids import last_number, next_id
from world_builder.records import references_in

NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.MONEY})
FILTERED = frozenset({FieldKind.ENUM, FieldKind.BOOLEAN, FieldKind.REFERENCE})

Titles = Mapping[str, Mapping[str, str]]
"""Titles of entities by type and id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSummary:
    """An entity type in a list."""

    name: str
    title: str
    plural: str
    description: str
    num_entities: int
    num_fields: int
    refers_to: tuple[str, ...]
    """Names of the types that its references point at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One page of the entities of a type."""

    rows: Listing[Stored[Record]]
    titles: Titles
    """Of everything that the rows refer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Something that names an entity."""

    ref: Ref
    title: str
    paths: tuple[str, ...]
    """Where it does, such as `lines[0].book_id`; empty for tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointersHere:
    """What names one entity."""

    entities: tuple[Pointer, ...]
    tasks: tuple[Pointer, ...]


def declared(session: Session, key: int, name: str) -> EntityType:
    """The entity type. Raises NotFound, Conflict while its declaration is broken."""
    stored = ENTITY_TYPES.get(session, key, name)
    if stored.value is None:
        raise Conflict(f"The declaration of {name!r} has problems; mend the entity type first.")
    return stored.value


def all_types(session: Session, key: int) -> tuple[EntityType, ...]:
    """The readable entity types of a world, in its order."""
    return tuple(t.value for t in ENTITY_TYPES.all(session, key) if t.value is not None)


def list_types(session: Session, key: int) -> tuple[TypeSummary, ...]:
    """The entity types with how many entities each has."""
    counts = ENTITIES.counts(session, key)
    return tuple(
        TypeSummary(
            name=t.name, title=t.title, plural=t.plural, description=t.description,
            num_entities=counts.get(t.name, 0), num_fields=len(t.fields),
            refers_to=tuple(sorted(_targets(t.fields))),
        )
        for t in all_types(session, key)
    )  # fmt: skip


def grid(session: Session, key: int, entity_type: EntityType, query: Query) -> Grid:
    """The rows that pass the query, with the titles of what they refer to."""
    rows = ENTITIES.page(session, key, query, entity_type.name)
    return Grid(
        rows=rows,
        titles=titles_for(session, key, entity_type, (r.payload for r in rows.items)),
    )


def titles_for(
    session: Session, key: int, entity_type: EntityType, records: Iterable[Record]
) -> Titles:
    """The titles of everything that the records refer to: one query per type."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        for _, target, entity_id in references_in(entity_type.fields, record):
            wanted.setdefault(target, set()).add(entity_id)
    return {t: ENTITIES.titles(session, key, ids, t) for t, ids in wanted.items()}


def options(
    session: Session, key: int, type_name: str, text: str, size: int = 20
) -> tuple[tuple[str, str], ...]:
    """The (id, title) pairs that a picker offers for what was typed."""
    found = ENTITIES.page(session, key, Query(q=text, size=size), type_name)
    return tuple((item.ref.key, item.title) for item in found.items)


def propose_id(session: Session, world: str, entity_type: EntityType) -> str:
    """The next free id of a type."""
    taken = ENTITIES.keys(session, world_id(session, world), entity_type.name)
    now = world_clock(session, world)
    first = last_number(entity_type.id_format, now, taken) + 1
    return next_id(entity_type.id_format, now, taken.__contains__, first)


def pointers_to(session: Session, key: int, type_name: str, entity_id: str) -> PointersHere:
    """Every entity that refers to one, and every task that names it."""
    found: list[Pointer] = []
    for owner in all_types(session, key):
        if type_name in _targets(owner.fields):
            found += _pointers(session, key, owner, (type_name, entity_id))
    tasks = TASKS.titles_holding(session, key, entity_id)
    return PointersHere(
        entities=tuple(found),
        tasks=tuple(Pointer(ref=TASKS.ref(t), title=title, paths=()) for t, title in tasks.items()),
    )


def delete_entity(
    db: Database, world: str, type_name: str, entity_id: str, *, version: int | None, who: str
) -> int:
    """Deletes an entity that nothing refers to; the revision that brings it back.

    Raises NotFound, and Conflict while other entities refer to it or after another save.
    """
    with db.write() as session:
        key = world_id(session, world)
        here = pointers_to(session, key, type_name, entity_id).entities
        if here:
            shown = ", ".join(p.ref.key for p in here[:5]) + (" …" if len(here) > 5 else "")
            noun = "entity refers" if len(here) == 1 else "entities refer"
            raise Conflict(
                f"{len(here)} {noun} to {entity_id}: {shown}. Point them elsewhere first."
            )
        ref = ENTITIES.ref(entity_id, type_name)
        return ENTITIES.delete(session, key, ref, version=version, who=who)


def _pointers(
    session: Session, key: int, owner: EntityType, target: tuple[str, str]
) -> list[Pointer]:
    found = []
    for item in ENTITIES.holding(session, key, target[1], owner.name):
        paths = tuple(
            path for path, *named in references_in(owner.fields, item.payload)
            if tuple(named) == target
        )  # fmt: skip
        if paths:
            found.append(Pointer(ref=item.ref, title=item.title, paths=paths))
    return found


def _targets(fields: Iterable[Field]) -> set[str]:
    found: set[str] = set()
    for field in fields:
        if field.kind is FieldKind.REFERENCE and field.entity_type:
            found.add(field.entity_type)
        found |= _targets((field.item,) if field.item else field.fields)
    return found
