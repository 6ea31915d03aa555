"""Three-way merge of two edits of the same thing: what each side changed alone is kept.

Objects merge by name and lists of things with an `id` by id; other lists and values are one piece.
Knows nothing of tasks, rows or versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from world_builder.frozen import Json


class _Missing:
    """Stands where a side has nothing."""


MISSING: Final = _Missing()
_Side = Json | _Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A place that both sides changed, differently. None stands for "not there" as well."""

    path: str
    mine: Json
    theirs: Json


@dataclass(slots=True)
class _Merge:
    prefers_mine: bool
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Both edits in one; at each difference stands the preferred side."""

    data: dict[str, Json]
    differences: tuple[Difference, ...]


def merge(
    base: Mapping[str, Json],
    mine: Mapping[str, Json],
    theirs: Mapping[str, Json],
    *,
    prefers_mine: bool = True,
) -> Merged:
    """Both edits of `base`, and where they differ."""
    work = _Merge(prefers_mine)
    data = _objects("", dict(base), dict(mine), dict(theirs), work)
    return Merged(data=data, differences=tuple(work.differences))


def _values(path: str, base: _Side, mine: _Side, theirs: _Side, work: _Merge) -> _Side:
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    if isinstance(base, dict) and isinstance(mine, dict) and isinstance(theirs, dict):
        return _objects(path, base, mine, theirs, work)
    if (old := _by_id(base)) and (ours := _by_id(mine)) and (others := _by_id(theirs)):
        return _lists(path, old, ours, others, work)
    work.differences.append(
        Difference(path=path, mine=_shown(mine), theirs=_shown(theirs)),
    )
    return mine if work.prefers_mine else theirs


def _objects(
    path: str,
    base: dict[str, Json],
    mine: dict[str, Json],
    theirs: dict[str, Json],
    work: _Merge,
) -> dict[str, Json]:
    merged: dict[str, Json] = {}
    for name in [*mine, *(n for n in theirs if n not in mine)]:
        where = f"{path}.{name}".lstrip(".")
        value = _values(where, _of(base, name), _of(mine, name), _of(theirs, name), work)
        if not isinstance(value, _Missing):
            merged[name] = value
    return merged


def _lists(
    path: str,
    base: dict[str, Json],
    mine: dict[str, Json],
    theirs: dict[str, Json],
    work: _Merge,
) -> Json:
    is_mine_ordered = list(mine) != list(base)
    first, second = (mine, theirs) if is_mine_ordered else (theirs, mine)
    merged: list[Json] = []
    for key in [*first, *(k for k in second if k not in first)]:
        where = f"{path}[{key}]"
        value = _values(where, _of(base, key), _of(mine, key), _of(theirs, key), work)
        if not isinstance(value, _Missing):
            merged.append(value)
    return merged


def _of(side: dict[str, Json], name: str) -> _Side:
    return side.get(name, MISSING)


def _by_id(value: _Side) -> dict[str, Json]:
    """The items of a list by their ids; empty when it is no such list."""
    if not isinstance(value, list):
        return {}
    found: dict[str, Json] = {
        str(item["id"]): item for item in value if isinstance(item, dict) and "id" in item
    }
    return found if len(found) == len(value) else {}


def _shown(side: _Side) -> Json:
    return None if isinstance(side, _Missing) else side
