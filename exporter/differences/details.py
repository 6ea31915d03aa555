"""What differs inside one thing: its fields, and the criteria of a task matched by id."""

from collections.abc import Iterator

from exporter.differences.fields import field_changes, is_reordered
from exporter.differences.types import CriterionChange, Details, FieldChange, How, ItemChange
from exporter.versioning import HEADER, Bump, criterion_bump
from world_builder.frozen import Frozen, Json, Record
from world_builder.rubrics import Criterion, Rubric
from world_builder.tasks import Task
from world_builder.world import World


def details(item: ItemChange) -> Details:
    """What differs inside; nothing for a thing that came or went as a whole."""
    was, now = item.before, item.after
    if was is None or now is None:
        return Details()
    fields = tuple(field_changes(_data(was), _data(now)))
    if not (isinstance(was, Task) and isinstance(now, Task)):
        return Details(fields=fields)
    moved = _moved(was.rubric, now.rubric)
    return Details(fields=(*fields, *moved), criteria=tuple(_criteria(was.rubric, now.rubric)))


def _data(thing: Frozen | Record) -> Json:
    if isinstance(thing, World):
        return thing.model_dump(mode="json", include=set(HEADER))
    if isinstance(thing, Task):
        return thing.model_dump(mode="json", exclude={"rubric": {"criteria"}})
    return thing.model_dump(mode="json") if isinstance(thing, Frozen) else dict(thing)


def _criteria(was: Rubric, now: Rubric) -> Iterator[CriterionChange]:
    old, new = _by_id(was), _by_id(now)
    for key in {**new, **old}:
        before, after = old.get(key), new.get(key)
        bump = criterion_bump(before, after)
        if bump is not Bump.NONE:
            yield _criterion(key, before, after, bump)


def _criterion(
    key: str, before: Criterion | None, after: Criterion | None, bump: Bump
) -> CriterionChange:
    told = after or before
    text = "" if told is None else told.text
    if before is None or after is None:
        how = How.ADDED if before is None else How.REMOVED
        return CriterionChange(id=key, how=how, bump=bump, text=text)
    fields = field_changes(before.model_dump(mode="json"), after.model_dump(mode="json"))
    return CriterionChange(id=key, how=How.CHANGED, bump=bump, text=text, fields=tuple(fields))


def _moved(was: Rubric, now: Rubric) -> Iterator[FieldChange]:
    old, new = _by_id(was), _by_id(now)
    if is_reordered(old, new):
        yield FieldChange(
            path="rubric.criteria", how=How.REORDERED, before=list(old), after=list(new)
        )


def _by_id(rubric: Rubric) -> dict[str, Criterion]:
    return {criterion.id: criterion for criterion in rubric.criteria}
