"""`/worlds/<world>/tasks`: the list of tasks, the editor and the history of one.

A page's form is saved as it stands, also half-typed; API clients send and get whole tasks.
"""

import secrets

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from studio import htmx
from studio.deps import Db, FormBody, Who
from studio.errors import Invalid
from studio.forms import problems_by_path
from studio.htmx import Answer, Notice, Tone
from studio.pages import done, render, to_json
from studio.repository import TASKS
from studio.repository.types import Query
from studio.routes.json_body import JsonBody
from studio.routes.task_forms import FormEdit, read_edit
from studio.routes.task_index import index_page
from studio.routes.task_pages import (
    ConflictView,
    HistoryPage,
    NewPage,
    TaskAnswer,
    change_view,
    conflict_view,
    edit_page,
    options_of,
)
from studio.services import authoring, tasks
from studio.services.task_acts import apply_act
from studio.services.task_forms import say_problem
from studio.services.tasks import TaskConflict
from studio.services.world_cache import snapshot
from studio.shell import Link, make_shell
from world_builder.validation import Problem
from world_builder.wording import words

router = APIRouter(prefix="/worlds/{world}/tasks", tags=["tasks"])


@router.get("", response_class=Response)
def index(
    request: Request, db: Db, world: str, q: str = "", category: str = "", difficulty: str = "",
    split: str = "", status: str = "", scenario: str = "", tool: str = "", touches: str = "",
    sort: str = "", page: int = 1,
) -> Response:  # fmt: skip
    """One page of the tasks that pass the filters.

    `tool` keeps those whose reference solution calls it, `touches` those that touch an entity type.
    """
    filters = {
        "category": category, "difficulty": difficulty, "split": split, "status": status,
        "scenario": scenario,
    }  # fmt: skip
    with db.read() as session:
        touching = tasks.tasks_touching(session, world, touches) if touches else None
        is_counting = bool(touches) and touching is None
        query = Query(
            q=q, sort=sort, page=page, filters=filters, holding={"tools": tool},
            keys=frozenset() if is_counting else touching,
        )  # fmt: skip
        listing, facets = tasks.list_tasks(session, world, query)
        shown = index_page(
            request, session, world, query, listing, facets, is_counting=is_counting,
            needs={"tool": tool, "touches": touches},
        )  # fmt: skip
    return render(request, "tasks/index.html", shown, block="rows")


@router.get("/new", response_class=Response)
def new(request: Request, db: Db, world: str) -> Response:
    """The form for a new task."""
    return _new_page(request, db, world, {}, ())


@router.post("", response_class=Response)
def create(
    request: Request, db: Db, who: Who, world: str, form: FormBody, body: JsonBody
) -> Response:
    """A new task, then its editor."""
    given = body if body is not None else {n: str(v).strip() for n, v in form if str(v).strip()}
    try:
        made = tasks.create_task(db, world, given, who=who, is_strict=body is not None)
    except Invalid as error:
        if htmx.answer_for(request) is Answer.JSON:
            raise
        values = {n: v for n, v in given.items() if isinstance(v, str)}
        return _new_page(request, db, world, values, error.problems)
    item = made.saved.item
    answer = TaskAnswer(
        id=item.ref.key, version=item.version, task=item.payload, problems=made.problems
    )
    notice = Notice(text="Created")
    return done(request, _url(world, item.ref.key), notice=notice, data=answer, status=201)


@router.get("/{task_id}", response_class=Response)
def show(request: Request, db: Db, world: str, task_id: str) -> Response:
    """The editor of a task; its data for an API client."""
    with db.read() as session:
        opened = tasks.open_task(session, world, task_id)
        item = opened.stored
        if htmx.answer_for(request) is Answer.JSON:
            return JSONResponse(
                to_json(
                    TaskAnswer(
                        id=task_id, version=item.version, task=item.payload,
                        problems=opened.problems,
                    )
                )
            )  # fmt: skip
        page = edit_page(request, session, world, opened, editor=secrets.token_hex(6))
    return render(request, "tasks/edit.html", page, block="update")


@router.post("/{task_id}", response_class=Response)
def edit(request: Request, db: Db, who: Who, world: str, task_id: str, form: FormBody) -> Response:
    """Saves what the editor's form holds, then does what its button says (`act`)."""
    with db.read() as session:
        stored = tasks.require_task(session, world, task_id)
    given = read_edit(form, stored.payload, stored.version)
    if given.act == "undo":
        return _undo(request, db, who, world, task_id, given)
    try:
        data = apply_act(given.data, given.act, given.lines)
        if given.act.startswith("status:"):
            with db.read() as session:
                problems = tasks.problems_of(snapshot(session, world), data)
            data = tasks.with_status(data, given.act.removeprefix("status:"), problems)
        saved = tasks.save_edit(
            db, world, task_id, data, version=given.version, editor=given.editor, who=who,
            keeps_mine=given.act == "keep_mine",
        )  # fmt: skip
    except TaskConflict as conflict:
        return _conflict(request, db, world, task_id, given, conflict)
    except Invalid as error:
        return _refused(request, db, world, task_id, given, error)
    if htmx.answer_for(request) is Answer.JSON:
        item = saved.saved.item
        answer = TaskAnswer(
            id=task_id, version=item.version, task=item.payload, problems=saved.problems
        )
        return JSONResponse(to_json(answer))
    if not htmx.is_htmx(request):
        return done(request, _url(world, task_id), notice=Notice(text="Saved"))
    lines = "" if given.act == "add_criteria" else given.lines
    return _editor(
        request, db, world, task_id, given, lines=lines,
        notice=_status_notice(given.act, saved.saved.revision_id),
    )  # fmt: skip


@router.put("/{task_id}", response_class=Response)
def replace(
    request: Request, db: Db, who: Who, world: str, task_id: str, body: JsonBody,
    version: int | None = None, draft: bool = False,
) -> Response:  # fmt: skip
    """Replaces a task. `version` is the one to replace; `draft` also takes what is no task yet."""
    if body is None:
        raise Invalid((Problem(path="body", message="send the task as JSON"),))
    put = tasks.replace_task(db, world, task_id, body, version=version, who=who, is_draft=draft)
    item = put.saved.item
    answer = TaskAnswer(id=task_id, version=item.version, task=item.payload, problems=put.problems)
    return done(request, _url(world, task_id), notice=Notice(text="Saved"), data=answer)


@router.delete("/{task_id}", response_class=Response)
def remove(
    request: Request, db: Db, who: Who, world: str, task_id: str, version: int | None = None
) -> Response:
    """Deletes a task; the notice brings it back."""
    revision = authoring.delete(db, world, TASKS, task_id, version=version, who=who)
    notice = Notice(text=f"Deleted {task_id}", undo_url=f"/revisions/{revision}/undo")
    return done(request, f"/worlds/{world}/tasks", notice=notice)


@router.post("/{task_id}/delete", response_class=Response)
def remove_by_form(request: Request, db: Db, who: Who, world: str, task_id: str) -> Response:
    """The same for forms."""
    return remove(request, db, who, world, task_id)


@router.post("/{task_id}/duplicate", response_class=Response)
def duplicate(request: Request, db: Db, who: Who, world: str, task_id: str) -> Response:
    """A copy as a draft, then its editor."""
    saved = tasks.duplicate_task(db, world, task_id, who=who)
    item = saved.item
    answer = TaskAnswer(id=item.ref.key, version=item.version, task=item.payload)
    notice = Notice(text=f"Copied {task_id}: change what differs")
    return done(request, _url(world, item.ref.key), notice=notice, data=answer, status=201)


@router.get("/{task_id}/history", response_class=Response)
def history(request: Request, db: Db, world: str, task_id: str) -> Response:
    """Every change of a task, each to be restored."""
    with db.read() as session:
        changes = tasks.task_history(session, world, task_id)
        latest = changes[0] if changes else None
        crumbs = (
            Link(label="Tasks", url=f"/worlds/{world}/tasks"),
            Link(label=task_id, url=_url(world, task_id)),
        )
        page = HistoryPage(
            shell=make_shell(
                request, session, "History", world=world, current="Tasks", breadcrumbs=crumbs
            ),
            world=world, task_id=task_id, changes=tuple(change_view(change) for change in changes),
            current_version=None if latest is not None and latest.after is None else (
                latest.version if latest else 1
            ),
        )  # fmt: skip
    return render(request, "tasks/show.html", page)


def _editor(
    request: Request, db: Db, world: str, task_id: str, given: FormEdit, *, lines: str = "",
    notice: Notice | None = None, is_replacing: bool = False,
) -> Response:  # fmt: skip
    with db.read() as session:
        opened = tasks.open_task(session, world, task_id)
        page = edit_page(
            request,
            session,
            world,
            opened,
            editor=given.editor,
            asked=given.asked,
            lines=lines,
            json_ids=given.json_ids,
        )
    response = render(request, "tasks/edit.html", page, block="update", notice=notice)
    if is_replacing:
        response.headers["HX-Reswap"] = "innerHTML settle:0"
    return response


def _undo(
    request: Request, db: Db, who: Who, world: str, task_id: str, given: FormEdit
) -> Response:
    change = tasks.undo_last(db, world, task_id, who=who)
    what = ", ".join(words(name) for name in change.changed_fields) if change else ""
    notice = Notice(text=f"Taken back: {what}" if change else "There is nothing to undo")
    if not htmx.is_htmx(request):
        return done(request, _url(world, task_id), notice=notice)
    return _editor(
        request, db, world, task_id, given, notice=notice, is_replacing=True,
    )  # fmt: skip


def _conflict(
    request: Request, db: Db, world: str, task_id: str, given: FormEdit, conflict: TaskConflict
) -> Response:
    if htmx.answer_for(request) is Answer.JSON:
        raise conflict
    view = conflict_view(conflict)
    return _unsaved(request, db, world, task_id, given, status=409, conflict=view)


def _refused(
    request: Request, db: Db, world: str, task_id: str, given: FormEdit, error: Invalid
) -> Response:
    if htmx.answer_for(request) is Answer.JSON:
        raise error
    more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
    text = f"Not done. {say_problem(task_id, error.problems[0])}{more}"
    notice = Notice(text=text, tone=Tone.BAD)
    return _unsaved(request, db, world, task_id, given, status=422, notice=notice)


def _unsaved(
    request: Request, db: Db, world: str, task_id: str, given: FormEdit, *, status: int,
    conflict: ConflictView | None = None, notice: Notice | None = None,
) -> Response:  # fmt: skip
    """The editor with what was typed, which is not saved."""
    with db.read() as session:
        opened = tasks.open_task(session, world, task_id)
        problems = tasks.problems_of(opened.snapshot, given.data)
        page = edit_page(
            request, session, world, opened, editor=given.editor, data=given.data,
            version=given.version, asked=given.asked, lines=given.lines, problems=problems,
            conflict=conflict, json_ids=given.json_ids,
        )  # fmt: skip
    return render(
        request, "tasks/edit.html", page, block="update", status=status, notice=notice,
        focus="#conflict" if conflict else None,
    )  # fmt: skip


def _status_notice(act: str, revision: int | None) -> Notice | None:
    kind, _, what = act.partition(":")
    if kind == "status":
        return Notice(text=f"Now {words(what)}")
    if kind.startswith("remove_") and revision is not None:
        return Notice(text="Removed", undo_url=f"/revisions/{revision}/undo")
    return None


def _new_page(
    request: Request, db: Db, world: str, values: dict[str, str], problems: tuple[Problem, ...]
) -> Response:
    with db.read() as session:
        page = NewPage(
            shell=make_shell(
                request, session, "New task", world=world, current="Tasks",
                breadcrumbs=(Link(label="Tasks", url=f"/worlds/{world}/tasks"),),
            ),
            world=world, values=values, errors=problems_by_path(problems),
            options=options_of(snapshot(session, world)),
        )  # fmt: skip
    return render(request, "tasks/new.html", page, status=422 if problems else 200)


def _url(world: str, task_id: str) -> str:
    return f"/worlds/{world}/tasks/{task_id}"
