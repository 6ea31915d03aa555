"""`/worlds/<world>/tools`: the list, the editor with what agents see, and the try-it console."""

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from studio.database import Database
from studio.deps import Db, Who
from studio.errors import Conflict, Invalid
from studio.forms import ReadForm, read_data
from studio.htmx import Answer, Notice, Tone, answer_for
from studio.pages import done, render
from studio.repository import TASKS, TOOLS, Query
from studio.repository.worlds import world_id
from studio.routes.bodies import Edit, EditBody
from studio.routes.tool_pages import (
    CheckPage,
    ConsolePage,
    ToolsPage,
    console_part,
    tool_page,
)
from studio.services import authoring, tools
from studio.services.consoles import CONSOLES, Console
from studio.services.world_cache import snapshot
from studio.shell import make_shell
from world_builder.frozen import Json
from world_builder.tools import ToolCall
from world_builder.validation import Problem, parse_tool

router = APIRouter(prefix="/worlds/{world}/tools", tags=["tools"])


@router.get("", response_class=Response)
def index(request: Request, db: Db, world: str) -> Response:
    """All tools of a world."""
    with db.read() as session:
        page = ToolsPage(
            shell=make_shell(request, session, "Tools", world=world, current="Tools"),
            base=f"/worlds/{world}",
            tools=tools.list_tools(session, world_id(session, world)),
        )
    return render(request, "tools/index.html", page)


@router.get("/new", response_class=Response)
def new(request: Request, db: Db, world: str, like: str = "") -> Response:
    """The editor of a new tool; `like` names one to start from."""
    with db.read() as session:
        page = tool_page(request, session, world, "", like=like)
    return render(request, "tools/edit.html", page)


@router.get("/starts", response_class=Response)
def starts(request: Request, db: Db, world: str, start: str = "") -> Response:
    """Tasks whose start state a console may begin from."""
    with db.read() as session:
        found = TASKS.page(session, world_id(session, world), Query(q=start, size=20))
    pairs = tuple((item.ref.key, item.title) for item in found.items)
    return HTMLResponse(request.app.state.studio.templates.globals["ui"].datalist(pairs))


@router.post("/preview", response_class=Response)
def preview(request: Request, db: Db, world: str, edit: EditBody) -> Response:
    """What an agent would see of a tool as it is typed, and what is wrong with it."""
    read = _read(edit)
    with db.read() as session:
        tool, problems = parse_tool(snapshot(session, world).world, read.data)
        page = CheckPage(
            shell=make_shell(request, session, "Check", world=world, current="Tools"),
            view=tools.agent_view(tool, read.problems or problems),
        )
    return render(request, "tools/check.html", page, block="check")


@router.post("", response_class=Response)
def create(request: Request, db: Db, who: Who, world: str, edit: EditBody) -> Response:
    """Makes a tool."""
    return _save(request, db, who, world, "", edit)


@router.get("/{name}", response_class=Response)
def show(request: Request, db: Db, world: str, name: str, console: str = "") -> Response:
    """The editor of a tool, with its console."""
    with db.read() as session:
        page = tool_page(request, session, world, name, console=console)
    return render(request, "tools/edit.html", page)


@router.post("/{name}", response_class=Response)
@router.put("/{name}", response_class=Response)
def save(request: Request, db: Db, who: Who, world: str, name: str, edit: EditBody) -> Response:
    """Saves a tool, also as a draft with problems."""
    return _save(request, db, who, world, name, edit)


@router.post("/{name}/delete", response_class=Response)
@router.delete("/{name}", response_class=Response)
def delete(request: Request, db: Db, who: Who, world: str, name: str) -> Response:
    """Deletes a tool, with undo."""
    revision = authoring.delete(db, world, TOOLS, name, who=who)
    notice = Notice(text=f"Deleted {name}", undo_url=f"/revisions/{revision}/undo")
    return done(request, f"/worlds/{world}/tools", notice=notice)


@router.post("/{name}/calls", response_class=Response)
def call(request: Request, db: Db, world: str, name: str, edit: EditBody) -> Response:
    """Calls the tool on a scratch copy of the world; the draft stays as it is."""
    given = {n[5:]: str(v) for n, v in edit.items if n.startswith("args.")}
    task, console = edit.text("start").strip(), edit.text("console")
    if edit.data is not None:
        task, console = str(edit.data.get("start") or ""), str(edit.data.get("console") or "")
    with db.read() as session:
        part = console_part(session, world, name)
        found = edit.data.get("arguments") if edit.data is not None else None
        arguments = (
            found if isinstance(found, dict) else tools.read_arguments(part.arguments, given)
        )
        held = snapshot(session, world)
        if not _is_open(console, world, task):
            chosen = TASKS.get(session, world_id(session, world), task).value if task else None
            console = CONSOLES.open(world, held, task, chosen.start if chosen else None)
    shown = CONSOLES.call(console, world, held, ToolCall(tool=name, arguments=arguments))
    return _console(request, db, world, name, shown, given)


@router.post("/{name}/reset", response_class=Response)
def reset(request: Request, db: Db, world: str, name: str, edit: EditBody) -> Response:
    """Puts a scratch copy back to its start."""
    console = edit.text("console") or str((edit.data or {}).get("console") or "")
    given = {n[5:]: str(v) for n, v in edit.items if n.startswith("args.")}
    return _console(request, db, world, name, CONSOLES.reset(console, world), given)


def _is_open(console: str, world: str, task: str) -> bool:
    return CONSOLES.has(console, world) and CONSOLES.show(console, world).task == task


def _console(
    request: Request, db: Database, world: str, name: str, shown: Console, given: dict[str, str]
) -> Response:
    if answer_for(request) is Answer.PAGE:
        url = f"/worlds/{world}/tools/{name}?console={shown.id}"
        return RedirectResponse(url, status_code=303)
    with db.read() as session:
        page = ConsolePage(
            shell=make_shell(request, session, name, world=world, current="Tools"),
            part=console_part(session, world, name, console=shown.id, given=given),
        )
    return render(request, "tools/console.html", page, block="console", focus="#console-result")


def _save(request: Request, db: Database, who: str, world: str, name: str, edit: Edit) -> Response:
    read = _read(edit)
    data: dict[str, Json] = {**read.data, "name": name} if name else read.data
    problems = read.problems
    if name and edit.version is None:
        problems = (*problems, Problem(path="version", message="say which version you edited"))
    if problems:
        return _refused(request, db, world, name, data, problems, edit)
    with db.read() as session:
        before = TOOLS.find(session, world_id(session, world), name) if name else None
    try:
        outcome = authoring.save_tool(
            db, world, data, version=edit.version, who=who, is_strict=edit.data is not None
        )
    except Conflict as error:
        if answer_for(request) is Answer.JSON:
            raise
        return _refused(request, db, world, name, data, (), edit, str(error))
    if outcome.saved is None:
        return _refused(request, db, world, name, data, outcome.problems, edit)
    key, problems = outcome.saved.item.ref.key, outcome.problems
    noun = "problem" if len(problems) == 1 else "problems"
    text = f"Saved {key} with {len(problems)} {noun} to mend" if problems else f"Saved {key}"
    notice = Notice(text=text, tone=Tone.WARN if problems else Tone.GOOD, undo_url=outcome.undo_url)
    console = edit.text("console")
    has_title = before is not None and before.title == outcome.saved.item.title
    if has_title and answer_for(request) is Answer.FRAGMENT:
        with db.read() as session:
            page = tool_page(request, session, world, key, console=console)
        return render(request, "tools/edit.html", page, notice=notice)
    status = 201 if outcome.saved.is_new else 200
    url = f"/worlds/{world}/tools/{key}" + (f"?console={console}" if console else "")
    return done(request, url, notice=notice, data=outcome, status=status)


def _refused(
    request: Request, db: Database, world: str, name: str, data: dict[str, Json],
    problems: tuple[Problem, ...], edit: Edit, conflict: str = "",
) -> Response:  # fmt: skip
    if answer_for(request) is Answer.JSON:
        raise Invalid(problems)
    with db.read() as session:
        page = tool_page(
            request, session, world, name, data=data, version=edit.version,
            problems=problems, conflict=conflict, console=edit.text("console"),
        )  # fmt: skip
    focus = "#conflict" if conflict else "[aria-invalid]"
    return render(request, "tools/edit.html", page, status=409 if conflict else 422, focus=focus)


def _read(edit: Edit) -> ReadForm:
    if edit.data is not None:
        return ReadForm(data=dict(edit.data))
    read = read_data((n, v) for n, v in edit.items if n not in {"console", "source"})
    source = "\n".join(edit.text("source").splitlines())
    data = {"is_read_only": False, **read.data}
    if "operation" in data:
        data["operation"] = tools.with_source(data["operation"], source)
    return ReadForm(data=data, problems=read.problems)
