"""`/worlds/<world>/history` and `/revisions/<id>`: every change, its differences, undo, restore.

The undo button of a notice posts to `/revisions/<id>/undo`.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from studio.deps import Db, Who
from studio.errors import NotFound
from studio.history import (
    HistoryQuery,
    Revision,
    get_revision,
    list_revisions,
    newest_ids,
    restore,
    undo,
)
from studio.htmx import Notice
from studio.pages import done, render
from studio.repository import Kind, Listing, Ref
from studio.repository.worlds import world_id
from studio.services.diffs import DiffRow, diff_rows
from studio.shell import Shell, make_shell

router = APIRouter(tags=["history"])

_PAGES = {
    Kind.ENTITY_TYPE: "entity-types", Kind.TOOL: "tools", Kind.POLICY: "policies",
    Kind.TASK: "tasks",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRevision:
    """One change as the page shows it."""

    revision: Revision
    url: str
    """The page of the thing that was changed."""
    is_newest: bool
    """True when the thing was not changed since: it can be undone."""
    is_kept: bool
    """True for what can neither be undone nor restored: how the world came about."""
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    shell: Shell
    base: str
    query: HistoryQuery
    kinds: tuple[tuple[str, str], ...]
    changes: Listing[ShownRevision]
    previous_url: str | None
    next_url: str | None
    opened: int | None
    """The revision whose differences are shown at once; None for a list."""


@router.get("/worlds/{world}/history", response_class=Response)
def index(
    request: Request, db: Db, world: str, kind: str = "", scope: str = "", key: str = "",
    who: str = "", first: str = "", last: str = "", page: int = 1,
) -> Response:  # fmt: skip
    """The changes of a world, newest first."""
    query = HistoryQuery(
        kind=kind, scope=scope, key=key.strip(), who=who.strip(), page=page,
        first=_number(first), last=_number(last),
    )  # fmt: skip
    with db.read() as session:
        found = list_revisions(session, world_id(session, world), query)
        shown = _page(request, session, world, query, found, None)
    return render(request, "history/index.html", shown, block="changes")


@router.get("/worlds/{world}/history/{revision_id}", response_class=Response)
def show(request: Request, db: Db, world: str, revision_id: int) -> Response:
    """One change with its differences."""
    with db.read() as session:
        revision = get_revision(session, revision_id)
        if revision.world_id != world_id(session, world):
            raise NotFound(f"World {world!r} has no change {revision_id}.")
        found = Listing(items=(revision,), total=1, page=1, size=1)
        query = _of(revision.ref)
        shown = _page(request, session, world, query, found, revision_id)
    return render(request, "history/index.html", shown, block="changes")


@router.post("/revisions/{revision_id}/undo", response_class=Response)
def undo_revision(request: Request, db: Db, who: Who, revision_id: int) -> Response:
    """Puts back what was before a change."""
    with db.write() as session:
        revision = undo(session, revision_id, who)
    return _done(request, revision, f"Undone: {revision.ref.key}")


@router.post("/revisions/{revision_id}/restore", response_class=Response)
def restore_revision(request: Request, db: Db, who: Who, revision_id: int) -> Response:
    """Makes an old version the present one."""
    with db.write() as session:
        revision = restore(session, revision_id, who)
    return _done(request, revision, f"Restored: {revision.ref.key}")


@router.get("/revisions/{revision_id}")
def show_revision(db: Db, revision_id: int) -> Revision:
    """One change with what was before and after."""
    with db.read() as session:
        return get_revision(session, revision_id)


def _number(text: str) -> int:
    """The number of a change; 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) <= 18 else 0


def _done(request: Request, revision: Revision, text: str) -> Response:
    """Back to the page where the button was, which then shows the state as it is."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("referer") or "/"
    path = "/" + came_from.split("://", 1)[-1].partition("/")[2] if "://" in came_from else "/"
    return done(request, path, notice=Notice(text=text), data=revision)


def _of(ref: Ref) -> HistoryQuery:
    return HistoryQuery(kind=ref.kind, scope=ref.scope, key=ref.key)


def _page(
    request: Request, session: Session, world: str, query: HistoryQuery,
    found: Listing[Revision], opened: int | None,
) -> HistoryPage:  # fmt: skip
    base = f"/worlds/{world}"
    newest = newest_ids(session, world_id(session, world), (r.ref.key for r in found.items))
    shown = tuple(
        ShownRevision(
            revision=r, url=_url_of(base, r.ref), is_newest=r.id in newest,
            is_kept=r.ref.kind is Kind.WORLD,
            rows=diff_rows(r.before, r.after),
        )
        for r in found.items
    )  # fmt: skip
    kinds = tuple((kind.value, kind.replace("_", " ")) for kind in Kind)
    return HistoryPage(
        shell=make_shell(request, session, "History", world=world, current="History"),
        base=base, query=query, kinds=kinds, opened=opened,
        changes=Listing(items=shown, total=found.total, page=found.page, size=found.size),
        previous_url=_url(request, found.previous), next_url=_url(request, found.next),
    )  # fmt: skip


def _url(request: Request, page: int | None) -> str | None:
    if page is None:
        return None
    kept = {n: v for n, v in request.query_params.items() if v and n != "page"}
    return f"{request.url.path}?{urlencode(kept | {'page': page})}"


def _url_of(base: str, ref: Ref) -> str:
    key = quote(ref.key, safe="")
    if ref.kind is Kind.WORLD:
        return base
    if ref.kind is Kind.ENTITY:
        return f"{base}/entities/{ref.scope}/{key}"
    return f"{base}/{_PAGES[ref.kind]}/{key}"
