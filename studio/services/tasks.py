"""Use cases of tasks: list, create, duplicate, save while others save too, undo, move on.

A draft may be half-typed: its data are stored whatever their shape, with the problems told. What
two people change apart is merged; what they change together is a `TaskConflict`, never overwritten.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from sqlmodel import Session

from studio.database import Database
from studio.errors import Conflict, Invalid
from studio.history import Revision, revisions
from studio.repository import TASKS, Ref, Saved, Stored
from studio.repository.loading import load_world
from studio.repository.types import Listing, Payload, Query
from studio.repository.worlds import world_id
from studio.services.merging import Difference, merge
from studio.services.tallies import tally_of
from studio.services.task_acts import slug, unique
from studio.services.world_cache import Snapshot, snapshot
from world_builder.frozen import Json
from world_builder.tasks import Category, Difficulty, Split, Task, TaskStatus
from world_builder.validation import Problem, has_errors, parse_task
from world_builder.validation.tasks import task_problems

Data = Mapping[str, Json]

EDIT_NOTE = "edit "
"""How the notes of revisions that an editor page saved begin; its token follows."""
UNDO_NOTE = "undo of "

NEXT: Mapping[TaskStatus, tuple[TaskStatus, ...]] = {
    TaskStatus.DRAFT: (TaskStatus.IN_REVIEW, TaskStatus.RETIRED),
    TaskStatus.IN_REVIEW: (TaskStatus.APPROVED, TaskStatus.CHANGES_REQUESTED, TaskStatus.RETIRED),
    TaskStatus.CHANGES_REQUESTED: (TaskStatus.IN_REVIEW, TaskStatus.RETIRED),
    TaskStatus.APPROVED: (TaskStatus.CHANGES_REQUESTED, TaskStatus.RETIRED),
    TaskStatus.RETIRED: (TaskStatus.DRAFT,),
}
"""What a task may become, the usual next step first."""


class TaskConflict(Conflict):
    """Somebody else changed the same parts meanwhile."""

    def __init__(self, theirs: Stored[Task], who: str, differences: tuple[Difference, ...]) -> None:
        parts = ", ".join(d.path for d in differences)
        super().__init__(f"{who} changed {parts} meanwhile; choose which to keep.")
        self.theirs, self.who, self.differences = theirs, who, differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A task with everything that its page needs from the database."""

    stored: Stored[Task]
    snapshot: Snapshot
    problems: tuple[Problem, ...]
    num_revisions: int
    can_undo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTask:
    """What a save left behind."""

    saved: Saved[Task]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """A task in a list: columns alone."""

    key: str
    title: str
    version: int
    is_valid: bool
    category: str
    difficulty: str
    split: str
    status: str
    scenario: str
    num_criteria: int
    num_checks: int
    has_reference: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many tasks there are by what lists filter on."""

    category: dict[str, int]
    difficulty: dict[str, int]
    split: dict[str, int]
    status: dict[str, int]
    scenario: dict[str, int]


def list_tasks(session: Session, world: str, query: Query) -> tuple[Listing[TaskSummary], Facets]:
    """One page of tasks and what there is to filter by. Raises NotFound."""
    key = world_id(session, world)
    facets = {n: TASKS.counts(session, key, n) for n in Facets.__dataclass_fields__}
    names = tuple(TaskSummary.__dataclass_fields__)
    found = TASKS.page_of(session, key, query, names)
    items = tuple(TaskSummary(**dict(zip(names, row, strict=True))) for row in found.items)
    shown = Listing(items=items, total=found.total, page=found.page, size=found.size)
    return shown, Facets(**facets)


def tasks_touching(session: Session, world: str, entity_type: str) -> frozenset[str] | None:
    """The ids of the tasks whose reference solution touches an entity type.

    As it was in an earlier state of the world until it is counted anew; None before the first
    time. Raises NotFound.
    """
    work = tally_of(str(session.get_bind().engine.url), load_world(session, world))
    found = work.wait(0) or work.outdated
    return None if found is None else found.touched_by.get(entity_type, frozenset())


def open_task(session: Session, world: str, task_id: str) -> Opened:
    """A task as it is stored. Raises NotFound."""
    key = world_id(session, world)
    stored = TASKS.get(session, key, task_id)
    ready = snapshot(session, world)
    changes = revisions(session, key, TASKS.ref(task_id))
    return Opened(
        stored=stored, snapshot=ready, problems=problems_of(ready, stored.payload),
        num_revisions=len(changes), can_undo=_to_undo(changes) is not None,
    )  # fmt: skip


def problems_of(ready: Snapshot, data: Data) -> tuple[Problem, ...]:
    """Everything that is wrong with a task's data."""
    try:
        task = Task.model_validate(data)
    except ValidationError:
        return parse_task(ready.world, dict(data))[1]
    return tuple(task_problems(task, ready.surroundings))


def create_task(
    db: Database, world: str, data: Data, *, who: str, is_strict: bool = False
) -> SavedTask:
    """A new task; what is missing gets defaults, the id comes from the title.

    `is_strict` refuses data without the shape of a task. Raises NotFound, Conflict, Invalid.
    """
    title = str(data.get("title") or "").strip()
    if not title:
        raise Invalid((Problem(path="title", message="is needed", hint="say what it is about"),))
    with db.write() as session:
        key = world_id(session, world)
        ready = snapshot(session, world)
        given = str(data.get("id") or "")
        name = given or _free_id(session, key, slug(title, "task", 6))
        made = _defaults(ready, who) | dict(data) | {"id": name, "title": title}
        problems = problems_of(ready, made)
        _refuse_shape(made, problems, is_strict or bool(given))
        saved = TASKS.save(session, key, TASKS.ref(name), made, version=None, who=who)
    return SavedTask(saved=saved, problems=problems)


def duplicate_task(db: Database, world: str, task_id: str, *, who: str) -> Saved[Task]:
    """A draft that begins as a copy, in the same scenario. Raises NotFound."""
    with db.write() as session:
        key = world_id(session, world)
        source = TASKS.get(session, key, task_id).payload
        name = _free_id(session, key, task_id)
        copy = dict(source) | {
            "id": name,
            "title": f"{source.get('title') or task_id} (variant)",
            "status": TaskStatus.DRAFT.value,
            "scenario": source.get("scenario") or task_id,
            "author": who,
        }
        note = f"copy of {task_id}"
        return TASKS.save(session, key, TASKS.ref(name), copy, version=None, who=who, note=note)


def save_edit(
    db: Database, world: str, task_id: str, data: Data, *, version: int, editor: str, who: str,
    keeps_mine: bool = False,
) -> SavedTask:  # fmt: skip
    """Saves what a page holds that began with `version`, merged with what was saved since.

    `editor` names the page: its own earlier saves never conflict. `keeps_mine` settles a conflict.
    Raises NotFound, TaskConflict.
    """
    with db.write() as session:
        key, ref = world_id(session, world), TASKS.ref(task_id)
        stored = TASKS.get(session, key, task_id)
        if stored.version != version:
            data = _merged(session, key, stored, data, version, editor, keeps_mine)
        problems = problems_of(snapshot(session, world), data)
        saved = TASKS.save(
            session, key, ref, data, version=stored.version, who=who, note=f"{EDIT_NOTE}{editor}"
        )
    return SavedTask(saved=saved, problems=problems)


def replace_task(
    db: Database, world: str, task_id: str, data: Data, *, version: int | None, who: str,
    is_draft: bool = False,
) -> SavedTask:  # fmt: skip
    """Puts a whole task in place of the stored one, as API clients do.

    `version` None replaces whatever is there. `is_draft` also takes data without the shape of a
    task. Raises NotFound, Conflict, Invalid.
    """
    with db.write() as session:
        key = world_id(session, world)
        stored = TASKS.get(session, key, task_id)
        made = dict(data) | {"id": task_id}
        problems = problems_of(snapshot(session, world), made)
        _refuse_shape(made, problems, not is_draft)
        saved = TASKS.save(
            session, key, stored.ref, made, version=stored.version if version is None else version,
            who=who,
        )  # fmt: skip
    return SavedTask(saved=saved, problems=problems)


def with_status(data: Data, status: str, problems: tuple[Problem, ...]) -> dict[str, Json]:
    """The data with another status. Raises Invalid when it may not have it."""
    now, wanted = str(data.get("status") or TaskStatus.DRAFT.value), str(status)
    allowed = NEXT.get(TaskStatus(now), ()) if now in list(TaskStatus) else tuple(TaskStatus)
    if wanted not in allowed:
        words = " or ".join(s.value.replace("_", " ") for s in allowed)
        raise Invalid((Problem(path="status", message=f"a task that is {now} becomes {words}"),))
    if wanted == TaskStatus.APPROVED and has_errors(problems):
        raise Invalid(problems)
    return dict(data) | {"status": wanted}


def undo_last(db: Database, world: str, task_id: str, *, who: str) -> Revision | None:
    """Takes back the newest change that is not taken back yet; it, or None when there is none.

    Raises NotFound.
    """
    with db.write() as session:
        key, ref = world_id(session, world), TASKS.ref(task_id)
        stored = TASKS.get(session, key, task_id)
        change = _to_undo(revisions(session, key, ref))
        if change is None or change.before is None:
            return None
        TASKS.save(
            session, key, ref, change.before, version=stored.version, who=who,
            note=f"{UNDO_NOTE}{change.id}",
        )  # fmt: skip
        return change


def task_history(session: Session, world: str, task_id: str) -> tuple[Revision, ...]:
    """All changes of a task, newest first, also of a deleted one. Raises NotFound."""
    key = world_id(session, world)
    found = revisions(session, key, TASKS.ref(task_id), limit=500)
    if not found:
        TASKS.get(session, key, task_id)
    return found


def _to_undo(changes: tuple[Revision, ...]) -> Revision | None:
    undone: set[int] = set()
    for change in changes:
        taken_back = change.note.removeprefix(UNDO_NOTE)
        if taken_back != change.note and taken_back.isdigit():
            undone.add(int(taken_back))
        elif change.id not in undone:
            return change if change.before is not None else None
    return None


def _merged(
    session: Session, key: int, theirs: Stored[Task], mine: Data, version: int, editor: str,
    keeps_mine: bool,
) -> Data:  # fmt: skip
    changes = revisions(session, key, theirs.ref)
    since = [change for change in changes if change.version > version]
    base = _at_version(changes, version)
    merged = merge(base or {}, mine, theirs.payload)
    others = [change for change in since if change.note != f"{EDIT_NOTE}{editor}"]
    if merged.differences and not keeps_mine and (others or base is None):
        raise TaskConflict(theirs, others[0].who if others else "Somebody", merged.differences)
    return merged.data


def _at_version(changes: tuple[Revision, ...], version: int) -> Payload | None:
    for change in changes:
        if change.version == version:
            return change.after
        if change.version == version + 1:
            return change.before
    return None


def _refuse_shape(data: Data, problems: tuple[Problem, ...], is_strict: bool) -> None:
    if not is_strict or not problems:
        return
    try:
        Task.model_validate(data)
    except ValidationError as error:
        raise Invalid(problems) from error


def _defaults(ready: Snapshot, who: str) -> dict[str, Json]:
    policies = ready.world.policies
    return {
        "category": Category.INFORMATION_RETRIEVAL.value,
        "difficulty": Difficulty.EASY.value,
        "split": Split.TRAIN.value,
        "status": TaskStatus.DRAFT.value,
        "prompt": "",
        "intent": "",
        "system_prompt": policies[0].name if policies else "",
        "tool_surface": "default",
        "start_state": [],
        "max_turns": 10,
        "rubric": {"criteria": []},
        "reference_solution": None,
        "author": who,
    }


def _free_id(session: Session, key: int, name: str) -> str:
    taken: set[str] = set()
    while True:
        found = unique(name, taken)
        newest = revisions(session, key, Ref(kind=TASKS.kind, key=found), limit=1)
        if TASKS.find(session, key, found) is None and not newest:
            return found
        taken.add(found)


def require_task(session: Session, world: str, task_id: str) -> Stored[Task]:
    """The stored task. Raises NotFound."""
    return TASKS.get(session, world_id(session, world), task_id)
