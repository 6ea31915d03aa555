"""`/worlds/<world>/entities`: the types, the grid of a type, the form of one entity.

`entity_types` has the pages of the types themselves.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlmodel import Session
from starlette.responses import HTMLResponse, JSONResponse

from studio.database import Database
from studio.deps import Db, Who
from studio.errors import Conflict, Invalid
from studio.forms import ReadForm, form_values, problems_by_path, read_entity
from studio.history import HistoryQuery, Revision, list_revisions
from studio.htmx import Answer, Notice, answer_for
from studio.pages import done, render
from studio.repository import ENTITIES, Kind, Listing, Query
from studio.repository.worlds import world_id, world_zone
from studio.routes.bodies import Edit, EditBody
from studio.services import authoring, entities
from studio.services.diffs import DiffRow, diff_rows
from studio.services.entities import FILTERED, NUMBERS, PointersHere, Titles, TypeSummary
from studio.services.entity_cells import Cell, cells, shown_fields
from studio.shell import Link, Shell, make_shell
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json, Record
from world_builder.validation import Problem

router = APIRouter(prefix="/worlds/{world}/entities", tags=["entities"])

_RESERVED = {"q", "sort", "page"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesPage:
    shell: Shell
    base: str
    types: tuple[TypeSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column; `sorted` as `aria-sort` wants it."""

    label: str
    is_num: bool
    sort_url: str | None
    sorted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: str
    title: str
    version: int
    payload: Record
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPage:
    shell: Shell
    base: str
    entity_type: EntityType
    columns: tuple[Column, ...]
    rows: Listing[Row]
    filters: tuple[Field, ...]
    query: Query
    chips: tuple[Chip, ...]
    previous_url: str | None
    next_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    shell: Shell
    base: str
    entity_type: EntityType
    id: str
    is_new: bool
    version: int | None
    """The version that the form starts from; None for a new one."""
    record: Record
    """As it was last saved; for a new one empty."""
    values: dict[str, Json]
    """What the controls show, by field."""
    errors: dict[str, str]
    problems: tuple[Problem, ...]
    titles: Titles
    pointers: PointersHere
    changes: tuple[Revision, ...]
    conflict: str
    """Why it was not saved over another version; empty when it was not tried."""
    newest_version: int | None
    differences: tuple[DiffRow, ...]
    """From the stored version to what was typed, at a conflict."""


@router.get("", response_class=Response)
def index(request: Request, db: Db, world: str) -> Response:
    """The entity types with how many entities each has."""
    with db.read() as session:
        page = TypesPage(
            shell=make_shell(request, session, "Entities", world=world, current="Entities"),
            base=f"/worlds/{world}",
            types=entities.list_types(session, world_id(session, world)),
        )
    return render(request, "entities/index.html", page)


@router.get("/{type_name}", response_class=Response)
def show_type(
    request: Request, db: Db, world: str, type_name: str, q: str = "", sort: str = "", page: int = 1
) -> Response:
    """One page of the entities of a type; filters by field stand in the query."""
    with db.read() as session:
        key = world_id(session, world)
        entity_type = entities.declared(session, key, type_name)
        query = _query(request, entity_type, q, sort, page)
        found = entities.grid(session, key, entity_type, query)
        fields = shown_fields(entity_type)
        zone = world_zone(session, world)
        rows = tuple(
            Row(
                id=item.ref.key, title=item.title, version=item.version, payload=item.payload,
                cells=cells(fields, item.payload, found.titles, zone),
            )
            for item in found.rows.items
        )  # fmt: skip
        listing = Listing(items=rows, total=found.rows.total, page=found.rows.page, size=query.size)
        shown = GridPage(
            shell=make_shell(
                request, session, entity_type.plural, world=world, current="Entities",
                breadcrumbs=(Link(label="Entities", url=f"/worlds/{world}/entities"),),
            ),
            base=f"/worlds/{world}", entity_type=entity_type, rows=listing, query=query,
            columns=_columns(request, fields, query),
            filters=tuple(f for f in entity_type.fields if _is_filter(f)),
            chips=_chips(request, entity_type, query),
            previous_url=_url(request, page=listing.previous) if listing.previous else None,
            next_url=_url(request, page=listing.next) if listing.next else None,
        )  # fmt: skip
    return render(request, "entities/grid.html", shown, block="grid")


@router.get("/{type_name}/options", response_class=Response)
def options(request: Request, db: Db, world: str, type_name: str) -> Response:
    """What a picker offers for the text in the query, under any name."""
    text = next(iter(request.query_params.values()), "")
    with db.read() as session:
        found = entities.options(session, world_id(session, world), type_name, text)
    if answer_for(request) is Answer.JSON:
        return JSONResponse([{"id": key, "title": title} for key, title in found])
    return HTMLResponse(request.app.state.studio.templates.globals["ui"].datalist(found))


@router.get("/{type_name}/new", response_class=Response)
def new(request: Request, db: Db, world: str, type_name: str) -> Response:
    """The empty form, with the next free id."""
    with db.read() as session:
        entity_type = entities.declared(session, world_id(session, world), type_name)
        record: Record = {
            f.name: f.default for f in entity_type.fields if f.default is not None
        } | {"id": entities.propose_id(session, world, entity_type)}
        page = _form_page(request, session, world, entity_type, record, is_new=True)
    return render(request, "entities/edit.html", page)


@router.get("/{type_name}/row", response_class=Response)
def new_row(
    request: Request, db: Db, world: str, type_name: str, field: str, index: int
) -> Response:
    """One more empty item of a list of objects, for the form."""
    with db.read() as session:
        entity_type = entities.declared(session, world_id(session, world), type_name)
    declared = entity_type.field(field)
    if declared is None or declared.item is None:
        raise Conflict(f"{type_name} has no list {field!r}.")
    environment = request.app.state.studio.templates
    controls = environment.get_template("entities/_form.html").module
    row = controls.list_row(declared, f"{field}[{index}]", {}, {}, {}, f"/worlds/{world}", index)
    more = controls.more_rows(declared, f"/worlds/{world}", type_name, index + 1)
    return HTMLResponse(str(row) + str(more))


@router.post("/{type_name}", response_class=Response)
def create(
    request: Request, db: Db, who: Who, world: str, type_name: str, edit: EditBody
) -> Response:
    """Makes an entity."""
    return _save(request, db, who, world, type_name, None, edit)


@router.get("/{type_name}/{entity_id}", response_class=Response)
def show(request: Request, db: Db, world: str, type_name: str, entity_id: str) -> Response:
    """The form of one entity, with what points at it."""
    with db.read() as session:
        key = world_id(session, world)
        entity_type = entities.declared(session, key, type_name)
        stored = ENTITIES.get(session, key, entity_id, type_name)
        page = _form_page(request, session, world, entity_type, stored.payload)
    return render(request, "entities/edit.html", page)


@router.post("/{type_name}/{entity_id}", response_class=Response)
@router.put("/{type_name}/{entity_id}", response_class=Response)
def save(
    request: Request, db: Db, who: Who, world: str, type_name: str, entity_id: str, edit: EditBody
) -> Response:
    """Saves an entity."""
    return _save(request, db, who, world, type_name, entity_id, edit)


@router.post("/{type_name}/{entity_id}/delete", response_class=Response)
@router.delete("/{type_name}/{entity_id}", response_class=Response)
def delete(
    request: Request, db: Db, who: Who, world: str, type_name: str, entity_id: str
) -> Response:
    """Deletes an entity that nothing refers to, with undo."""
    revision = entities.delete_entity(db, world, type_name, entity_id, version=None, who=who)
    notice = Notice(text=f"Deleted {entity_id}", undo_url=f"/revisions/{revision}/undo")
    return done(request, f"/worlds/{world}/entities/{type_name}", notice=notice)


def _save(
    request: Request, db: Database, who: str, world: str, type_name: str,
    entity_id: str | None, edit: Edit,
) -> Response:  # fmt: skip
    with db.read() as session:
        key = world_id(session, world)
        entity_type = entities.declared(session, key, type_name)
        before = ENTITIES.find(session, key, entity_id, type_name) if entity_id else None
        read = _read(session, world, entity_type, edit)
    if entity_id is not None:
        read = ReadForm(data={**read.data, "id": entity_id}, problems=read.problems)
    is_json = answer_for(request) is Answer.JSON
    if entity_id is not None and edit.version is None:
        problem = Problem(path="version", message="say which version you edited")
        return _refused(request, db, world, entity_type, read, (problem,), entity_id, edit)
    try:
        if read.problems:
            return _refused(request, db, world, entity_type, read, read.problems, entity_id, edit)
        outcome = authoring.save_entity(
            db, world, type_name, read.data, version=edit.version, who=who
        )
    except Conflict as error:
        if is_json:
            raise
        return _refused(request, db, world, entity_type, read, (), entity_id, edit, str(error))
    if outcome.saved is None:
        return _refused(request, db, world, entity_type, read, outcome.problems, entity_id, edit)
    item = outcome.saved.item
    url = f"/worlds/{world}/entities/{type_name}/{item.ref.key}"
    is_same = outcome.undo_url is None
    text = f"Nothing to save: {item.ref.key} is as it was" if is_same else f"Saved {item.ref.key}"
    notice = Notice(text=text, undo_url=outcome.undo_url)
    has_title = before is not None and before.title == item.title
    if answer_for(request) is Answer.FRAGMENT and has_title:
        with db.read() as session:
            page = _form_page(request, session, world, entity_type, item.payload)
        return render(request, "entities/edit.html", page, notice=notice)
    status = 201 if outcome.saved.is_new else 200
    return done(request, url, notice=notice, data=item, status=status)


def _refused(
    request: Request, db: Database, world: str, entity_type: EntityType, read: ReadForm,
    problems: tuple[Problem, ...], entity_id: str | None, edit: Edit, conflict: str = "",
) -> Response:  # fmt: skip
    """The form as it was filled in, with what is wrong beside the fields."""
    if answer_for(request) is Answer.JSON:
        raise Invalid(problems)
    with db.read() as session:
        page = _form_page(
            request, session, world, entity_type, read.data, is_new=entity_id is None,
            version=edit.version, problems=problems, conflict=conflict,
        )  # fmt: skip
    focus = "[aria-invalid]" if problems else "#conflict"
    status = 409 if conflict else 422
    return render(request, "entities/edit.html", page, status=status, focus=focus)


def _read(session: Session, world: str, entity_type: EntityType, edit: Edit) -> ReadForm:
    if edit.data is not None:
        return ReadForm(data=dict(edit.data))
    zone = world_zone(session, world)
    return read_entity(entity_type, edit.items, zone)


def _form_page(
    request: Request, session: Session, world: str, entity_type: EntityType, shown: Record, *,
    is_new: bool = False, version: int | None = None,
    problems: tuple[Problem, ...] = (), conflict: str = "",
) -> EntityPage:  # fmt: skip
    key, base = world_id(session, world), f"/worlds/{world}"
    entity_id = str(shown.get("id") or "")
    stored = None if is_new else ENTITIES.find(session, key, entity_id, entity_type.name)
    title = f"New {entity_type.title.lower()}" if stored is None else stored.title
    wanted = HistoryQuery(kind=Kind.ENTITY, scope=entity_type.name, key=entity_id, size=5)
    zone = world_zone(session, world)
    no_pointers = PointersHere(entities=(), tasks=())
    return EntityPage(
        shell=make_shell(
            request, session, title, world=world, current="Entities",
            breadcrumbs=(
                Link(label="Entities", url=f"{base}/entities"),
                Link(label=entity_type.plural, url=f"{base}/entities/{entity_type.name}"),
            ),
        ),
        base=base, entity_type=entity_type, id=entity_id, is_new=is_new,
        version=version or (stored.version if stored else None),
        record={} if stored is None else stored.payload,
        values=form_values(entity_type, shown, zone),
        errors=problems_by_path(problems, f"entities.{entity_type.name}.{entity_id}"),
        problems=problems,
        titles=entities.titles_for(session, key, entity_type, (shown,)),
        pointers=no_pointers if stored is None
        else entities.pointers_to(session, key, entity_type.name, entity_id),
        changes=() if stored is None else list_revisions(session, key, wanted).items,
        conflict=conflict, newest_version=stored.version if stored else None,
        differences=diff_rows(stored.payload, shown) if conflict and stored else (),
    )  # fmt: skip


def _query(request: Request, entity_type: EntityType, q: str, sort: str, page: int) -> Query:
    names = {f.name for f in entity_type.fields if f.kind not in {FieldKind.LIST, FieldKind.OBJECT}}
    given = {
        f.name: request.query_params.get(f.name, "") for f in entity_type.fields if _is_filter(f)
    }
    return Query(
        q=q, page=page, filters={n: v for n, v in given.items() if v},
        sort=sort if sort.removeprefix("-") in names | {"key"} else "",
        numbers=frozenset(f.name for f in entity_type.fields if f.kind in NUMBERS),
    )  # fmt: skip


def _is_filter(field: Field) -> bool:
    return field.kind in FILTERED and field.name not in _RESERVED


def _columns(request: Request, fields: tuple[Field, ...], query: Query) -> tuple[Column, ...]:
    def column(name: str, label: str, kind: FieldKind) -> Column:
        is_down, is_up = query.sort == f"-{name}", query.sort == name
        can_sort = kind not in {FieldKind.LIST, FieldKind.OBJECT}
        return Column(
            label=label, is_num=kind in NUMBERS,
            sort_url=_url(request, sort=f"-{name}" if is_up else name, page=None)
            if can_sort else None,
            sorted="descending" if is_down else "ascending" if is_up else None,
        )  # fmt: skip

    return (
        column("key", "Id", FieldKind.TEXT),
        *(column(f.name, f.label, f.kind) for f in fields),
    )


def _chips(request: Request, entity_type: EntityType, query: Query) -> tuple[Chip, ...]:
    labels = {f.name: f.label for f in entity_type.fields}
    found = [
        Chip(label=f"{labels[name]}: {value}", url=_url(request, **{name: None}, page=None))
        for name, value in query.filters.items()
    ]
    if query.q:
        found.insert(0, Chip(label=f"Search: {query.q}", url=_url(request, q=None, page=None)))
    return tuple(found)


def _url(request: Request, **changes: object) -> str:
    """The address with some of its query changed; None takes a name away."""
    kept = {n: v for n, v in request.query_params.items() if v and n not in changes}
    query = kept | {n: str(v) for n, v in changes.items() if v is not None}
    return request.url.path + (f"?{urlencode(query)}" if query else "")
