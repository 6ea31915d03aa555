"""One kind of declared thing in the database: get, list, save, delete, each with its revision.

`ENTITIES`, `TOOLS`, `POLICIES`, `TASKS` and `ENTITY_TYPES` are the stores. They save what they are
given: `services.authoring` validates first and decides what is refused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy import ColumnElement, String, cast, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from studio import tables
from studio.errors import Conflict, NotFound
from studio.repository import columns
from studio.repository.types import Kind, Listing, Payload, Query, Ref, Saved, Stored
from world_builder.entities import EntityType
from world_builder.frozen import Record
from world_builder.ids import canonical_json
from world_builder.tasks import Task
from world_builder.tools import Tool
from world_builder.world import Policy

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Store(Generic[T]):
    """The things of one kind. `world_id` is the id that `worlds.world_id` gives."""

    kind: Kind
    table: type[Any]
    noun: str
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
        found = self._page(session, world_id, query, scope, select(self.table))
        return replace(found, items=tuple(self._stored(row) for row in found.items))

    def columns(
        self, session: Session, world_id: int, query: Query, names: Sequence[str], scope: str = ""
    ) -> Listing[tuple[Any, ...]]:
        """The same, but only some columns of the rows: no payload is read."""
        selected = rows_of(*(getattr(self.table, name) for name in names))
        found = self._page(session, world_id, query, scope, selected)
        return replace(found, items=tuple(tuple(row) for row in found.items))

    def _page(
        self, session: Session, world_id: int, query: Query, scope: str, selected: Any
    ) -> Listing[Any]:
        table = self.table
        wanted = [table.world_id == world_id, table.scope == scope, *self._conditions(query)]
        total = session.exec(select(func.count()).select_from(table).where(*wanted)).one()
        last_page = max(1, -(-total // query.size))
        number = min(max(1, query.page), last_page)
        rows = session.exec(
            selected.where(*wanted)
            .order_by(*self._order(query))
            .limit(query.size)
            .offset((number - 1) * query.size)
        )
        return Listing(items=tuple(rows), total=total, page=number, size=query.size)

    def counts(self, session: Session, world_id: int, column: str = "scope") -> dict[str, int]:
        """How many there are by a column, such as `category`."""
        by = self._column(column)
        rows = session.exec(
            select(by, func.count()).where(self.table.world_id == world_id).group_by(by)
        )
        return {str(value): number for value, number in rows}

    def crossed(
        self, session: Session, world_id: int, row: str, column: str
    ) -> dict[tuple[str, str], int]:
        """How many there are by two columns at once; pairs without any are left out."""
        by = self._column(row), self._column(column)
        found = session.exec(
            select(*by, func.count()).where(self.table.world_id == world_id).group_by(*by)
        )
        return {(str(first), str(second)): number for first, second, number in found}

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
        """Stores many new things at once, without revisions: how a sample world arrives."""
        rows = []
        names = {s: self._title_field(session, world_id, s) for s in {r.scope for r, _ in payloads}}
        for position, (ref, payload) in enumerate(payloads):
            row = self.table(world_id=world_id, scope=ref.scope, key=ref.key, position=position)
            rows.append(self._fill(row, payload, names[ref.scope]))
        session.add_all(rows)

    def keys(self, session: Session, world_id: int, scope: str = "") -> set[str]:
        """The keys there are (of an entity type, for entities)."""
        table = self.table
        wanted = select(table.key).where(table.world_id == world_id, table.scope == scope)
        return set(session.exec(wanted))

    def titles(
        self, session: Session, world_id: int, keys: Iterable[str], scope: str = ""
    ) -> dict[str, str]:
        """The titles of those of the keys that are there."""
        table = self.table
        wanted = select(table.key, table.title).where(
            table.world_id == world_id, table.scope == scope, col(table.key).in_(set(keys))
        )
        return {key: title or key for key, title in session.exec(wanted)}

    def holding(
        self, session: Session, world_id: int, text: str, scope: str = ""
    ) -> list[Stored[T]]:
        """Everything with the text somewhere in it, in the world's order; any case."""
        wanted = self._holding(select(self.table), world_id, text, scope)
        return [self._stored(row) for row in session.exec(wanted)]

    def titles_holding(
        self, session: Session, world_id: int, text: str, scope: str = ""
    ) -> dict[str, str]:
        """The keys and titles of the same."""
        selected = select(self.table.key, self.table.title)
        rows = session.exec(self._holding(selected, world_id, text, scope))
        return {key: title or key for key, title in rows}

    def _holding(self, selected: Any, world_id: int, text: str, scope: str) -> Any:
        table = self.table
        return selected.where(
            table.world_id == world_id, table.scope == scope,
            col(table.search).contains(text.lower(), autoescape=True),
        ).order_by(table.position)  # fmt: skip

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
        for name, value in self.derive(payload).items():
            setattr(row, name, value)
        if self.kind is Kind.ENTITY:
            row.title = self._title(payload, title_field)
        row.payload = dict(payload)
        row.search = columns.search_text(row.key, payload)
        row.is_valid = self.parsed(payload) is not None
        row.updated_at = tables.utc_now()
        return row

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

    def _conditions(self, query: Query) -> list[ColumnElement[bool]]:
        words = [
            col(self.table.search).contains(w, autoescape=True) for w in query.q.lower().split()
        ]
        given = {name: value for name, value in query.filters.items() if value}
        found = words + [self._equals(name, value) for name, value in given.items()]
        for name, value in query.holding.items():
            if value:
                found.append(col(self._column(name)).contains(f" {value} ", autoescape=True))
        if query.keys is not None:
            found.append(col(self.table.key).in_(query.keys))
        return found

    def _equals(self, name: str, value: str) -> ColumnElement[bool]:
        if self.kind is not Kind.ENTITY or name in self.table.model_fields:
            is_equal: ColumnElement[bool] = self._column(name) == _typed(value)
            return is_equal
        # Databases spell a JSON truth as `true` or as 1; numbers are compared as their text.
        spelled = {"true": ["true", "1"], "false": ["false", "0"]}.get(value, [value])
        return cast(self._column(name), String).in_(spelled)

    def _order(self, query: Query) -> list[Any]:
        by_position = [self.table.position, self.table.id]
        name = query.sort.removeprefix("-")
        if not name:
            return by_position
        column = self._column(name)
        if name in query.numbers:
            column = col(self.table.payload)[name].as_float()
        return [column.desc() if query.sort.startswith("-") else column.asc(), *by_position]

    def _column(self, name: str) -> Any:
        if name in self.table.model_fields and name not in {"payload", "search", "id"}:
            return col(getattr(self.table, name))
        if self.kind is Kind.ENTITY:
            return col(self.table.payload)[name].as_string()
        raise NotFound(f"A {self.noun} has no column {name!r}.")


def _typed(value: str) -> str | bool:
    return {"true": True, "false": False}.get(value, value)


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
