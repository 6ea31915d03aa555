"""`/worlds/<world>/bundles/<version>`: what a version holds, where it comes from, what happened to
it; deprecating it and making it the draft again. No route changes a bundle."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from exporter.differences import PartCount
from exporter.errors import BundleError
from exporter.manifest import Manifest
from exporter.signing import SignatureView
from studio.deps import Db, FormBody, Who
from studio.errors import Conflict, Invalid
from studio.forms import problems_by_path
from studio.htmx import Notice, Tone
from studio.pages import done, render
from studio.repository.bundle_events import BundleEvent, EventKind, list_events
from studio.repository.bundles import BundleVersion, get_version, list_versions
from studio.repository.loading import load_world
from studio.services import deprecations, restoring
from studio.services.bundle_views import (
    FileView,
    GatesView,
    VerificationView,
    command_lines,
    gates_view,
    manifest_of,
    verify_version,
)
from studio.services.comparison_views import label_of
from studio.services.comparisons import compared, state_of
from studio.services.policies import rendered
from studio.services.published import published_world
from studio.services.signatures import signature_of
from studio.shell import Link, Shell, make_shell

router = APIRouter(prefix="/worlds/{world}/bundles/{version}", tags=["bundles"])

FILES_PER_PAGE = 200
VIEWS = ("overview", "changes", "files", "manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    shell: Shell
    version: BundleVersion
    view: str
    manifest: Manifest | None
    """None when it cannot be read."""
    gates: GatesView
    commands: tuple[tuple[str, str], ...]
    signature: SignatureView
    verification: VerificationView | None
    """None until it was asked for."""
    previous: str | None
    changes: tuple[tuple[str, PartCount], ...]
    """By part, with its label."""
    changes_problem: str
    events: tuple[BundleEvent, ...]
    """What happened to it since, newest first."""
    undone: int
    """The newest event that undid a restoration; 0 without one."""
    notes_html: str
    errors: dict[str, str]
    reason: str
    """What was written in a form that could not be taken."""
    files: tuple[FileView, ...]
    num_files: int
    page: int
    first_file: int
    """The number of the first file shown, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePage:
    shell: Shell
    version: BundleVersion
    counts: tuple[tuple[str, PartCount], ...]
    """What restoring would change in the draft, by part."""
    problem: str
    """Why it cannot be restored; empty when it can."""


@router.get("", response_class=Response)
def show(
    request: Request, db: Db, world: str, version: str, view: str = "overview", page: int = 1
) -> Response:
    """One version: what it holds, its gates, its files, what is new in it."""
    shown = _page(request, db, world, version, view=view, number=page)
    return render(request, "bundles/show.html", shown)


@router.get("/verification", response_class=Response)
def verification(request: Request, db: Db, world: str, version: str) -> Response:
    """Every hash recomputed now; a changed file is named."""
    page = _page(request, db, world, version, is_verifying=True)
    return render(request, "bundles/show.html", page, block="verification")


@router.post("/deprecate", response_class=Response)
def deprecate(
    request: Request, db: Db, who: Who, world: str, version: str, form: FormBody
) -> Response:
    """Marks a version as one that should not be used, with the reason."""
    reason = _reason(form)
    try:
        held = deprecations.deprecate(db, world, version, reason, who=who)
    except Invalid as error:
        return _refused(request, db, world, version, error, reason)
    notice = Notice(text=f"{version} is deprecated", tone=Tone.WARN)
    return done(request, held.url, notice=notice, data=held)


@router.post("/undeprecate", response_class=Response)
def undeprecate(
    request: Request, db: Db, who: Who, world: str, version: str, form: FormBody
) -> Response:
    """Takes the mark back, with the reason."""
    reason = _reason(form)
    try:
        held = deprecations.undeprecate(db, world, version, reason, who=who)
    except Invalid as error:
        return _refused(request, db, world, version, error, reason)
    notice = Notice(text=f"{version} is not deprecated any more")
    return done(request, held.url, notice=notice, data=held)


@router.get("/restore", response_class=Response)
def ask_to_restore(request: Request, db: Db, world: str, version: str) -> Response:
    """What would change in the draft, before anything does."""
    with db.read() as session:
        held = get_version(session, world, version)
        draft = load_world(session, world)
        shell = make_shell(
            request, session, f"Restore {version}", world=world, current="Bundles",
            breadcrumbs=_crumbs(held),
        )  # fmt: skip
    try:
        found = compared(draft, state_of(version, draft, (held,))).differences
        counts = tuple((label_of(count.part), count) for count in found.counts())
        page = RestorePage(shell=shell, version=held, counts=counts, problem="")
    except BundleError as error:
        page = RestorePage(shell=shell, version=held, counts=(), problem=str(error))
    return render(request, "bundles/restore.html", page)


@router.post("/restore", response_class=Response)
def restore(request: Request, db: Db, who: Who, world: str, version: str) -> Response:
    """Makes the version the draft; the notice can undo it."""
    try:
        restored = restoring.restore_version(db, world, version, who=who)
    except BundleError as error:
        raise Conflict(f"{version} cannot be restored: {error}") from error
    url = f"/worlds/{world}/bundles/{version}"
    if restored.event is None:
        notice = Notice(text=f"The draft is {version} already", tone=Tone.NEUTRAL)
    else:
        undo_url = f"{url}/restorations/{restored.event.id}/undo"
        notice = Notice(text=f"The draft is {version} again", undo_url=undo_url)
    return done(request, url, notice=notice, data=restored)


@router.post("/restorations/{event_id}/undo", response_class=Response)
def undo_restoration(
    request: Request, db: Db, who: Who, world: str, version: str, event_id: int
) -> Response:
    """Puts back the draft as it was before the version was restored."""
    restoring.undo_restoration(db, world, version, event_id, who=who)
    notice = Notice(text=f"Undone: the draft is as it was before {version} was restored")
    return done(request, f"/worlds/{world}/bundles/{version}", notice=notice)


def _reason(form: tuple[tuple[str, object], ...]) -> str:
    return next((str(value) for name, value in form if name == "reason"), "")


def _refused(
    request: Request, db: Db, world: str, version: str, error: Invalid, reason: str
) -> Response:
    errors = problems_by_path(error.problems)
    page = _page(request, db, world, version, errors=errors, reason=reason)
    return render(request, "bundles/show.html", page, status=422, focus="#field-reason")


def _crumbs(version: BundleVersion) -> tuple[Link, ...]:
    base = f"/worlds/{version.world}/bundles"
    return Link(label="Bundles", url=base), Link(label=version.version, url=version.url)


def _page(
    request: Request, db: Db, world: str, name: str, *, view: str = "overview", number: int = 1,
    is_verifying: bool = False, errors: dict[str, str] | None = None, reason: str = "",
) -> VersionPage:  # fmt: skip
    with db.read() as session:
        version = get_version(session, world, name)
        versions = list_versions(session, world)
        events = list_events(session, version.id)
        shell = make_shell(
            request, session, f"{world} {name}", world=world, current="Bundles",
            breadcrumbs=_crumbs(version)[:1],
        )  # fmt: skip
    manifest = manifest_of(version)
    files = sorted((manifest.files if manifest else {}).items())
    first = (max(1, number) - 1) * FILES_PER_PAGE
    previous = next((each for each in versions if each.id < version.id), None)
    changes, problem = _changes(previous, version) if view == "changes" else ((), "")
    return VersionPage(
        shell=shell,
        version=version,
        view=view if view in VIEWS else VIEWS[0],
        manifest=manifest,
        gates=gates_view(world, version.report),
        commands=command_lines(version),
        signature=signature_of(version, request.app.state.studio.settings.data_dir),
        verification=verify_version(version) if is_verifying else None,
        previous=None if previous is None else previous.version,
        changes=changes,
        changes_problem=problem,
        events=events,
        undone=max((e.id for e in events if e.kind is EventKind.RESTORE_UNDONE), default=0),
        notes_html=rendered(version.notes),
        errors=errors or {},
        reason=reason,
        files=tuple(FileView(path=p, sha256=h) for p, h in files[first : first + FILES_PER_PAGE]),
        num_files=len(files),
        page=max(1, number),
        first_file=first + 1,
    )


def _changes(
    previous: BundleVersion | None, version: BundleVersion
) -> tuple[tuple[tuple[str, PartCount], ...], str]:
    """What is new in a version, or why that cannot be said."""
    if previous is None:
        return (), ""
    try:
        before = published_world(previous.path, previous.digest)
        after = published_world(version.path, version.digest)
    except BundleError as error:
        return (), str(error)
    counts = compared(before, after).differences.counts()
    return tuple((label_of(count.part), count) for count in counts), ""
