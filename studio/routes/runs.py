"""`/runs`: training runs, starting one, and a run's own page with live curves over SSE."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from jinja2_fragments import render_block

from rl_backend.config import preset_names
from rl_backend.preflight.checks import Preflight
from rl_backend.rundir import RunDir
from studio.database import Database
from studio.deps import Db, FormBody, Parts, Studio
from studio.errors import StudioError
from studio.forms import problems_by_path
from studio.htmx import Notice, Tone
from studio.pages import done, render
from studio.repository.bundles import BundleVersion, all_versions
from studio.repository.worlds import list_worlds
from studio.services import training
from studio.services.backend import BackendView, backend_view, install_backend
from studio.services.preflight import preflight
from studio.services.run_forms import (
    OVERRIDES,
    OverrideField,
    PresetView,
    RunForm,
    config_of_form,
    preset_view,
    read_form,
)
from studio.services.run_series import ChartView
from studio.services.run_stream import stream
from studio.services.run_views import (
    RunRow,
    RunView,
    charts_of,
    config_of,
    log_tail,
    run_rows,
    run_view,
    settings_of,
)
from studio.shell import Link, Shell, make_shell
from world_builder.validation import Problem

router = APIRouter(prefix="/runs", tags=["runs"])

RUNS_PER_PAGE = 50
STATES = ("running", "stopped", "done", "failed")
LIVE_PARTS = {
    "run-badge": "badge",
    "run-acts": "run_acts",
    "run-progress": "progress",
    "run-side": "side",
    "run-events": "events",
    "run-log": "log",
}
"""Element -> block of `runs/show.html` that fills it, all kept in step by the stream."""


class NotStarted(StudioError):
    """The preflight found something that would make the run fail."""

    status = 422
    title = "Not started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    shell: Shell
    backend: BackendView
    rows: tuple[RunRow, ...]
    total: int
    page: int
    world: str
    worlds: tuple[str, ...]
    state: str
    states: tuple[str, ...]
    query: str
    """The filters as a query, for links and polling."""
    is_live: bool
    """True while something on the page can change by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRunPage:
    shell: Shell
    form: RunForm
    errors: dict[str, str]
    problems: tuple[Problem, ...]
    """Those that belong to no field."""
    versions: tuple[BundleVersion, ...]
    presets: tuple[str, ...]
    preset: PresetView
    settings: tuple[tuple[str, str, str], ...]
    fields: tuple[OverrideField, ...]
    preflight: Preflight


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    shell: Shell
    run: RunView
    description: str
    settings: tuple[tuple[str, str, str], ...]
    config: str
    """All of it, as JSON."""
    charts: tuple[ChartView, ...]
    more_charts: tuple[ChartView, ...]
    log: str


def _found(studio: Parts, run_id: str) -> RunDir:
    return training.find_run(studio.settings.runs, run_id)


Run = Annotated[RunDir, Depends(_found)]
"""The run of the address; 404 when there is none."""


@router.get("", response_class=Response)
def index(
    request: Request, db: Db, studio: Parts, world: str = "", state: str = "", page: int = 1
) -> Response:
    """All runs, and how the installation of the training backend stands."""
    with db.read() as session:
        worlds = tuple(item.name for item in list_worlds(session))
        urls = _urls(all_versions(session))
        shell = make_shell(request, session, "Runs", current="Runs")
    rows = run_rows(studio.settings.runs, urls, world=world, state=state)
    backend = backend_view(studio.settings.data_dir, studio.jobs)
    first = (max(1, page) - 1) * RUNS_PER_PAGE
    held = RunsPage(
        shell=shell,
        backend=backend,
        rows=rows[first : first + RUNS_PER_PAGE],
        total=len(rows),
        page=max(1, page),
        world=world,
        worlds=worlds,
        state=state,
        states=STATES,
        query=urlencode({k: v for k, v in (("world", world), ("state", state)) if v}),
        is_live=backend.state == "installing" or any(not r.standing.is_over for r in rows),
    )
    return render(request, "runs/index.html", held, block="runs")


@router.post("/backend", response_class=Response)
def install(request: Request, studio: Parts) -> Response:
    """Starts installing the training backend, or tries again."""
    has_started = install_backend(studio.settings.data_dir, studio.jobs)
    text = "Installing the training backend" if has_started else "It is being installed already"
    return done(request, "/runs", notice=Notice(text=text, tone=Tone.NEUTRAL))


@router.get("/new", response_class=Response)
def new(request: Request, db: Db, studio: Parts) -> Response:
    """The form to start a run; its state stands in the address."""
    return _new(request, db, studio, read_form(dict(request.query_params)))


@router.post("", response_class=Response)
def start(request: Request, db: Db, studio: Parts, form: FormBody) -> Response:
    """Starts a run."""
    wanted = read_form({name: str(value) for name, value in form})
    with db.read() as session:
        version = _chosen(all_versions(session), wanted)
    config, problems = config_of_form(wanted)
    if version is None:
        hint = "Publish one on the bundles page of a world." if not wanted.bundle else ""
        problem = Problem(path="bundle", message="choose a published version", hint=hint)
        problems = (problem, *problems)
    if config is None or version is None:
        return _new(request, db, studio, wanted, problems)
    looked = preflight(
        backend_view(studio.settings.data_dir, studio.jobs), version, config,
        studio.settings.runs, len(training.active_runs(studio.settings.runs)),
    )  # fmt: skip
    if not looked.can_start:
        problem = Problem(path="", message=looked.refusal)
        return _new(request, db, studio, wanted, (problem,))
    run = training.start_run(studio.settings.runs, config, version)
    notice = Notice(text="The run was started")
    if version.deprecation is not None:
        text = f"The run was started on {version.version}, which is deprecated"
        notice = Notice(text=text, tone=Tone.WARN)
    return done(request, f"/runs/{run.id}", notice=notice, data=run.status())


@router.get("/{run_id}", response_class=Response)
def show(request: Request, db: Db, run: Run) -> Response:
    """One run: state, curves, held-out evaluations, log, configuration."""
    return render(request, "runs/show.html", _run_page(request, db, run))


@router.get("/{run_id}/events", response_class=EventSourceResponse)
async def events(
    request: Request, db: Db, studio: Parts, run: Run
) -> AsyncIterator[ServerSentEvent]:
    """What changes on the run's page, until the run is over (`end`)."""
    async for message in stream(run, _parts_renderer(request, db, studio, run)):
        yield ServerSentEvent(raw_data=message.data, event=message.event)


@router.post("/{run_id}/stop", response_class=Response)
def stop(request: Request, run: Run) -> Response:
    """Asks the run to stop at the next safe point."""
    if training.stop_run(run):
        notice = Notice(text="Stopping: the step under way is given up and a checkpoint is kept")
    else:
        notice = Notice(text="The run is not under way", tone=Tone.NEUTRAL)
    return done(request, f"/runs/{run.id}", notice=notice, data=run.status())


@router.post("/{run_id}/resume", response_class=Response)
def resume(request: Request, studio: Parts, run: Run) -> Response:
    """Lets a stopped or failed run go on."""
    backend = backend_view(studio.settings.data_dir, studio.jobs)
    if not backend.is_ready:
        raise NotStarted(f"The training backend is not ready: {backend.message}")
    training.resume_run(run)
    notice = Notice(text="The run goes on")
    return done(request, f"/runs/{run.id}", notice=notice, data=run.status())


@router.post("/{run_id}/delete", response_class=Response)
@router.delete("/{run_id}", response_class=Response)
def delete(request: Request, run: Run) -> Response:
    """Removes a run that is not under way, for good."""
    training.delete_run(run)
    return done(request, "/runs", notice=Notice(text=f"Deleted {run.id}"))


def _new(
    request: Request,
    db: Database,
    studio: Studio,
    form: RunForm,
    problems: tuple[Problem, ...] = (),
) -> Response:
    with db.read() as session:
        versions = all_versions(session)
        crumbs = (Link(label="Runs", url="/runs"),)
        shell = make_shell(request, session, "Start a run", current="Runs", breadcrumbs=crumbs)
    preset = preset_view(form.preset)
    config, _ = config_of_form(form)
    settings = studio.settings
    known = {"bundle", "preset", *(field.path for field in OVERRIDES)}
    page = NewRunPage(
        shell=shell,
        form=form,
        errors=problems_by_path(problems),
        problems=tuple(p for p in problems if p.path not in known),
        versions=versions,
        presets=preset_names(),
        preset=preset,
        settings=settings_of(preset.config.model_dump(exclude_unset=True)),
        fields=OVERRIDES,
        preflight=preflight(
            backend_view(settings.data_dir, studio.jobs),
            _chosen(versions, form),
            config or preset.config,
            settings.runs,
            len(training.active_runs(settings.runs)),
        ),
    )
    return render(request, "runs/new.html", page, status=422 if problems else 200)


def _run_page(request: Request, db: Database, run: RunDir) -> RunPage:
    with db.read() as session:
        view = run_view(run, _urls(all_versions(session)))
        bundle = view.row.bundle
        names = {item.name for item in list_worlds(session)}
        shell = make_shell(
            request, session, run.id, current="Runs",
            world=bundle.name if bundle is not None and bundle.name in names else None,
            breadcrumbs=(Link(label="Runs", url="/runs"),),
        )  # fmt: skip
    config, (charts, more) = config_of(run), charts_of(run)
    return RunPage(
        shell=shell,
        run=view,
        description="" if config is None else config.description,
        settings=() if config is None else settings_of(config.model_dump(exclude_defaults=True)),
        config="" if config is None else config.model_dump_json(indent=2),
        charts=charts,
        more_charts=more,
        log=log_tail(run),
    )


def _parts_renderer(
    request: Request, db: Database, studio: Studio, run: RunDir
) -> Callable[[], tuple[dict[str, str], bool]]:
    with db.read() as session:
        urls = _urls(all_versions(session))

    def parts() -> tuple[dict[str, str], bool]:
        view = run_view(run, urls)
        context = {"run": view, "log": log_tail(run)}
        rendered = {
            element: render_block(studio.templates, "runs/show.html", block, context)
            for element, block in LIVE_PARTS.items()
        }
        return rendered, view.row.standing.is_over

    return parts


def _urls(versions: tuple[BundleVersion, ...]) -> Mapping[str, str]:
    return {version.digest: version.url for version in versions}


def _chosen(versions: tuple[BundleVersion, ...], form: RunForm) -> BundleVersion | None:
    return next((v for v in versions if f"{v.world}/{v.version}" == form.bundle), None)
