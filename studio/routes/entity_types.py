"""`/worlds/<world>/entity-types`: the fields of a type and its editor."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from studio.database import Database
from studio.deps import Db, Who
from studio.errors import Conflict, Invalid
from studio.forms import problems_by_part, read_data
from studio.htmx import Answer, Notice, Tone, answer_for
from studio.pages import done, render
from studio.repository import ENTITIES, ENTITY_TYPES
from studio.repository.worlds import world_id
from studio.routes.bodies import Edit, EditBody
from studio.services import entity_types
from studio.shell import Link, Shell, make_shell
from world_builder.entities import EntityType, FieldKind
from world_builder.frozen import Json
from world_builder.validation import Problem
from world_builder.wording import counted

router = APIRouter(prefix="/worlds/{world}/entity-types", tags=["entity types"])

_NEW: dict[str, Json] = {
    "name": "", "title": "", "plural": "", "description": "", "id_format": "", "title_field": "",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTypePage:
    shell: Shell
    base: str
    name: str
    """Empty for a new type."""
    version: int | None
    values: dict[str, str]
    errors: dict[str, str]
    problems: tuple[Problem, ...]
    broken: tuple[Problem, ...]
    """What the entities there are would have wrong; shown before it is saved all the same."""
    declared: EntityType | None
    kinds: tuple[str, ...]
    num_entities: int
    conflict: str
    newest_version: int | None


@router.get("/new", response_class=Response)
def new(request: Request, db: Db, world: str) -> Response:
    """The editor of a new type."""
    with db.read() as session:
        page = _page(request, session, world, "")
    return render(request, "entity_types/edit.html", page)


@router.post("", response_class=Response)
def create(request: Request, db: Db, who: Who, world: str, edit: EditBody) -> Response:
    """Makes an entity type."""
    return _save(request, db, who, world, "", edit)


@router.get("/{name}", response_class=Response)
def show(request: Request, db: Db, world: str, name: str) -> Response:
    """The fields of a type, and its editor."""
    with db.read() as session:
        page = _page(request, session, world, name)
    return render(request, "entity_types/edit.html", page)


@router.post("/{name}", response_class=Response)
@router.put("/{name}", response_class=Response)
def save(request: Request, db: Db, who: Who, world: str, name: str, edit: EditBody) -> Response:
    """Saves a type."""
    return _save(request, db, who, world, name, edit)


@router.post("/{name}/delete", response_class=Response)
@router.delete("/{name}", response_class=Response)
def delete(request: Request, db: Db, who: Who, world: str, name: str) -> Response:
    """Deletes a type without entities, with undo."""
    revision = entity_types.delete_type(db, world, name, who=who)
    notice = Notice(text=f"Deleted {name}", undo_url=f"/revisions/{revision}/undo")
    return done(request, f"/worlds/{world}/entities", notice=notice)


def _save(request: Request, db: Database, who: str, world: str, name: str, edit: Edit) -> Response:
    read = read_data((n, v) for n, v in edit.items if n != "accept")
    data = dict(edit.data) if edit.data is not None else dict(read.data)
    accepts = bool(edit.text("accept")) or data.pop("accept", None) is True
    if name:
        data["name"] = name
    problems = read.problems
    if name and edit.version is None:
        problems = (*problems, Problem(path="version", message="say which version you edited"))
    if problems:
        return _refused(request, db, world, name, data, edit, problems)
    try:
        outcome = entity_types.save_type(
            db, world, data, version=edit.version, who=who, accepts_broken=accepts
        )
    except Conflict as error:
        if answer_for(request) is Answer.JSON:
            raise
        return _refused(request, db, world, name, data, edit, conflict=str(error))
    if outcome.saved is None:
        return _refused(request, db, world, name, data, edit, outcome.problems, outcome.broken)
    key, count = outcome.saved.item.ref.key, len(outcome.broken)
    undo = outcome.saved.revision_id
    notice = Notice(
        text=f"Saved {key}"
        + (f"; {counted(count, 'problem')} in its entities to mend" if count else ""),
        tone=Tone.WARN if count else Tone.GOOD,
        undo_url=f"/revisions/{undo}/undo" if undo else None,
    )
    if name and answer_for(request) is Answer.FRAGMENT:
        with db.read() as session:
            page = _page(request, session, world, name)
        return render(request, "entity_types/edit.html", page, notice=notice)
    url = f"/worlds/{world}/entity-types/{key}"
    status = 201 if outcome.saved.is_new else 200
    return done(request, url, notice=notice, data=outcome, status=status)


def _refused(
    request: Request, db: Database, world: str, name: str, data: Mapping[str, Json], edit: Edit,
    problems: tuple[Problem, ...] = (), broken: tuple[Problem, ...] = (), conflict: str = "",
) -> Response:  # fmt: skip
    if answer_for(request) is Answer.JSON:
        raise Invalid((*problems, *broken))
    with db.read() as session:
        page = _page(request, session, world, name, data, edit.version, problems, broken, conflict)
    focus = "#conflict" if conflict else "#broken" if broken else "[aria-invalid]"
    status = 409 if conflict else 422
    return render(request, "entity_types/edit.html", page, status=status, focus=focus)


def _page(
    request: Request, session: Session, world: str, name: str,
    data: Mapping[str, Json] | None = None, version: int | None = None,
    problems: tuple[Problem, ...] = (), broken: tuple[Problem, ...] = (), conflict: str = "",
) -> EntityTypePage:  # fmt: skip
    key, base = world_id(session, world), f"/worlds/{world}"
    stored = ENTITY_TYPES.get(session, key, name) if name else None
    shown = data if data is not None else stored.payload if stored else {}
    declared = stored.value if stored else None
    if stored is not None and data is None and declared is not None:
        shown = declared.model_dump(mode="json", exclude_defaults=True)
    return EntityTypePage(
        shell=make_shell(
            request, session, f"Fields of {stored.title}" if stored else "New entity type",
            world=world, current="Entities",
            breadcrumbs=(Link(label="Entities", url=f"{base}/entities"),),
        ),
        base=base, name=name, version=version or (stored.version if stored else None),
        values={n: _text(v) for n, v in (_NEW | dict(shown)).items()},
        errors=problems_by_part(problems, f"entity_types.{shown.get('name')}"),
        problems=problems, broken=broken, declared=declared,
        kinds=tuple(kind.value for kind in FieldKind),
        num_entities=ENTITIES.counts(session, key).get(name, 0) if name else 0,
        conflict=conflict, newest_version=stored.version if stored else None,
    )  # fmt: skip


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
