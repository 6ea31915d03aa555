"""Two JSON values, place by place: the innermost ones that differ.

Things in lists are matched by their id or name; other lists are aligned, so that one call added at
the start is one difference. It knows no world.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from exporter.differences.types import FieldChange, How
from world_builder.frozen import Json
from world_builder.ids import canonical_json

_KEYS = ("id", "name")


def field_changes(before: Json, after: Json, path: str = "") -> Iterator[FieldChange]:
    """The places that differ, in the order of the newer value.

    >>> [c.path for c in field_changes({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})]
    ['a.c']
    >>> [(c.path, c.how.value) for c in field_changes([{"id": "x"}], [{"id": "y"}, {"id": "x"}])]
    [('[y]', 'added')]
    """
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _objects(before, after, path)
    elif isinstance(before, list) and isinstance(after, list) and _holds_things(before, after):
        yield from _lists(before, after, path)
    else:
        yield FieldChange(path=path, how=How.CHANGED, before=before, after=after)


def _objects(
    before: Mapping[str, Json], after: Mapping[str, Json], path: str, form: str = ".{}"
) -> Iterator[FieldChange]:
    for name in [*after, *(n for n in before if n not in after)]:
        where = (path + form.format(name)).lstrip(".")
        if name not in before:
            yield FieldChange(path=where, how=How.ADDED, after=after[name])
        elif name not in after:
            yield FieldChange(path=where, how=How.REMOVED, before=before[name])
        else:
            yield from field_changes(before[name], after[name], where)


def _holds_things(before: list[Json], after: list[Json]) -> bool:
    """False for lists of plain values, which are shown whole."""
    return any(isinstance(item, dict | list) for item in (*before, *after))


def _lists(before: list[Json], after: list[Json], path: str) -> Iterator[FieldChange]:
    for key in _KEYS:
        old, new = _keyed(before, key), _keyed(after, key)
        if old is not None and new is not None:
            yield from _objects(old, new, path, "[{}]")
            if is_reordered(old, new):
                yield FieldChange(path=path, how=How.REORDERED, before=list(old), after=list(new))
            return
    yield from _aligned(before, after, path)


def _keyed(items: list[Json], key: str) -> dict[str, Json] | None:
    """The items by their key; None when one has none, or two have the same."""
    found: dict[str, Json] = {
        str(item[key]): item for item in items if isinstance(item, dict) and key in item
    }
    return found if len(found) == len(items) else None


def is_reordered(old: Iterable[str], new: Iterable[str]) -> bool:
    """True when what both have stands in another order; what came or went does not count."""
    was, now = dict.fromkeys(old), dict.fromkeys(new)
    return [key for key in was if key in now] != [key for key in now if key in was]


def _aligned(before: list[Json], after: list[Json], path: str) -> Iterator[FieldChange]:
    texts = [canonical_json(item) for item in before], [canonical_json(item) for item in after]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(i_end - i, j_end - j)
        for k in range(paired):
            yield from field_changes(before[i + k], after[j + k], f"{path}[{j + k}]")
        for k in range(i + paired, i_end):
            yield FieldChange(path=f"{path}[{k}]", how=How.REMOVED, before=before[k])
        for k in range(j + paired, j_end):
            yield FieldChange(path=f"{path}[{k}]", how=How.ADDED, after=after[k])
