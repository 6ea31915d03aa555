"""The mutable side of a world: one rollout's state over a base shared by all.

`WorldBase` is built once per process and never changes. A `WorldState` is a small overlay on it:
reset drops the overlay, a transaction notes what its changes replaced and puts that back when it
fails, and the overlay is the diff. The state hash is a sum over entities, so one change costs one
entity, not the world.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone

from world_builder.diff import Change, Patch, StateDiff
from world_builder.errors import StateError, UnknownName
from world_builder.frozen import Json, Record
from world_builder.ids import last_number, next_id, record_digest
from world_builder.overlay import Changed, Overlay, Transaction
from world_builder.records import searchable_text
from world_builder.shown import ShownRecords
from world_builder.tasks import Start
from world_builder.type_index import TypeIndex
from world_builder.world import World

_HASH_MODULUS = 1 << 256
_PLAIN = Start()
_UNPATCHED = Overlay()


class WorldBase:
    """The immutable entities of a world, with indexes built on first use."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = with_fixed_offset(world.now)
        self.records: dict[str, dict[str, Record]] = {
            t.name: {str(r["id"]): r for r in world.entities.get(t.name, ())}
            for t in world.entity_types
        }
        self._shown = {name: ShownRecords(records) for name, records in self.records.items()}
        self._type_indexes = {name: TypeIndex(records) for name, records in self.records.items()}
        self._id_formats = {t.name: t.id_format for t in world.entity_types}
        self._first_numbers: dict[tuple[str, datetime], int] = {}
        self._digests: dict[tuple[str, str], int] = {}
        self._hash_sum: int | None = None

    def type_index(self, entity_type: str) -> TypeIndex:
        """The indexes of a type's records. Raises UnknownName for a type the world has not."""
        if entity_type not in self._type_indexes:
            known = ", ".join(sorted(self.records))
            raise UnknownName(f"no entity type {entity_type!r}; there are: {known}")
        return self._type_indexes[entity_type]

    def shown(self, entity_type: str) -> ShownRecords:
        """A type's records as tools show them."""
        return self._shown[entity_type]

    def digest(self, entity_type: str, entity_id: str) -> int:
        """The digest of a record of the base."""
        key = (entity_type, entity_id)
        if key not in self._digests:
            self._digests[key] = record_digest(entity_type, self.records[entity_type][entity_id])
        return self._digests[key]

    def id_format(self, entity_type: str) -> str:
        return self._id_formats[entity_type]

    def first_number(self, entity_type: str, now: datetime) -> int:
        """The counter after the highest in the base."""
        key = (entity_type, now)
        if key not in self._first_numbers:
            taken = self.records[entity_type]
            self._first_numbers[key] = last_number(self._id_formats[entity_type], now, taken) + 1
        return self._first_numbers[key]

    @property
    def hash_sum(self) -> int:
        """The sum of all record digests modulo 2**256."""
        if self._hash_sum is None:
            digests = (record_digest(t, r) for t, rs in self.records.items() for r in rs.values())
            self._hash_sum = sum(digests) % _HASH_MODULUS
        return self._hash_sum


class WorldState:
    """One isolated state of a world: the base, the task's start state and an overlay."""

    __slots__ = ("_overlay", "_start_hash_sum", "_start_layer", "base", "now")

    def __init__(self, base: WorldBase, start: Start = _PLAIN) -> None:
        """A state as the task begins. Raises StateError when a start patch cannot be applied."""
        self.base = base
        self.now = base.now if start.now is None else with_fixed_offset(start.now)
        self._start_layer = _UNPATCHED
        self._start_hash_sum: int | None = None
        self._overlay = Overlay()
        if start.start_state:
            self._apply_patches(start.start_state)
            self._start_layer, self._overlay = self._overlay, self._overlay.copied()

    @classmethod
    def restore(cls, base: WorldBase, start: Start, diff: StateDiff) -> "WorldState":
        """The state that a stored diff describes."""
        state = cls(base, start)
        for change in diff.changes:
            state._overlay.set(change.entity_type, change.id, change.after)
        return state

    def copied(self) -> "WorldState":
        """The same state, to be changed on its own."""
        copy = WorldState(self.base)
        copy.now = self.now
        copy._start_layer, copy._start_hash_sum = self._start_layer, self._start_hash_sum
        copy._overlay = self._overlay.copied()
        return copy

    def reset(self) -> None:
        """Back to the start of the task."""
        self._overlay = self._start_layer.copied()

    def get(self, entity_type: str, entity_id: str) -> Record | None:
        """The entity, or None. Raises UnknownName for a type the world does not have."""
        changed = self._overlay.by_type.get(entity_type)
        if changed is not None and entity_id in changed:
            return changed[entity_id]
        records = self.base.records.get(entity_type)
        return (self._base_records(entity_type) if records is None else records).get(entity_id)

    def records(self, entity_type: str) -> list[Record]:
        """All entities of a type: the base in its order, then new ones by id."""
        base, changed = self._base_records(entity_type), self.changed(entity_type)
        if not changed:
            return list(base.values())
        kept = [changed.get(i, r) if i in changed else r for i, r in base.items()]
        new = [changed[i] for i in sorted(changed.keys() - base.keys())]
        return [r for r in kept + new if r is not None]

    def changed(self, entity_type: str) -> Changed:
        """What differs from the base, the start state included; None marks a removed entity."""
        return self._overlay.of(entity_type)

    def find(self, entity_type: str, field_name: str, value: Json) -> list[Record]:
        """The entities whose field equals the value, or is a list that holds it."""
        index, changed = self.base.type_index(entity_type), self.changed(entity_type)
        base, ids = index.records, index.by_value(field_name).get(value, ())
        if not changed:
            return [base[i] for i in ids]
        kept = [base[i] for i in ids if i not in changed]
        moved = [changed[i] for i in sorted(changed) if changed[i] is not None]
        found = kept + [r for r in moved if r is not None and _holds(r.get(field_name), value)]
        return sorted(found, key=lambda r: str(r["id"])) if moved else found

    def text_reader(self, entity_type: str, fields: tuple[str, ...]) -> Callable[[Record], str]:
        """A function that gives the searchable text of some fields of this state's records."""
        base, known = (
            self._base_records(entity_type),
            self.base.type_index(entity_type).texts(fields),
        )

        def read(record: Record) -> str:
            entity_id = str(record["id"])
            if base.get(entity_id) is record:
                return known[entity_id]
            return searchable_text(record, fields)

        return read

    def put(self, entity_type: str, record: Record) -> None:
        """Set an entity, new or known; the record must carry its `id`. Raises StateError."""
        entity_id = record.get("id")
        if not isinstance(entity_id, str) or not entity_id:
            raise StateError(f"a {entity_type} needs a text `id`")
        self._base_records(entity_type)
        self._overlay.set(entity_type, entity_id, record)

    def delete(self, entity_type: str, entity_id: str) -> None:
        """Remove an entity. Raises StateError when there is none."""
        if self.get(entity_type, entity_id) is None:
            raise StateError(f"no {entity_type} {entity_id!r} to remove")
        self._overlay.set(entity_type, entity_id, None)

    def new_id(self, entity_type: str) -> str:
        """The next free id of a type: the same calls always give the same ids."""
        self._base_records(entity_type)
        first = self.base.first_number(entity_type, self.now)
        return next_id(
            self.base.id_format(entity_type),
            self.now,
            lambda i: self._is_taken(entity_type, i),
            first,
        )

    def transaction(self) -> Transaction:
        """All changes inside are kept together, or, when it raises, none of them."""
        return Transaction(self._overlay)

    def diff(self) -> StateDiff:
        """What changed since the start of the task."""
        return StateDiff(
            changes=tuple(
                Change.model_construct(
                    entity_type=entity_type,
                    id=entity_id,
                    before=None if before is None else dict(before),
                    after=None if after is None else dict(after),
                )
                for entity_type, entity_id, before, after in sorted(
                    self._changes(), key=lambda change: change[:2]
                )
            )
        )

    @property
    def state_hash(self) -> str:
        """A hash of every entity as it is now, 64 hex digits; equal states have equal hashes."""
        if self._start_hash_sum is None:
            self._start_hash_sum = self._hash_of_start()
        total = self._start_hash_sum
        for entity_type, _, before, after in self._changes():
            total -= self._digest(entity_type, before) if before is not None else 0
            total += record_digest(entity_type, after) if after is not None else 0
        return f"{total % _HASH_MODULUS:064x}"

    def _digest(self, entity_type: str, record: Record) -> int:
        entity_id = str(record["id"])
        if self.base.records[entity_type].get(entity_id) is record:
            return self.base.digest(entity_type, entity_id)
        return record_digest(entity_type, record)

    def _hash_of_start(self) -> int:
        total = self.base.hash_sum
        for entity_type, changed in self._start_layer.by_type.items():
            for entity_id, after in changed.items():
                before = self.base.records[entity_type].get(entity_id)
                total -= record_digest(entity_type, before) if before is not None else 0
                total += record_digest(entity_type, after) if after is not None else 0
        return total

    def _changes(self) -> Iterator[tuple[str, str, Record | None, Record | None]]:
        for entity_type in sorted(self._overlay.by_type):
            changed = self._overlay.of(entity_type)
            for entity_id in sorted(changed):
                before = self._get_at_start(entity_type, entity_id)
                after = changed[entity_id]
                if before is not after and before != after:
                    yield entity_type, entity_id, before, after

    def _get_at_start(self, entity_type: str, entity_id: str) -> Record | None:
        patched = self._start_layer.of(entity_type)
        if entity_id in patched:
            return patched[entity_id]
        return self._base_records(entity_type).get(entity_id)

    def _base_records(self, entity_type: str) -> Mapping[str, Record]:
        return self.base.type_index(entity_type).records

    def _is_taken(self, entity_type: str, entity_id: str) -> bool:
        return entity_id in self.base.records[entity_type] or entity_id in self.changed(entity_type)

    def _apply_patches(self, patches: tuple[Patch, ...]) -> None:
        for patch in patches:
            if patch.values is None:
                self.delete(patch.entity_type, patch.id)
            else:
                known = self.get(patch.entity_type, patch.id) or {}
                self.put(patch.entity_type, {**known, **patch.values, "id": patch.id})


def with_fixed_offset(moment: datetime) -> datetime:
    """The same moment and offset without a zone's rules, as expressions need it."""
    offset = moment.utcoffset()
    return moment if offset is None else moment.replace(tzinfo=timezone(offset))


def _holds(field_value: Json, value: Json) -> bool:
    if isinstance(field_value, list):
        return value in field_value
    return field_value == value
