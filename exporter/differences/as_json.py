"""Differences as JSON, for programs."""

from exporter.differences.details import details
from exporter.differences.types import (
    CriterionChange,
    Differences,
    FieldChange,
    ItemChange,
    PartCount,
)
from world_builder.frozen import Json


def to_json(differences: Differences, *, with_fields: bool = True) -> dict[str, Json]:
    """Counts by part and every thing that differs, with the bump each calls for."""
    return {
        "bump": differences.bump.label,
        "counts": {count.part.value: _count(count) for count in differences.counts()},
        "items": [_item(item, with_fields) for item in differences.items],
    }


def _count(count: PartCount) -> dict[str, Json]:
    return {
        "added": count.added,
        "removed": count.removed,
        "changed": count.changed,
        "bump": count.bump.label,
    }


def _item(item: ItemChange, with_fields: bool) -> dict[str, Json]:
    told: dict[str, Json] = {
        "path": item.path,
        "title": item.title,
        "how": item.how.value,
        "bump": item.bump.label,
        "reason": item.reason,
    }
    if with_fields:
        inside = details(item)
        told["fields"] = [_field(field) for field in inside.fields]
        told["criteria"] = [_criterion(criterion) for criterion in inside.criteria]
    return told


def _criterion(change: CriterionChange) -> dict[str, Json]:
    return {
        "id": change.id,
        "how": change.how.value,
        "bump": change.bump.label,
        "text": change.text,
        "fields": [_field(field) for field in change.fields],
    }


def _field(change: FieldChange) -> dict[str, Json]:
    return {
        "path": change.path,
        "how": change.how.value,
        "before": change.before,
        "after": change.after,
    }
