"""`/worlds/<world>/bundles`: the published versions of a world, publishing the next one, and what
a version holds. Versions are immutable: there is no route that changes one."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from exporter.differences import PartCount
from exporter.errors import BundleError
from exporter.manifest import Counts, Manifest
from studio import htmx
from studio.deps import Db, FormBody, Parts, Who
from studio.errors import NotFound
from studio.forms import nest, problems_by_path
from studio.htmx import Answer, Notice
from studio.pages import done, render
from studio.repository.bundles import BundleVersion, get_version, list_versions
from studio.services import publishing
from studio.services.bundle_views import (
    FileView,
    GatesView,
    VerificationView,
    check_view,
    command_lines,
    counts_of,
    gates_view,
    manifest_of,
    verify_version,
)
from studio.services.comparison_views import label_of
from studio.services.publishing import Publication, Refused, Wanted
from studio.services.versions import NextVersion, changes_between
from studio.shell import Link, Shell, make_shell
from world_builder.validation import Problem

router = APIRouter(prefix="/worlds/{world}/bundles", tags=["bundles"])

PATIENCE_S = 0.9
"""How long a request waits for gates and publications before it answers with their progress."""
FEW_TASKS = 300
"""The gates of larger worlds take longer than that, so nobody waits for them."""
FILES_PER_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One line of the list."""

    version: BundleVersion
    gates: GatesView
    counts: Counts | None
    """None when its manifest cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundlesPage:
    shell: Shell
    world: str
    rows: tuple[VersionRow, ...]
    wanted: Wanted
    errors: dict[str, str]
    next: NextVersion
    counts: tuple[tuple[str, PartCount], ...]
    """What differs from the last version, by part with its label."""
    gates: GatesView
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationPage:
    shell: Shell
    world: str
    version: str
    gates: GatesView
    problem: str
    """Why it came to nothing; empty while it is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    shell: Shell
    version: BundleVersion
    view: str
    """`overview`, `changes`, `files` or `manifest`."""
    manifest: Manifest | None
    """None when it cannot be read."""
    gates: GatesView
    commands: tuple[tuple[str, str], ...]
    verification: VerificationView | None
    """None until it was asked for."""
    previous: str | None
    changes: tuple[tuple[str, PartCount], ...]
    """By part, with its label."""
    changes_problem: str
    files: tuple[FileView, ...]
    num_files: int
    page: int
    first_file: int
    """The number of the first file shown, from 1."""


@router.get("", response_class=Response)
def index(request: Request, db: Db, world: str) -> Response:
    """The published versions, and the form to publish the next one."""
    return _index(request, db, world)


@router.get("/gates", response_class=Response)
def gates(request: Request, db: Db, world: str) -> Response:
    """How far the gates of the draft are, or what they say."""
    return _index(request, db, world, block="gates")


@router.post("", response_class=Response)
def publish(
    request: Request, db: Db, studio: Parts, who: Who, world: str, form: FormBody
) -> Response:
    """Publishes the draft as a new version."""
    given = {name: str(value).strip() for name, value in nest(form).items()}
    wanted = Wanted(
        version=given.get("version", ""),
        notes=given.get("notes", ""),
        override_reason=given.get("override_reason", ""),
    )
    with db.read() as session:
        draft = publishing.open_draft(db, session, world)
    draft.check.wait(PATIENCE_S)
    problems = publishing.problems_of(wanted, draft)
    if problems:
        return _index(request, db, world, wanted=wanted, problems=problems)
    started = publishing.publish(db, studio.settings.bundles, draft, wanted, who=who)
    return _progress(request, db, world, started, PATIENCE_S)


@router.get("/publication", response_class=Response)
def publication(request: Request, db: Db, world: str) -> Response:
    """The newest publication: its progress, or the version it became."""
    found = publishing.publication_of(db, world)
    if found is None:
        raise NotFound("Nothing is being published.")
    return _progress(request, db, world, found, 0.0)


@router.get("/{version}", response_class=Response)
def show(
    request: Request, db: Db, world: str, version: str, view: str = "overview", page: int = 1
) -> Response:
    """One version: what it holds, its gates, its files, what is new in it."""
    return render(
        request, "bundles/show.html", _version_page(request, db, world, version, view, page)
    )


@router.get("/{version}/verification", response_class=Response)
def verification(request: Request, db: Db, world: str, version: str) -> Response:
    """Every hash recomputed now; a changed file is named."""
    page = _version_page(request, db, world, version, "overview", 1, is_verifying=True)
    return render(request, "bundles/show.html", page, block="verification")


def _index(
    request: Request,
    db: Db,
    world: str,
    *,
    wanted: Wanted | None = None,
    problems: tuple[Problem, ...] = (),
    block: str = "content",
) -> Response:
    with db.read() as session:
        draft = publishing.open_draft(db, session, world)
        versions = list_versions(session, world)
        shell = make_shell(request, session, "Bundles", world=world, current="Bundles")
    page = BundlesPage(
        shell=shell,
        world=world,
        rows=tuple(_row(world, each) for each in versions),
        wanted=wanted or Wanted(version=draft.next.version),
        errors=problems_by_path(problems),
        next=draft.next,
        counts=_labelled(draft.next.counts),
        gates=check_view(
            world, draft.check, PATIENCE_S if draft.check.num_tasks <= FEW_TASKS else 0.0
        ),
        left_out=draft.left_out,
    )
    status = 422 if problems else 200
    focus = f"#field-{problems[0].path}" if problems else None
    return render(request, "bundles/index.html", page, block=block, status=status, focus=focus)


def _row(world: str, version: BundleVersion) -> VersionRow:
    report = gates_view(world, version.report)
    return VersionRow(version=version, gates=report, counts=counts_of(version))


def _progress(
    request: Request, db: Db, world: str, found: Publication, patience_s: float
) -> Response:
    problem = ""
    try:
        published = found.wait(patience_s)
    except Refused as error:
        if htmx.answer_for(request) is Answer.JSON:
            raise
        published, problem = None, str(error)
    if published is not None:
        notice = Notice(text=f"Published {published.version}")
        return done(request, published.url, notice=notice, data=published)
    url = f"/worlds/{world}/bundles"
    if request.method == "POST" and htmx.answer_for(request) is not Answer.JSON:
        return htmx.redirect(request, f"{url}/publication")
    with db.read() as session:
        page = PublicationPage(
            shell=make_shell(
                request, session, f"Publishing {found.wanted.version}", world=world,
                current="Bundles", breadcrumbs=(Link(label="Bundles", url=url),),
            ),
            world=world,
            version=found.wanted.version,
            gates=check_view(world, found.check),
            problem=problem,
        )  # fmt: skip
    return render(request, "bundles/publication.html", page, status=202 if not problem else 200)


def _version_page(
    request: Request,
    db: Db,
    world: str,
    name: str,
    view: str,
    number: int,
    *,
    is_verifying: bool = False,
) -> VersionPage:
    url = f"/worlds/{world}/bundles"
    with db.read() as session:
        version = get_version(session, world, name)
        versions = list_versions(session, world)
        shell = make_shell(
            request, session, f"{world} {name}", world=world, current="Bundles",
            breadcrumbs=(Link(label="Bundles", url=url),),
        )  # fmt: skip
    manifest = manifest_of(version)
    files = sorted((manifest.files if manifest else {}).items())
    first = (max(1, number) - 1) * FILES_PER_PAGE
    previous = next((each for each in versions if each.id < version.id), None)
    changes, problem = _changes(previous, version) if view == "changes" else ((), "")
    return VersionPage(
        shell=shell,
        version=version,
        view=view if view in {"changes", "files", "manifest"} else "overview",
        manifest=manifest,
        gates=gates_view(world, version.report),
        commands=command_lines(version),
        verification=verify_version(version) if is_verifying else None,
        previous=None if previous is None else previous.version,
        changes=changes,
        changes_problem=problem,
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
        return _labelled(changes_between(previous, version).counts()), ""
    except BundleError as error:
        return (), str(error)


def _labelled(counts: tuple[PartCount, ...]) -> tuple[tuple[str, PartCount], ...]:
    return tuple((label_of(count.part), count) for count in counts)
