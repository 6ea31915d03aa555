"""`/design`: the design system, living. Every macro in its states, and two whole screens."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from studio.deps import Db
from studio.pages import render
from studio.shell import Link, Shell, make_shell

router = APIRouter(prefix="/design", tags=["design"], include_in_schema=False)

_BACK = (Link(label="Design system", url="/design"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPage:
    shell: Shell


@router.get("", response_class=Response)
def index(request: Request, db: Db) -> Response:
    """Every macro in its states."""
    with db.read() as session:
        shell = make_shell(request, session, "Design system")
    return render(request, "design/show.html", DesignPage(shell=shell))


@router.get("/editor", response_class=Response)
def editor(request: Request, db: Db) -> Response:
    """The task editor, made from the macros alone."""
    with db.read() as session:
        shell = make_shell(request, session, "Refund after a return", breadcrumbs=_BACK)
    return render(request, "design/editor.html", DesignPage(shell=shell))


@router.get("/paired", response_class=Response)
def paired(request: Request, db: Db) -> Response:
    """The paired review, made from the macros alone."""
    with db.read() as session:
        shell = make_shell(request, session, "Orders after a ticket", breadcrumbs=_BACK)
    return render(request, "design/paired.html", DesignPage(shell=shell))
