"""Values of entities as people read them: the cells of the grid."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from studio.services.entities import Titles
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json, Record

_HIDDEN = frozenset({FieldKind.LONG_TEXT, FieldKind.OBJECT})
_MOST_TEXT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference with the title of what it points at."""

    entity_type: str
    id: str
    title: str
    """The id when it has no title; empty when there is no such entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str = ""
    is_num: bool = False
    links: tuple[Link, ...] = ()
    tags: tuple[str, ...] = ()


def shown_fields(entity_type: EntityType, most: int = 9) -> tuple[Field, ...]:
    """The fields that are columns: the one that titles first, long texts and objects not."""
    fields = [f for f in entity_type.fields if f.kind not in _HIDDEN]
    fields.sort(key=lambda f: f.name != entity_type.title_field)
    return tuple(fields[:most])


def cells(
    fields: tuple[Field, ...], record: Record, titles: Titles, zone: tzinfo
) -> tuple[Cell, ...]:
    """The cells of a row, one for each field."""
    return tuple(cell(field, record.get(field.name), titles, zone) for field in fields)


def cell(field: Field, value: Json, titles: Titles, zone: tzinfo) -> Cell:
    """One value by the kind of its field."""
    is_num = field.kind in {FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.MONEY}
    if value is None:
        return Cell(is_num=is_num)
    if field.kind is FieldKind.REFERENCE:
        return Cell(links=(_link(field, value, titles),))
    if field.kind is FieldKind.LIST and isinstance(value, list):
        return _list_cell(field, value, titles)
    if field.kind is FieldKind.ENUM:
        return Cell(tags=(str(value),))
    return Cell(text=text_of(field, value, zone), is_num=is_num)


def text_of(field: Field, value: Json, zone: tzinfo) -> str:
    """One plain value as text.

    >>> from datetime import UTC
    >>> text_of(Field(name="total", kind=FieldKind.MONEY), 123456, UTC)
    '$1,234.56'
    """
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return money(value)
    if field.kind is FieldKind.BOOLEAN:
        return "yes" if value else "no"
    if field.kind is FieldKind.DATETIME and isinstance(value, str):
        return _moment(value, zone)
    if isinstance(value, int | float):
        return f"{value:,}"
    text = str(value)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"


def money(cents: int) -> str:
    """Cents as dollars.

    >>> money(-5)
    '-$0.05'
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def _list_cell(field: Field, value: list[Json], titles: Titles) -> Cell:
    item = field.item
    if item is not None and item.kind is FieldKind.REFERENCE:
        return Cell(links=tuple(_link(item, one, titles) for one in value[:3]))
    if any(isinstance(one, dict | list) for one in value):
        noun = field.label.lower().removesuffix("s") if len(value) == 1 else field.label.lower()
        return Cell(text=f"{len(value)} {noun}", is_num=False)
    return Cell(tags=tuple(str(one) for one in value[:6]))


def _link(field: Field, value: Json, titles: Titles) -> Link:
    target = field.entity_type or ""
    return Link(entity_type=target, id=str(value), title=titles.get(target, {}).get(str(value), ""))


def _moment(value: str, zone: tzinfo) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (moment.astimezone(zone) if moment.tzinfo else moment).strftime("%Y-%m-%d %H:%M")
