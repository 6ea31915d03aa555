"""Reads the form of the task editor: the task, the version it began with, what to do and judge."""

from collections.abc import Mapping
from dataclasses import dataclass

from studio.services.check_forms import JSON_KIND
from studio.services.preview import AnswerKind, Asked
from studio.services.task_forms import FormItems, read_task
from world_builder.frozen import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FormEdit:
    """What the editor's form says."""

    data: dict[str, Json]
    version: int
    editor: str
    act: str
    lines: str
    """New criteria, one a line."""
    asked: Asked
    json_ids: frozenset[str]
    """Criteria whose check is edited as JSON."""


def read_edit(form: FormItems, stored: Mapping[str, Json], version: int) -> FormEdit:
    """The form; what it does not say stays as stored, in the given version."""
    items = list(form)
    given = {name: value for name, value in items if isinstance(value, str)}
    return FormEdit(
        data=read_task(items, stored),
        version=int(given["version"]) if given.get("version", "").isdigit() else version,
        editor=given.get("editor", ""),
        act=given.get("act", "save"),
        lines=given.get("lines", ""),
        asked=read_asked(given),
        json_ids=frozenset(
            name.removeprefix("c.").removesuffix(".check_kind")
            for name, value in given.items()
            if name.endswith(".check_kind") and value == JSON_KIND
        ),
    )


def read_asked(given: Mapping[str, str]) -> Asked:
    """Which answer the preview shows."""
    kind = given.get("preview.run") or given.get("preview.kind", "")
    return Asked(
        kind=AnswerKind(kind) if kind in list(AnswerKind) else AnswerKind.REFERENCE,
        error=given.get("preview.error", ""),
        text=given.get("preview.text", "").replace("\r\n", "\n"),
        with_calls=given.get("preview.calls", "true") == "true",
    )
