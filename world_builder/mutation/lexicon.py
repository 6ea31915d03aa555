"""The entities that a text names, and others of their type to mistake them for."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from world_builder.diff import ChangeKind
from world_builder.entities import EntityType, FieldKind
from world_builder.frozen import Json, Record
from world_builder.phrases import PhraseBook
from world_builder.trajectory import Trajectory
from world_builder.world import World

_MIN_NAME_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Named:
    """An entity by what texts call it."""

    entity_type: str
    id: str
    name: str
    """The value of its title field; empty when names of its type are no names."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text names an entity."""

    start: int
    end: int
    entity: Named
    is_id: bool


class Lexicon:
    """The ids and names of a world's entities."""

    def __init__(self, world: World) -> None:
        self._types = {t.name: t for t in world.entity_types}
        self._by_type: dict[str, tuple[Named, ...]] = {
            t.name: tuple(_named(t, record) for record in world.entities.get(t.name, ()))
            for t in world.entity_types
        }
        self._places: dict[str, Mapping[str, int]] = {}
        everyone = [named for group in self._by_type.values() for named in group]
        self.by_id: Mapping[str, Named] = {named.id: named for named in everyone}
        self._by_name: defaultdict[str, list[Named]] = defaultdict(list)
        for named in everyone:
            if _is_telling(named.name):
                self._by_name[named.name].append(named)
        self._first_names = {n.name.split()[0]: n for n in everyone if n.name}
        self._book = PhraseBook([*self.by_id, *self._by_name])

    def mentions(self, text: str, prefer: frozenset[str] = frozenset()) -> list[Mention]:
        """Every id and name of an entity that the text holds.

        A name that several bear is taken as the first whose id is in `prefer`.
        """
        found: list[Mention] = []
        for start, end in self._book.find(text):
            phrase = text[start:end]
            if phrase in self.by_id:
                found.append(Mention(start, end, self.by_id[phrase], True))
            elif bearers := self._by_name.get(phrase):
                bearer = next((b for b in bearers if b.id in prefer), bearers[0])
                found.append(Mention(start, end, bearer, False))
        return found

    def by_first_name(self, name: str) -> Named | None:
        """An entity whose name begins with the word, or None."""
        return self._first_names.get(name)

    def of_type(self, entity_type: str) -> tuple[Named, ...]:
        """The entities of a type."""
        return self._by_type.get(entity_type, ())

    def places(self, entity_type: str) -> Mapping[str, int]:
        """Where each id stands among the entities of its type."""
        known = self._places
        if entity_type not in known:
            known[entity_type] = {n.id: i for i, n in enumerate(self.of_type(entity_type))}
        return known[entity_type]

    def ids_in(self, value: Json) -> set[str]:
        """Every entity id that a JSON value holds."""
        texts: set[str] = set()
        waiting: list[Json] = [value]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                texts.add(part)
            elif isinstance(part, dict):
                waiting.extend(part.values())
            elif isinstance(part, list):
                waiting.extend(part)
        return {text for text in texts if text in self.by_id}

    def created_in(self, trajectory: Trajectory) -> tuple[Named, ...]:
        """The entities that a rollout created."""
        return tuple(
            Named(change.entity_type, change.id, "")
            for change in trajectory.diff.of_kind(ChangeKind.CREATED)
        )


def _named(declared: EntityType, record: Record) -> Named:
    field = declared.field(declared.title_field)
    is_name = field is not None and field.kind is FieldKind.TEXT
    name = record.get(declared.title_field) if is_name else None
    return Named(declared.name, str(record["id"]), name if isinstance(name, str) else "")


def _is_telling(name: str) -> bool:
    """True for a name that a text would not hold by chance."""
    is_proper = any(c.isupper() or c.isdigit() or c in "#_-" for c in name)
    return len(name) >= _MIN_NAME_LENGTH and is_proper and (" " in name or not name.isalpha())
