"""`/worlds/<world>/coverage`: which tools and entity types the tasks of a world exercise."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from studio.database import Database
from studio.deps import Db
from studio.pages import render
from studio.repository.loading import load_world
from studio.repository.worlds import summary
from studio.services.coverage_views import FiguresView, figures_view
from studio.services.tallies import tally_of
from studio.shell import Shell, make_shell

router = APIRouter(prefix="/worlds/{world}/coverage", tags=["worlds"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePage:
    shell: Shell
    base: str
    num_tasks: int
    view: FiguresView


@router.get("", response_class=Response)
def show(request: Request, db: Db, world: str) -> Response:
    """Tasks by tool and category, and by entity type and category."""
    return render(request, "worlds/coverage.html", _page(request, db, world), block="matrix")


def _page(request: Request, db: Database, world: str) -> CoveragePage:
    with db.read() as session:
        held = summary(session, world)
        work = tally_of(str(db.engine.url), load_world(session, world))
        return CoveragePage(
            shell=make_shell(request, session, "Coverage", world=world, current="Coverage"),
            base=f"/worlds/{world}",
            num_tasks=held.num_tasks,
            view=figures_view(world, work),
        )
