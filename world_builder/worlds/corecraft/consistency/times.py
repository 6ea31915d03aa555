"""Times of all records: nothing lies in the future, all is New York's time, ids carry their day."""

from collections.abc import Iterator
from functools import lru_cache

from world_builder.worlds.corecraft.consistency.records import (
    Check,
    Checks,
    Record,
    Records,
    day,
    moment,
)
from world_builder.worlds.corecraft.rules import TIME_ZONE

_DAYS = {
    "customer": ("joined_on",),
    "employee": ("hired_on",),
    "build": ("quoted_on",),
    "knowledge_base_article": ("published_on", "updated_on"),
    "slack_channel": ("created_on",),
}
_MOMENTS = {
    "order": ("placed_at",),
    "payment": ("created_at",),
    "shipment": ("shipped_at", "delivered_at"),
    "refund": ("created_at", "processed_at"),
    "support_ticket": ("created_at", "updated_at"),
    "escalation": ("created_at", "resolved_at"),
    "resolution": ("created_at",),
    "slack_message": ("sent_at",),
}
"""What has happened; the first of each kind gives the day in the record's id."""
_PARTS = {"shipment": "events", "support_ticket": "messages"}


def _not_in_future(fields: tuple[str, ...], parts: str | None) -> Check:
    def check(record: Record, records: Records) -> Iterator[str]:
        for name, text in _known(record, fields, parts):
            is_ahead = moment(text) > records.now if "T" in text else day(text) > records.now.date()
            if is_ahead:
                yield f"{name} is {text}, in the future"

    return check


def _in_new_york(fields: tuple[str, ...], parts: str | None) -> Check:
    def check(record: Record, _: Records) -> Iterator[str]:
        for name, text in _known(record, fields, parts):
            if not _has_offset_of_new_york(text):
                yield f"{name} is {text}, not in New York's time"

    return check


@lru_cache(maxsize=2**16)
def _has_offset_of_new_york(text: str) -> bool:
    said = moment(text)
    return said.utcoffset() == said.astimezone(TIME_ZONE).utcoffset()


def _id_has_day(field: str) -> Check:
    def check(record: Record, _: Records) -> Iterator[str]:
        text = record.get(field)
        if text is not None and record["id"].split("-")[1] != f"{day(text):%y%m%d}":
            yield f"{field} is {text}, on another day than its id says"

    return check


def _known(record: Record, fields: tuple[str, ...], parts: str | None) -> Iterator[tuple[str, str]]:
    """The times of a record that are set, with their names."""
    for name in fields:
        if record.get(name) is not None:
            yield name, record[name]
    for i, part in enumerate(record[parts] if parts else ()):
        yield f"{parts}[{i}].at", part["at"]


def _checks(kind: str, fields: tuple[str, ...]) -> tuple[Check, ...]:
    parts = _PARTS.get(kind)
    return (_not_in_future(fields, parts), _in_new_york(fields, parts), _id_has_day(fields[0]))


CHECKS: Checks = {
    **{kind: (_not_in_future(fields, None),) for kind, fields in _DAYS.items()},
    **{kind: _checks(kind, fields) for kind, fields in _MOMENTS.items()},
}
