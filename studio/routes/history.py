"""`/revisions/<id>/undo` and `/restore`: what the undo button of a notice posts to."""

from fastapi import APIRouter, Request, Response

from studio.deps import Db, Who
from studio.history import Revision, get_revision, restore, undo
from studio.htmx import Notice
from studio.pages import done

router = APIRouter(tags=["history"])


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


def _done(request: Request, revision: Revision, text: str) -> Response:
    """Back to the page where the button was, which then shows the state as it is."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("referer") or "/"
    path = "/" + came_from.split("://", 1)[-1].partition("/")[2] if "://" in came_from else "/"
    return done(request, path, notice=Notice(text=text), data=revision)
