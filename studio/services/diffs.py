"""Two versions of a thing as rows to read: which field, what it was, what it is.

Used by the history page and by conflicts. It only formats; `merging` joins versions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from world_builder.frozen import Json
from world_builder.ids import canonical_json

_MOST_TEXT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One place that differs."""

    path: str
    before: str | None
    """None where it was not there."""
    after: str | None


def diff_rows(
    before: Mapping[str, Json] | None, after: Mapping[str, Json] | None
) -> tuple[DiffRow, ...]:
    """The innermost places that differ, in the order of the newer version.

    >>> [r.path for r in diff_rows({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})]
    ['a.c']
    """
    return tuple(_differences("", dict(before or {}), dict(after or {})))


def as_text(value: Json) -> str:
    """A value in one line; long ones are cut."""
    text = value if isinstance(value, str) else canonical_json(value)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"


def _differences(path: str, before: Json, after: Json) -> Iterator[DiffRow]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*after, *(n for n in before if n not in after)]:
            where = f"{path}.{name}" if path else name
            yield from _of_part(where, name in before, before.get(name), after, name)
    elif isinstance(before, list) and isinstance(after, list):
        for i in range(max(len(before), len(after))):
            yield from _of_item(f"{path}[{i}]", before, after, i)
    elif before != after:
        yield DiffRow(path=path, before=as_text(before), after=as_text(after))


def _of_part(
    path: str, was_there: bool, before: Json, after: dict[str, Json], name: str
) -> Iterator[DiffRow]:
    if not was_there:
        yield DiffRow(path=path, before=None, after=as_text(after[name]))
    elif name not in after:
        yield DiffRow(path=path, before=as_text(before), after=None)
    else:
        yield from _differences(path, before, after[name])


def _of_item(path: str, before: list[Json], after: list[Json], i: int) -> Iterator[DiffRow]:
    if i >= len(before):
        yield DiffRow(path=path, before=None, after=as_text(after[i]))
    elif i >= len(after):
        yield DiffRow(path=path, before=as_text(before[i]), after=None)
    else:
        yield from _differences(path, before[i], after[i])
