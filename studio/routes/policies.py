"""`/worlds/<world>/policies`: the list and the Markdown editor with its preview."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlmodel import Session

from studio.database import Database
from studio.deps import Db, Who
from studio.errors import Conflict, Invalid
from studio.forms import problems_by_path, read_data
from studio.htmx import Answer, Notice, answer_for
from studio.pages import done, render
from studio.repository import POLICIES
from studio.repository.usage import policy_usage
from studio.repository.worlds import world_id
from studio.routes.bodies import Edit, EditBody
from studio.services import authoring
from studio.services.policies import PolicyRow, list_policies, rendered
from studio.shell import Link, Shell, make_shell
from world_builder.frozen import Json
from world_builder.validation import Problem
from world_builder.wording import counted
from world_builder.world import Policy

router = APIRouter(prefix="/worlds/{world}/policies", tags=["policies"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesPage:
    shell: Shell
    base: str
    policies: tuple[PolicyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    shell: Shell
    base: str
    name: str
    """Empty for a new policy."""
    version: int | None
    values: dict[str, str]
    errors: dict[str, str]
    html: str
    num_tasks: int
    conflict: str
    newest_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage:
    shell: Shell
    html: str


@router.get("", response_class=Response)
def index(request: Request, db: Db, world: str) -> Response:
    """All policies of a world."""
    with db.read() as session:
        page = PoliciesPage(
            shell=make_shell(request, session, "Policies", world=world, current="Policies"),
            base=f"/worlds/{world}", policies=list_policies(session, world_id(session, world)),
        )  # fmt: skip
    return render(request, "policies/index.html", page)


@router.get("/new", response_class=Response)
def new(request: Request, db: Db, world: str) -> Response:
    """The editor of a new policy."""
    with db.read() as session:
        page = _page(request, session, world, "")
    return render(request, "policies/edit.html", page)


@router.post("/preview", response_class=Response)
def preview(request: Request, db: Db, world: str, edit: EditBody) -> Response:
    """The Markdown as it is typed, rendered."""
    text = edit.text("text") if edit.data is None else str(edit.data.get("text") or "")
    with db.read() as session:
        page = PreviewPage(
            shell=make_shell(request, session, "Preview", world=world), html=rendered(text)
        )
    return render(request, "policies/preview.html", page, block="preview")


@router.post("", response_class=Response)
def create(request: Request, db: Db, who: Who, world: str, edit: EditBody) -> Response:
    """Makes a policy."""
    return _save(request, db, who, world, "", edit)


@router.get("/{name}", response_class=Response)
def show(request: Request, db: Db, world: str, name: str) -> Response:
    """The editor of a policy."""
    with db.read() as session:
        page = _page(request, session, world, name)
    return render(request, "policies/edit.html", page)


@router.post("/{name}", response_class=Response)
@router.put("/{name}", response_class=Response)
def save(request: Request, db: Db, who: Who, world: str, name: str, edit: EditBody) -> Response:
    """Saves a policy."""
    return _save(request, db, who, world, name, edit)


@router.post("/{name}/delete", response_class=Response)
@router.delete("/{name}", response_class=Response)
def delete(request: Request, db: Db, who: Who, world: str, name: str) -> Response:
    """Deletes a policy that no task uses, with undo."""
    with db.read() as session:
        used = policy_usage(session, world_id(session, world)).get(name, 0)
    if used:
        raise Conflict(
            f"{counted(used, 'task')} still have {name!r} as system prompt; give them another one."
        )
    revision = authoring.delete(db, world, POLICIES, name, who=who)
    notice = Notice(text=f"Deleted {name}", undo_url=f"/revisions/{revision}/undo")
    return done(request, f"/worlds/{world}/policies", notice=notice)


def _save(request: Request, db: Database, who: str, world: str, name: str, edit: Edit) -> Response:
    data = dict(edit.data) if edit.data is not None else read_data(edit.items).data
    if name:
        data["name"] = name
    policy, problems = _parsed(data)
    if name and edit.version is None:
        problems = (*problems, Problem(path="version", message="say which version you edited"))
    if policy is None or problems:
        return _refused(request, db, world, name, data, problems, edit)
    with db.read() as session:
        before = POLICIES.find(session, world_id(session, world), name) if name else None
    try:
        outcome = authoring.save_policy(db, world, policy, version=edit.version, who=who)
    except Conflict as error:
        if answer_for(request) is Answer.JSON:
            raise
        return _refused(request, db, world, name, data, (), edit, str(error))
    text = f"Saved {policy.name}" if outcome.undo_url else "Nothing to save"
    notice = Notice(text=text, undo_url=outcome.undo_url)
    has_title = before is not None and before.title == policy.title
    if has_title and answer_for(request) is Answer.FRAGMENT:
        with db.read() as session:
            page = _page(request, session, world, name)
        return render(request, "policies/edit.html", page, notice=notice)
    is_new = outcome.saved is not None and outcome.saved.is_new
    url = f"/worlds/{world}/policies/{policy.name}"
    return done(request, url, notice=notice, data=outcome, status=201 if is_new else 200)


def _refused(
    request: Request, db: Database, world: str, name: str, data: dict[str, Json],
    problems: tuple[Problem, ...], edit: Edit, conflict: str = "",
) -> Response:  # fmt: skip
    if answer_for(request) is Answer.JSON:
        raise Invalid(problems)
    with db.read() as session:
        page = _page(request, session, world, name, data, edit.version, problems, conflict)
    focus = "#conflict" if conflict else "[aria-invalid]"
    status = 409 if conflict else 422
    return render(request, "policies/edit.html", page, status=status, focus=focus)


def _parsed(data: dict[str, Json]) -> tuple[Policy | None, tuple[Problem, ...]]:
    empty = [n for n in ("name", "title", "text") if not str(data.get(n) or "").strip()]
    missing = tuple(Problem(path=n, message=f"the {n} is needed") for n in empty)
    try:
        return Policy.model_validate(data), missing
    except ValidationError as error:
        wrong = (
            Problem(
                path=str(one["loc"][0]), message="not a name",
                hint="lower case, digits, - and _, beginning with a letter",
            )
            for one in error.errors() if one["loc"][0] not in empty
        )  # fmt: skip
        return None, (*missing, *wrong)


def _page(
    request: Request, session: Session, world: str, name: str,
    data: dict[str, Json] | None = None, version: int | None = None,
    problems: tuple[Problem, ...] = (), conflict: str = "",
) -> PolicyPage:  # fmt: skip
    key, base = world_id(session, world), f"/worlds/{world}"
    stored = POLICIES.get(session, key, name) if name else None
    shown = data or (dict(stored.payload) if stored else {})
    values = {n: str(shown.get(n) or "") for n in ("name", "title", "text")}
    return PolicyPage(
        shell=make_shell(
            request, session, stored.title if stored else "New policy", world=world,
            current="Policies", breadcrumbs=(Link(label="Policies", url=f"{base}/policies"),),
        ),
        base=base, name=name, version=version or (stored.version if stored else None),
        values=values, errors=problems_by_path(problems), html=rendered(values["text"]),
        num_tasks=policy_usage(session, key).get(name, 0), conflict=conflict,
        newest_version=stored.version if stored else None,
    )  # fmt: skip
