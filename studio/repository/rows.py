"""Reads the rows of one kind by their columns: counts, keys, titles and pages, no payloads.

The half of a `store` that needs no domain type, and what both halves select by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from studio.errors import NotFound
from studio.repository.types import Kind, Listing, Query


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one kind. `world_id` is the id that `worlds.world_id` gives."""

    kind: Kind
    table: type[Any]
    noun: str

    def page_of(
        self, session: Session, world_id: int, query: Query, names: Sequence[str], scope: str = ""
    ) -> Listing[tuple[Any, ...]]:
        """One page of what passes the query: some columns of the rows, no payload."""
        selected = rows_of(*(getattr(self.table, name) for name in names))
        found = self.listing(session, world_id, query, scope, selected)
        return replace(found, items=tuple(tuple(row) for row in found.items))

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

    def titles_holding(
        self, session: Session, world_id: int, text: str, scope: str = ""
    ) -> dict[str, str]:
        """The keys and titles of everything with the text somewhere in it, any case."""
        selected = select(self.table.key, self.table.title)
        rows = session.exec(self.holding_rows(selected, world_id, text, scope))
        return {key: title or key for key, title in rows}

    def listing(
        self, session: Session, world_id: int, query: Query, scope: str, selected: Any
    ) -> Listing[Any]:
        """One page of a select over the rows that pass the query."""
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

    def holding_rows(self, selected: Any, world_id: int, text: str, scope: str) -> Any:
        """A select over the rows with the text somewhere in them, in the world's order."""
        table = self.table
        return selected.where(
            table.world_id == world_id, table.scope == scope,
            col(table.search).contains(text.lower(), autoescape=True),
        ).order_by(table.position)  # fmt: skip

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
