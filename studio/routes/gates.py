"""`/worlds/<world>/gates`: what keeps the draft from being published, and where it is mended."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from exporter.manifest import GateReport
from studio.deps import Db
from studio.pages import render
from studio.repository.loading import load_world
from studio.services.gate_checks import GateCheck, check_of
from studio.services.gate_pages import GatesOverview, gates_overview
from studio.shell import Shell, make_shell

router = APIRouter(prefix="/worlds/{world}/gates", tags=["bundles"])

PATIENCE_S = 0.3
"""How long a request waits for the gates of a small world."""
FEW_TASKS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesPage:
    shell: Shell
    base: str
    overview: GatesOverview | None
    """None until the gates have been run for the first time."""
    is_done: bool
    """False while they run; what is shown then is from before the last change."""
    num_done: int
    num_tasks: int
    gate: str
    """The one gate that is shown; empty for all."""
    q: str
    query: str
    """The filters as a query, for links and polling."""


@router.get("", response_class=Response)
def show(
    request: Request, db: Db, world: str, gate: str = "", q: str = "", page: int = 1
) -> Response:
    """Every gate with what keeps it shut, grouped by the thing that is to be mended."""
    with db.read() as session:
        draft = load_world(session, world)
        shell = make_shell(request, session, "Gates", world=world, current="Gates")
    check = check_of(str(db.engine.url), draft)
    report = check.wait(PATIENCE_S if check.num_tasks <= FEW_TASKS else 0.0)
    shown = GatesPage(
        shell=shell,
        base=f"/worlds/{world}",
        overview=_overview(world, report or check.outdated, check, gate, q, page),
        is_done=report is not None,
        num_done=check.num_done,
        num_tasks=check.num_tasks,
        gate=gate,
        q=q.strip(),
        query=urlencode({k: v for k, v in (("gate", gate), ("q", q.strip())) if v}),
    )
    return render(request, "bundles/gates.html", shown, block="report")


def _overview(
    world: str, report: GateReport | None, check: GateCheck, gate: str, q: str, page: int
) -> GatesOverview | None:
    if report is None:
        return None
    return gates_overview(world, report, check.world, name=gate, q=q, page=page)
