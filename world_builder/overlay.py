"""What a state changed of its base, and how a failed call takes its changes back.

Below `state`. It knows no entity types and checks nothing.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType, TracebackType
from typing import Final, Literal, TypeAlias

from world_builder.frozen import Record

Changed: TypeAlias = Mapping[str, Record | None]
"""Records by id; None marks a removed entity."""


class _Absent(Enum):
    ABSENT = 0


_ABSENT: Final = _Absent.ABSENT
_Replaced: TypeAlias = tuple[str, str, Record | Literal[_Absent.ABSENT] | None]
"""Type, id and what stood there before a change."""

_NOTHING: Final[Changed] = MappingProxyType({})


class Overlay:
    """Changed records by type and id."""

    __slots__ = ("by_type", "replaced")

    def __init__(self) -> None:
        self.by_type: dict[str, dict[str, Record | None]] = {}
        self.replaced: list[_Replaced] | None = None
        """What changes replaced, oldest first; None outside transactions."""

    def copied(self) -> "Overlay":
        """The same changes, to be added to on their own."""
        copy = Overlay()
        copy.by_type = {name: {**changed} for name, changed in self.by_type.items()}
        return copy

    def of(self, entity_type: str) -> Changed:
        """The changes of a type."""
        return self.by_type.get(entity_type, _NOTHING)

    def set(self, entity_type: str, entity_id: str, record: Record | None) -> None:
        changed = self.by_type.get(entity_type)
        if changed is None:
            changed = self.by_type[entity_type] = {}
        if self.replaced is not None:
            self.replaced.append((entity_type, entity_id, changed.get(entity_id, _ABSENT)))
        changed[entity_id] = record

    def take_back(self, replaced: list[_Replaced]) -> None:
        """Put back what these changes replaced."""
        for entity_type, entity_id, before in reversed(replaced):
            if before is _ABSENT:
                del self.by_type[entity_type][entity_id]
            else:
                self.by_type[entity_type][entity_id] = before


class Transaction:
    """Keeps all changes made inside it, or, when it raises, none of them; may stand in another."""

    __slots__ = ("_is_outermost", "_num_before", "_overlay")

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay

    def __enter__(self) -> None:
        replaced = self._overlay.replaced
        self._is_outermost = replaced is None
        self._num_before = 0 if replaced is None else len(replaced)
        if replaced is None:
            self._overlay.replaced = []

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        replaced = self._overlay.replaced
        if kind is not None and replaced is not None:
            self._overlay.take_back(replaced[self._num_before :])
            del replaced[self._num_before :]
        if self._is_outermost:
            self._overlay.replaced = None
