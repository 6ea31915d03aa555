"""Entity types and their fields, as data.

First thing an author declares. `schema` turns a type into JSON Schema and form hints; records
themselves are plain JSON (`Record`) and live in the `World`.
"""

from enum import StrEnum

from pydantic import Field as Declared

from world_builder.frozen import Frozen, Json
from world_builder.ids import SLUG_PATTERN, id_format_pattern


class FieldKind(StrEnum):
    """What a field holds. Money is integer cents; dates and datetimes are ISO 8601 text."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    ENUM = "enum"
    REFERENCE = "reference"
    LIST = "list"
    OBJECT = "object"


class Field(Frozen):
    """One field of an entity type."""

    name: str = Declared(pattern=SLUG_PATTERN)
    kind: FieldKind
    title: str = ""
    """What people read; empty means the name, with spaces."""
    help: str = ""
    example: Json = None
    required: bool = False
    unique: bool = False
    default: Json = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    options: tuple[str, ...] = ()
    """The values of an `enum`."""
    entity_type: str | None = None
    """The type that a `reference` points at."""
    item: "Field | None" = None
    """What a `list` holds."""
    fields: tuple["Field", ...] = ()
    """What an `object` holds."""

    @property
    def label(self) -> str:
        return self.title or self.name.replace("_", " ").capitalize()


class EntityType(Frozen):
    """A kind of thing in a world: customers, orders, tickets."""

    name: str = Declared(pattern=SLUG_PATTERN)
    title: str
    plural: str
    description: str = ""
    id_format: str
    """How ids look and are made, such as `ord-{date}-{n:3}` (see `ids.next_id`)."""
    title_field: str = ""
    """The field that names an entity for people; empty means its id."""
    fields: tuple[Field, ...]

    @property
    def id_pattern(self) -> str:
        return id_format_pattern(self.id_format)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    def references(self) -> tuple[Field, ...]:
        """Top-level fields that point at another type, singly or as a list."""
        return tuple(f for f in self.fields if target_of(f) is not None)


def target_of(field: Field) -> str | None:
    """The type that a reference, or a list of references, points at; None for other kinds."""
    if field.kind is FieldKind.REFERENCE:
        return field.entity_type
    if field.kind is FieldKind.LIST and field.item is not None:
        return field.item.entity_type if field.item.kind is FieldKind.REFERENCE else None
    return None
