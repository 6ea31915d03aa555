"""The contexts of a task's pages, and how they are made from what the services give.

`task_index` has the list's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session
from starlette.requests import Request

from studio.history import Revision
from studio.htmx import Tone
from studio.services import check_forms
from studio.services.preview import Asked, Preview, PreviewRow, preview
from studio.services.task_forms import TaskForm, say_problem, show_task
from studio.services.tasks import EDIT_NOTE, NEXT, Opened, TaskConflict
from studio.services.world_cache import Snapshot
from studio.shell import Link, Shell, State, make_shell
from world_builder.frozen import Json
from world_builder.rubrics import CriterionCategory, CriterionKind, Scope
from world_builder.tasks import Category, Difficulty, Split, TaskStatus
from world_builder.validation import Problem
from world_builder.wording import words

Choices = tuple[tuple[str, str], ...]

TONES = {
    TaskStatus.DRAFT: Tone.NEUTRAL, TaskStatus.IN_REVIEW: Tone.WARN,
    TaskStatus.CHANGES_REQUESTED: Tone.BAD, TaskStatus.APPROVED: Tone.GOOD,
    TaskStatus.RETIRED: Tone.NEUTRAL,
}  # fmt: skip
_STEPS: Mapping[TaskStatus, tuple[str, str]] = {
    TaskStatus.DRAFT: ("Back to draft", "b"),
    TaskStatus.IN_REVIEW: ("Send to review", "v"),
    TaskStatus.CHANGES_REQUESTED: ("Request changes", "c"),
    TaskStatus.APPROVED: ("Approve", "a"),
    TaskStatus.RETIRED: ("Retire", "alt+r"),
}


def choices(values: object) -> Choices:
    """The values of an enumeration with their words."""
    return tuple((str(v), words(str(v))) for v in values)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the controls of the editor offer."""

    categories: Choices
    difficulties: Choices
    splits: Choices
    policies: Choices
    surfaces: Choices
    tools: Choices
    entity_types: Choices
    criterion_categories: Choices
    criterion_kinds: Choices
    scopes: Choices
    check_kinds: Choices = check_forms.CHECK_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A status that the task may get next."""

    status: str
    label: str
    key: str
    is_main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """A place with its two values; None is "not there"."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the history."""

    id: int
    version: int
    act: str
    fields: tuple[str, ...]
    who: str
    at: datetime
    note: str
    """Empty for ordinary saves of the editor."""
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    """What somebody else changed meanwhile, beside one's own."""

    who: str
    version: int
    """The version that is stored now."""
    rows: tuple[DiffRow, ...]
    """Before is theirs, after is mine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPage:
    shell: Shell
    world: str
    task: TaskForm
    version: int
    editor: str
    """Names this page, so that its own saves never conflict with each other."""
    options: Options
    preview: Preview
    verdicts: dict[str, PreviewRow]
    """The rows of the preview by criterion."""
    steps: tuple[Step, ...]
    problem_lines: tuple[str, ...]
    """What is wrong with the task, a line each."""
    num_revisions: int
    can_undo: bool
    lines: str
    """What stands in the row for new criteria."""
    conflict: ConflictView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage:
    shell: Shell
    world: str
    values: dict[str, str]
    errors: dict[str, str]
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    shell: Shell
    world: str
    task_id: str
    changes: tuple[Change, ...]
    current_version: int | None
    """None when the task is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """A task as an API client gets it."""

    id: str
    version: int
    task: Mapping[str, Json]
    problems: tuple[Problem, ...] = field(default=())


def edit_page(
    request: Request, session: Session, world: str, opened: Opened, *, editor: str,
    data: Mapping[str, Json] | None = None, version: int | None = None, asked: Asked | None = None,
    shown: Preview | None = None, lines: str = "", problems: tuple[Problem, ...] | None = None,
    conflict: ConflictView | None = None, json_ids: frozenset[str] = frozenset(),
) -> EditPage:  # fmt: skip
    """The editor of a task: as stored, or with the `data` that a form holds."""
    task_id = opened.stored.ref.key
    payload = opened.stored.payload if data is None else data
    found = opened.problems if problems is None else problems
    form = show_task(task_id, payload, found, json_ids)
    status = TaskStatus(form.status) if form.status in list(TaskStatus) else TaskStatus.DRAFT
    base = f"/worlds/{world}/tasks"
    category = form.texts["category"]
    crumbs: tuple[Link, ...] = (Link(label="Tasks", url=base),)
    if category:
        crumbs += (Link(label=words(category).capitalize(), url=f"{base}?category={category}"),)
    title = form.texts["title"] or task_id
    judged = shown or preview(opened.snapshot, payload, asked or Asked())
    return EditPage(
        shell=make_shell(
            request, session, title, world=world, current="Tasks", breadcrumbs=crumbs,
            state=State(label=words(status.value), tone=TONES[status]), saved="saved",
        ),
        world=world, task=form, editor=editor, options=options_of(opened.snapshot, form),
        version=opened.stored.version if version is None else version,
        preview=judged, verdicts={row.criterion_id: row for row in judged.rows},
        steps=_steps(status), num_revisions=opened.num_revisions,
        problem_lines=tuple(say_problem(task_id, p) for p in found),
        can_undo=opened.can_undo, lines=lines, conflict=conflict,
    )  # fmt: skip


def conflict_view(conflict: TaskConflict) -> ConflictView:
    """A conflict as the editor shows it."""
    rows = tuple(
        DiffRow(path=d.path, before=_text(d.theirs), after=_text(d.mine))
        for d in conflict.differences
    )
    return ConflictView(who=conflict.who, version=conflict.theirs.version, rows=rows)


def change_view(change: Revision) -> Change:
    """A revision as the history shows it."""
    before, after = change.before or {}, change.after or {}
    is_edit = change.note.startswith(EDIT_NOTE)
    return Change(
        id=change.id, version=change.version, act=change.act,
        fields=tuple(words(name) for name in change.changed_fields), who=change.who, at=change.at,
        note="" if is_edit else change.note,
        rows=tuple(
            DiffRow(path=name, before=_text(before.get(name)), after=_text(after.get(name)))
            for name in change.changed_fields
        ) if change.act == "changed" else (),
    )  # fmt: skip


def _text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=1)


def options_of(ready: Snapshot, form: TaskForm | None = None) -> Options:
    """What the controls offer in a world; what a task says already is always among it."""
    world = ready.world
    surface = form.texts["tool_surface"] if form else "default"
    surfaces = {"default": "default", **{s.name: s.title or s.name for s in world.surfaces}}
    tools = ready.engines[surface].tools if surface in ready.engines else world.tools
    return Options(
        categories=choices(Category), difficulties=choices(Difficulty), splits=choices(Split),
        policies=tuple((p.name, p.title) for p in world.policies),
        surfaces=tuple(surfaces.items()),
        tools=tuple((t.name, t.name) for t in tools),
        entity_types=tuple((t.name, t.title) for t in world.entity_types),
        criterion_categories=choices(CriterionCategory), criterion_kinds=choices(CriterionKind),
        scopes=choices(Scope),
    )  # fmt: skip


def _steps(status: TaskStatus) -> tuple[Step, ...]:
    return tuple(
        Step(
            status=s.value,
            label=_STEPS[s][0],
            key=_STEPS[s][1],
            is_main=i == 0 and status is not TaskStatus.APPROVED,
        )
        for i, s in enumerate(NEXT[status])
    )
