"""The records of a world as checks look at them: by id, grouped along references, with real times.

The modules beside it state the checks. It judges nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from world_builder.world import World
from world_builder.worlds.corecraft.rules import TIME_ZONE

Record: TypeAlias = Mapping[str, Any]
"""One entity as JSON."""


class Records:
    """A world's records."""

    def __init__(self, world: World) -> None:
        self.now: datetime = world.now.astimezone(TIME_ZONE)
        self._kinds: dict[str, dict[str, Record]] = {
            kind: {str(record["id"]): record for record in records}
            for kind, records in world.entities.items()
        }
        self._groups: dict[tuple[str, str], defaultdict[str, list[Record]]] = {}

    def of(self, kind: str) -> dict[str, Record]:
        """Records of an entity type by id."""
        return self._kinds.get(kind, {})

    def where(self, kind: str, field: str, value: str) -> list[Record]:
        """Records of an entity type whose field has a value."""
        groups = self._groups.get((kind, field))
        if groups is None:
            groups = self._groups[(kind, field)] = defaultdict(list)
            for record in self.of(kind).values():
                if record.get(field) is not None:
                    groups[record[field]].append(record)
        return groups.get(value, [])

    def payments_of(self, order_id: str) -> list[Record]:
        return self.where("payment", "order_id", order_id)

    def shipments_of(self, order_id: str) -> list[Record]:
        return self.where("shipment", "order_id", order_id)

    def refunds_of(self, order_id: str) -> list[Record]:
        return self.where("refund", "order_id", order_id)

    def tier(self, customer_id: str) -> str:
        """A customer's loyalty tier."""
        return str(self.of("customer")[customer_id]["loyalty_tier"])

    def role(self, employee_id: str) -> str:
        """An employee's role."""
        return str(self.of("employee")[employee_id]["role"])


Check: TypeAlias = Callable[[Record, Records], Iterator[str]]
"""What is wrong with one record, one sentence each."""

Checks: TypeAlias = Mapping[str, tuple[Check, ...]]
"""The checks of entity types."""


@lru_cache(maxsize=2**16)
def moment(text: str) -> datetime:
    """The time of a date-time field."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=2**16)
def day(text: str) -> date:
    """The day of a date field, or of a date-time field in New York."""
    if "T" in text:
        return moment(text).astimezone(TIME_ZONE).date()
    return date.fromisoformat(text)


def line_of(order: Record, product_id: str) -> Record | None:
    """The line of a product in an order."""
    lines: Sequence[Record] = order["lines"]
    return next((line for line in lines if line["product_id"] == product_id), None)


def repeated(values: Sequence[str]) -> list[str]:
    """The values that stand more than once, each named once.

    >>> repeated(["a", "b", "a", "a"])
    ['a']
    """
    return [value for value, count in Counter(values).items() if count > 1]
