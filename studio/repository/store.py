"""One kind of declared thing in the database: get, list, save, delete, each with its revision.

`ENTITIES`, `TOOLS`, `POLICIES`, `TASKS` and `ENTITY_TYPES` are the stores. They save what they are
given: `services.authoring` validates first and decides what is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy import func, insert
from sqlmodel import Session, select

from studio import tables
from studio.errors import Conflict, NotFound
from studio.repository import columns
from studio.repository.rows import Rows
from studio.repository.types import Kind, Listing, Payload, Query, Ref, Saved, Stored
from world_builder.entities import EntityType
from world_builder.frozen import Record
from world_builder.ids import canonical_json
from world_builder.tasks import Task
from world_builder.tools import Tool
from world_builder.world import Policy

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Store(Rows, Generic[T]):
    """The things of one kind. `world_id` is the id that `worlds.world_id` gives."""

    parse: Callable[[Payload], T]
    """Raises ValidationError for a payload without the kind's shape."""
    derive: columns.Deriver

    def ref(self, key: str, scope: str = "") -> Ref:
        return Ref(kind=self.kind, key=key, scope=scope)

    def find(self, session: Session, world_id: int, key: str, scope: str = "") -> Stored[T] | None:
        """The thing of that key (of an entity type, for entities), or None."""
        row = self._row(session, world_id, self.ref(key, scope))
        return None if row is None else self._stored(row)

    def get(self, session: Session, world_id: int, key: str, scope: str = "") -> Stored[T]:
        """The thing of that key. Raises NotFound."""
        found = self.find(session, world_id, key, scope)
        if found is None:
            raise NotFound(f"There is no {self.noun} {key!r}.")
        return found

    def all(self, session: Session, world_id: int) -> list[Stored[T]]:
        """Everything of the kind, in the world's order."""
        table = self.table
        rows = session.exec(
            select(table)
            .where(table.world_id == world_id)
            .order_by(table.scope, table.position, table.id)
        )
        return [self._stored(row) for row in rows]

    def page(
        self, session: Session, world_id: int, query: Query, scope: str = ""
    ) -> Listing[Stored[T]]:
        """One page of what passes the query."""
        found = self.listing(session, world_id, query, scope, select(self.table))
        return replace(found, items=tuple(self._stored(row) for row in found.items))

    def save(
        self,
        session: Session,
        world_id: int,
        ref: Ref,
        payload: Payload,
        *,
        version: int | None,
        who: str,
        note: str = "",
    ) -> Saved[T]:
        """Stores the payload and its revision.

        `version` is the one the editor started from; None creates. Raises Conflict when the stored
        version is another one, or the key is taken. Nothing is written when nothing differs.
        """
        row = self._row(session, world_id, ref)
        self._check(row, ref, version)
        if row is not None and canonical_json(row.payload) == canonical_json(payload):
            return Saved(item=self._stored(row), revision_id=None)
        before = None if row is None else dict(row.payload)
        is_new = row is None
        if row is None:
            row = self._new_row(session, world_id, ref)
        else:
            row.version += 1
        self._fill(row, payload, self._title_field(session, world_id, ref.scope))
        session.add(row)
        revision = tables.RevisionRow(
            world_id=world_id, kind=ref.kind, scope=ref.scope, key=ref.key, version=row.version,
            before=before, after=dict(payload), who=who, note=note,
        )  # fmt: skip
        session.add(revision)
        session.flush()
        return Saved(item=self._stored(row), revision_id=revision.id, is_new=is_new)

    def delete(
        self,
        session: Session,
        world_id: int,
        ref: Ref,
        *,
        version: int | None,
        who: str,
        note: str = "",
    ) -> int:
        """Deletes a thing; the id of the revision that can bring it back.

        `version` None deletes whatever version there is. Raises NotFound, Conflict.
        """
        row = self._row(session, world_id, ref)
        if row is None:
            raise NotFound(f"There is no {self.noun} {ref.key!r}.")
        if version is not None:
            self._check(row, ref, version)
        revision = tables.RevisionRow(
            world_id=world_id, kind=ref.kind, scope=ref.scope, key=ref.key, version=row.version + 1,
            before=dict(row.payload), after=None, who=who, note=note,
        )  # fmt: skip
        session.delete(row)
        session.add(revision)
        session.flush()
        return int(revision.id or 0)

    def import_all(
        self, session: Session, world_id: int, payloads: list[tuple[Ref, Payload]]
    ) -> None:
        """Stores many new things of a valid world, without revisions: how a sample arrives."""
        names = {s: self._title_field(session, world_id, s) for s in {r.scope for r, _ in payloads}}
        rows = [
            {"world_id": world_id, "scope": ref.scope, "key": ref.key, "position": position,
             "version": 1, "is_valid": True, **self._derived(ref.key, payload, names[ref.scope])}
            for position, (ref, payload) in enumerate(payloads)
        ]  # fmt: skip
        if rows:
            session.connection().execute(insert(self.table), rows)

    def holding(
        self, session: Session, world_id: int, text: str, scope: str = ""
    ) -> list[Stored[T]]:
        """Everything with the text somewhere in it, in the world's order; any case."""
        wanted = self.holding_rows(select(self.table), world_id, text, scope)
        return [self._stored(row) for row in session.exec(wanted)]

    def retitle(self, session: Session, world_id: int, scope: str) -> None:
        """Derives the titles of a type's entities anew, after its `title_field` changed."""
        table = self.table
        name = self._title_field(session, world_id, scope)
        wanted = select(table).where(table.world_id == world_id, table.scope == scope)
        for row in session.exec(wanted):
            row.title = self._title(row.payload, name)
            session.add(row)

    def _row(self, session: Session, world_id: int, ref: Ref) -> Any | None:
        table = self.table
        return session.exec(
            select(table).where(
                table.world_id == world_id, table.scope == ref.scope, table.key == ref.key
            )
        ).first()

    def _check(self, row: Any | None, ref: Ref, version: int | None) -> None:
        if row is None and version is not None:
            raise Conflict(f"The {self.noun} {ref.key!r} was deleted meanwhile.")
        if row is not None and version is None:
            raise Conflict(f"There is a {self.noun} {ref.key!r} already; choose another name.")
        if row is not None and row.version != version:
            raise Conflict(
                f"The {self.noun} {ref.key!r} was saved by somebody else meanwhile "
                f"(you edited version {version}, now it is {row.version})."
            )

    def _new_row(self, session: Session, world_id: int, ref: Ref) -> Any:
        revision, table = tables.RevisionRow, self.table
        used = session.exec(
            select(func.max(revision.version)).where(
                revision.world_id == world_id, revision.kind == ref.kind,
                revision.scope == ref.scope, revision.key == ref.key,
            )
        ).one()  # fmt: skip
        last = session.exec(
            select(func.max(table.position)).where(table.world_id == world_id)
        ).one()
        position = 0 if last is None else last + 1
        return table(
            world_id=world_id, scope=ref.scope, key=ref.key,
            position=position, version=(used or 0) + 1,
        )  # fmt: skip

    def _title_field(self, session: Session, world_id: int, scope: str) -> str:
        """The field that names entities of a type; empty for other kinds and for none."""
        if self.kind is not Kind.ENTITY:
            return ""
        table = tables.EntityTypeRow
        payload = session.exec(
            select(table.payload).where(table.world_id == world_id, table.key == scope)
        ).first()
        name = (payload or {}).get("title_field")
        return name if isinstance(name, str) else ""

    def _title(self, payload: Payload, title_field: str) -> str:
        value = payload.get(title_field)
        return value if isinstance(value, str) else ""

    def _fill(self, row: Any, payload: Payload, title_field: str) -> Any:
        row.is_valid = self.parsed(payload) is not None
        for name, value in self._derived(row.key, payload, title_field).items():
            setattr(row, name, value)
        return row

    def _derived(self, key: str, payload: Payload, title_field: str) -> columns.Columns:
        """The columns that follow from a payload."""
        title = {"title": self._title(payload, title_field)} if self.kind is Kind.ENTITY else {}
        return self.derive(payload) | title | {
            "payload": dict(payload), "search": columns.search_text(key, payload),
            "updated_at": tables.utc_now(),
        }  # fmt: skip

    def _stored(self, row: Any) -> Stored[T]:
        return Stored(
            ref=self.ref(row.key, row.scope),
            title=row.title or row.key,
            version=row.version,
            updated_at=row.updated_at.replace(tzinfo=UTC),
            payload=row.payload,
            value=self.parsed(row.payload) if row.is_valid else None,
        )

    def parsed(self, payload: Payload) -> T | None:
        """The thing that a payload describes; None without the shape of its kind."""
        try:
            return self.parse(payload)
        except ValidationError:
            return None


def _record(payload: Payload) -> Record:
    return payload


def _store(
    kind: Kind, table: type[Any], parse: Callable[[Payload], T], derive: columns.Deriver
) -> Store[T]:
    return Store(kind=kind, table=table, noun=kind.replace("_", " "), parse=parse, derive=derive)


ENTITY_TYPES = _store(
    Kind.ENTITY_TYPE, tables.EntityTypeRow, EntityType.model_validate, columns.named
)
ENTITIES = _store(Kind.ENTITY, tables.EntityRow, _record, columns.entity)
TOOLS = _store(Kind.TOOL, tables.ToolRow, Tool.model_validate, columns.tool)
POLICIES = _store(Kind.POLICY, tables.PolicyRow, Policy.model_validate, columns.named)
TASKS = _store(Kind.TASK, tables.TaskRow, Task.model_validate, columns.task)

STORES: dict[Kind, Store[Any]] = {
    s.kind: s for s in (ENTITY_TYPES, ENTITIES, TOOLS, POLICIES, TASKS)
}
