"""`/worlds`: the list of worlds and the overview of one. The pattern for other pages."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from studio.database import Database
from studio.deps import Db, Parts, Studio
from studio.history import Revision, revisions
from studio.pages import render
from studio.repository import ENTITIES, TASKS
from studio.repository.bundles import list_versions
from studio.repository.loading import load_world
from studio.repository.worlds import WorldSummary, list_worlds, summary
from studio.services.bundle_views import GatesView, check_view
from studio.services.coverage_views import FiguresView, figures_view
from studio.services.gate_checks import check_of
from studio.services.overview import Step, TaskGrid, next_steps, runs_of, task_grid
from studio.services.tallies import tally_of
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
    grid: TaskGrid
    splits: dict[str, int]
    statuses: dict[str, int]
    view: FiguresView
    gates: GatesView
    steps: tuple[Step, ...]
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
def show(request: Request, db: Db, studio: Parts, world: str) -> Response:
    """One world: what it holds and what to do next."""
    return render(request, "worlds/show.html", _world_page(request, db, studio, world))


@router.get("/worlds/{world}/standing", response_class=Response)
def standing(request: Request, db: Db, studio: Parts, world: str) -> Response:
    """The gates of the draft and the next steps, for as long as the gates run."""
    page = _world_page(request, db, studio, world)
    return render(request, "worlds/show.html", page, block="standing")


@router.get("/worlds/{world}/figures", response_class=Response)
def figures(request: Request, db: Db, studio: Parts, world: str) -> Response:
    """What is counted by running references, for as long as it is counted."""
    page = _world_page(request, db, studio, world)
    return render(request, "worlds/show.html", page, block="figures")


def _world_page(request: Request, db: Database, studio: Studio, world: str) -> WorldPage:
    with db.read() as session:
        held = summary(session, world)
        draft = load_world(session, world)
        counted = figures_view(world, tally_of(str(db.engine.url), draft))
        gates = check_view(world, check_of(str(db.engine.url), draft))
        return WorldPage(
            shell=make_shell(
                request, session, held.title, world=world, current="Overview",
                breadcrumbs=(Link(label="Worlds", url="/worlds"),),
            ),
            world=held,
            entities=ENTITIES.counts(session, held.id),
            grid=task_grid(session, held.id),
            splits=TASKS.counts(session, held.id, "split"),
            statuses=TASKS.counts(session, held.id, "status"),
            view=counted,
            gates=gates,
            steps=next_steps(
                f"/worlds/{world}", num_tasks=held.num_tasks, gates=gates,
                versions=list_versions(session, world),
                runs=runs_of(studio.settings.runs, world),
            ),
            changes=revisions(session, held.id, limit=8),
        )  # fmt: skip
