"""A small part of Corecraft's world, and quick copies of it with some records changed."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from world_builder.world import World
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import build_company
from world_builder.worlds.corecraft.types import ENTITY_TYPES

SEED = 11
NUM_MESSAGES = 150
FIRST_CUSTOMER = "cust-0001"
_OWNED = (
    "order",
    "payment",
    "refund",
    "build",
    "support_ticket",
    "shipment",
    "escalation",
    "resolution",
)
_VARIED = ("status", "method", "condition", "level", "kind")


@cache
def whole_world(seed: int) -> World:
    """The company of a seed as a world without tools and tasks."""
    return World(
        name="corecraft",
        title="Corecraft Computers",
        now=NOW,
        seed=seed,
        entity_types=ENTITY_TYPES,
        entities=build_company(seed).records(),
        tools=(),
    )


@cache
def small_world() -> World:
    """A few customers with all that is theirs, and what is nobody's.

    For every kind of order, refund, ticket and so on somebody is there who has one.
    """
    entities: dict[str, Any] = dict(whole_world(SEED).entities)
    owner: dict[str, str] = {}
    kept = {("customer",): FIRST_CUSTOMER}
    for kind in _OWNED:
        for record in entities[kind]:
            mine = record.get("customer_id") or owner[record.get("order_id") or record["ticket_id"]]
            owner[record["id"]] = mine
            kept.setdefault((kind, *(record.get(name) for name in _VARIED)), mine)
    for kind in _OWNED:
        entities[kind] = tuple(r for r in entities[kind] if owner[r["id"]] in kept.values())
    entities["customer"] = tuple(r for r in entities["customer"] if r["id"] in kept.values())
    entities["slack_message"] = entities["slack_message"][:NUM_MESSAGES]
    return whole_world(SEED).model_copy(update={"entities": entities})


class Draft:
    """A copy of the small world in which records can be put.

    What is read is never written to: `put` takes a copy of it.
    """

    def __init__(self) -> None:
        self._kinds = {
            kind: {str(record["id"]): record for record in records}
            for kind, records in small_world().entities.items()
        }

    def all(self, kind: str, /, **fields: object) -> list[dict[str, Any]]:
        """The records that have these values."""
        return [
            record
            for record in self._kinds[kind].values()
            if all(record.get(name) == value for name, value in fields.items())
        ]

    def one(
        self, kind: str, fits: Callable[[dict[str, Any]], bool] | None = None, /, **fields: object
    ) -> dict[str, Any]:
        """The first record that has these values and fits; it is an error when none does."""
        return next(r for r in self.all(kind, **fields) if fits is None or fits(r))

    def get(self, kind: str, record_id: str) -> dict[str, Any]:
        return self._kinds[kind][record_id]

    def put(self, kind: str, record: dict[str, Any], /, **changes: object) -> str:
        """Puts a record with changes, a new one when its id changes; returns the id."""
        made = {**deepcopy(record), **changes}
        self._kinds[kind][str(made["id"])] = made
        return str(made["id"])

    def world(self) -> World:
        entities = {kind: tuple(records.values()) for kind, records in self._kinds.items()}
        return small_world().model_copy(update={"entities": entities})


Change = Callable[[dict[str, Any]], dict[str, object]]
Plant = tuple[str, Callable[[Draft], str]]
"""What must be said, and what plants the violation and returns the id that must be named."""


def plant(
    kind: str,
    changes: dict[str, object] | Change,
    fits: Callable[[dict[str, Any]], bool] | None = None,
    /,
    *,
    blames: str = "id",
    **fields: object,
) -> Callable[[Draft], str]:
    """Changes the first record that has these values and fits; blames what a field of it names."""

    def edit(draft: Draft) -> str:
        record = draft.one(kind, fits, **fields)
        draft.put(kind, record, **(changes(record) if callable(changes) else changes))
        return str(record[blames])

    return edit


def twin(
    kind: str,
    new_id: str,
    changes: dict[str, object] | Change | None = None,
    /,
    *,
    blames: str = "id",
    **fields: object,
) -> Callable[[Draft], str]:
    """Puts a second record like the first one that has these values; blames a field of it."""

    def edit(draft: Draft) -> str:
        record = draft.one(kind, **fields)
        made = changes(record) if callable(changes) else changes or {}
        new = draft.get(kind, draft.put(kind, record, **{**made, "id": new_id}))
        return str(new[blames])

    return edit


def moved(text: str, **delta: float) -> str:
    """A time so much later, with the same offset."""
    return (datetime.fromisoformat(text) + timedelta(**delta)).isoformat()
