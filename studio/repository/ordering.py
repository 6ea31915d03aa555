"""The order of the things of a world: part of what a bundle is, and no part of any one thing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, select

from studio.repository.store import STORES
from studio.repository.types import Kind
from studio.repository.worlds import world_row


def order_of(session: Session, world_id: int, kind: Kind) -> list[tuple[str, str]]:
    """Scope and key of everything of a kind, in the world's order."""
    table = STORES[kind].table
    rows = session.exec(
        select(table.scope, table.key)
        .where(table.world_id == world_id)
        .order_by(table.scope, table.position, table.id)
    )
    return [(scope, key) for scope, key in rows]


def set_order(session: Session, world: str, kind: Kind, order: Sequence[Sequence[str]]) -> None:
    """Puts the things of a kind in this order; others keep their places after them.

    Counts as a change of the world itself, so that what is kept of it is loaded again.
    """
    row = world_row(session, world)
    table: Any = STORES[kind].table.__table__
    places = [
        {"a_scope": scope, "a_key": key, "a_position": i} for i, (scope, key) in enumerate(order)
    ]
    shift = update(table).where(table.c.world_id == row.id)
    session.connection().execute(shift.values(position=table.c.position + len(places)))
    if places:
        place = shift.where(
            table.c.scope == bindparam("a_scope"), table.c.key == bindparam("a_key")
        )
        session.connection().execute(place.values(position=bindparam("a_position")), places)
    row.version += 1
    session.add(row)
    session.flush()
    session.expire_all()
