"""`/worlds/<world>/bundles`: the published versions of a world, and publishing the next one.

`bundle_versions` has the page of a version, `comparisons` any two of them side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from exporter.differences import PartCount
from exporter.manifest import Counts
from studio import htmx
from studio.deps import Db, FormBody, Parts, Who
from studio.errors import NotFound
from studio.forms import nest, problems_by_path
from studio.htmx import Answer, Notice
from studio.pages import done, render
from studio.repository.bundles import BundleVersion, list_versions
from studio.services import publishing
from studio.services.bundle_views import (
    GatesView,
    check_view,
    counts_of,
    gates_view,
)
from studio.services.comparison_views import label_of
from studio.services.publishing import Publication, Refused, Wanted
from studio.services.versions import NextVersion
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
    is_smaller: bool
    """Whether the version that stands in the form goes up by less than proposed."""
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationPage:
    shell: Shell
    world: str
    version: str
    gates: GatesView
    problem: str
    """Why it came to nothing; empty while it is under way."""


@router.get("", response_class=Response)
def index(request: Request, db: Db, world: str) -> Response:
    """The published versions, and the form to publish the next one."""
    return _index(request, db, world)


@router.get("/gates", response_class=Response)
def gates(request: Request, db: Db, world: str) -> Response:
    """How far the gates of the draft are, or what they say."""
    return _index(request, db, world, block="gates")


@router.get("/bump", response_class=Response)
def bump(request: Request, db: Db, world: str, version: str = "") -> Response:
    """What a version would mean: whether it goes up by less than the changes call for."""
    return _index(request, db, world, wanted=Wanted(version=version.strip()), block="bump")


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
        bump_reason=given.get("bump_reason", ""),
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
    wanted = wanted or Wanted(version=draft.next.version, notes=draft.next.notes)
    page = BundlesPage(
        shell=shell,
        world=world,
        rows=tuple(_row(world, each) for each in versions),
        wanted=wanted,
        is_smaller=draft.is_smaller(wanted.version),
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


def _labelled(counts: tuple[PartCount, ...]) -> tuple[tuple[str, PartCount], ...]:
    return tuple((label_of(count.part), count) for count in counts)
