"""`/worlds`: the list of worlds and the overview of one. The pattern for other pages."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from studio.deps import Db
from studio.history import Revision, revisions
from studio.pages import render
from studio.repository import ENTITIES, TASKS
from studio.repository.worlds import WorldSummary, list_worlds, summary
from studio.shell import Link, Shell, make_shell

router = APIRouter(tags=["worlds"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldsPage:
    shell: Shell
    worlds: tuple[WorldSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPage:
    shell: Shell
    world: WorldSummary
    entities: dict[str, int]
    """How many there are of each type."""
    categories: dict[str, int]
    splits: dict[str, int]
    statuses: dict[str, int]
    changes: tuple[Revision, ...]


@router.get("/", include_in_schema=False)
def home() -> Response:
    return RedirectResponse("/worlds", status_code=303)


@router.get("/worlds", response_class=Response)
def index(request: Request, db: Db) -> Response:
    """All worlds."""
    with db.read() as session:
        page = WorldsPage(
            shell=make_shell(request, session, "Worlds", current="Worlds"),
            worlds=list_worlds(session),
        )
    return render(request, "worlds/index.html", page)


@router.get("/worlds/{world}", response_class=Response)
def show(request: Request, db: Db, world: str) -> Response:
    """One world: what it holds and what to do next."""
    with db.read() as session:
        held = summary(session, world)
        page = WorldPage(
            shell=make_shell(
                request, session, held.title, world=world, current="Overview",
                breadcrumbs=(Link(label="Worlds", url="/worlds"),),
            ),
            world=held,
            entities=ENTITIES.counts(session, held.id),
            categories=TASKS.counts(session, held.id, "category"),
            splits=TASKS.counts(session, held.id, "split"),
            statuses=TASKS.counts(session, held.id, "status"),
            changes=revisions(session, held.id, limit=8),
        )  # fmt: skip
    return render(request, "worlds/show.html", page)
