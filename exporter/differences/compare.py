"""Finds which things differ between two worlds. Pure; the rule of bumps is `versioning`'s."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from exporter.differences.fields import is_reordered
from exporter.differences.types import Differences, How, ItemChange
from exporter.versioning import HEADER, RULES, Bump, Part, bump_of, named
from world_builder.entities import EntityType
from world_builder.frozen import Record
from world_builder.world import World

_ORDER = {part: i for i, part in enumerate(Part)}
_HOWS = {how: i for i, how in enumerate(How)}


def compare(before: World, after: World) -> Differences:
    """All that differs, by part; in a part weightiest first, then added, removed, changed."""
    found = [*_header(before, after), *_entities(before, after)]
    for part in RULES:
        found += _declared(part, before, after)
    return Differences(items=tuple(sorted(found, key=_place)))


def _place(item: ItemChange) -> tuple[int, int, int, str, str]:
    return _ORDER[item.part], -item.bump, _HOWS[item.how], item.scope, item.id


def _header(before: World, after: World) -> Iterator[ItemChange]:
    names = [name for name in HEADER if getattr(before, name) != getattr(after, name)]
    if names:
        bump = max(HEADER[name] for name in names)
        yield _item(Part.WORLD, after.name, before, after, bump, title=after.title)


def _declared(part: Part, before: World, after: World) -> Iterator[ItemChange]:
    """What differs among the named things of a part."""
    old, new = named(before, part), named(after, part)
    for name in {**new, **old}:
        was, now = old.get(name), new.get(name)
        bump = bump_of(part, was, now)
        if bump is not Bump.NONE:
            title = str(getattr(was if now is None else now, "title", ""))
            yield _item(part, name, was, now, bump, title=title)
    if is_reordered(old, new):
        yield ItemChange(part=part, id="", how=How.REORDERED, bump=RULES[part].wording)


def _entities(before: World, after: World) -> Iterator[ItemChange]:
    for scope in {**after.entities, **before.entities}:
        title_of = _titler((*before.entity_types, *after.entity_types), scope)
        old = {str(r.get("id")): r for r in before.entities.get(scope, ())}
        new = {str(r.get("id")): r for r in after.entities.get(scope, ())}
        for key in {**new, **old}:
            was, now = old.get(key), new.get(key)
            if was is not now and was != now:
                title = title_of(now or was or {})
                yield _item(Part.ENTITIES, key, was, now, Bump.MINOR, title=title, scope=scope)


def _titler(declared: tuple[EntityType, ...], scope: str) -> Callable[[Record], str]:
    """What names an entity for people: the value of its type's title field."""
    types: Mapping[str, EntityType] = {t.name: t for t in declared}
    field = types[scope].title_field if scope in types else ""
    return lambda record: str(record.get(field) or "") if field else ""


def _item(
    part: Part, key: str, was: Any, now: Any, bump: Bump, *, title: str, scope: str = ""
) -> ItemChange:
    how = How.ADDED if was is None else How.REMOVED if now is None else How.CHANGED
    return ItemChange(
        part=part, id=key, how=how, bump=bump, title=title, scope=scope, before=was, after=now
    )
