"""`/worlds/import`: a bundle from elsewhere is sent, verified, looked at, and becomes a world."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

from exporter.bundle import Bundle
from exporter.manifest import Manifest
from exporter.signing import SignatureView
from studio import htmx
from studio.deps import Db, FormBody, Parts, Studio, Who
from studio.errors import Conflict, Invalid
from studio.forms import nest, problems_by_path
from studio.htmx import Answer, Notice
from studio.pages import done, render
from studio.routes.uploads import MOST_BYTES, UploadBody
from studio.services import importing
from studio.services.bundle_views import GatesView, gates_view
from studio.services.importing import NotABundle
from studio.services.policies import rendered
from studio.services.signatures import signature_at
from studio.shell import Link, Shell, make_shell

router = APIRouter(prefix="/worlds/import", tags=["worlds"])

CRUMBS = (Link(label="Worlds", url="/worlds"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPage:
    shell: Shell
    problem: str
    """Why what was sent was not taken; empty at first."""
    most_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    shell: Shell
    manifest: Manifest
    notes_html: str
    gates: GatesView
    signature: SignatureView
    has_solutions: bool
    name: str
    with_solutions: bool
    errors: dict[str, str]


@router.get("", response_class=Response)
def ask(request: Request, db: Db) -> Response:
    """The form that takes a bundle."""
    return _ask(request, db, "")


@router.post("", response_class=Response)
def send(request: Request, db: Db, studio: Parts, upload: UploadBody) -> Response:
    """Verifies a bundle and keeps it aside; nothing is imported yet."""
    try:
        bundle = importing.keep_aside(_folder(studio), upload.path, upload.signature)
    except NotABundle as error:
        if htmx.answer_for(request) is Answer.JSON:
            raise
        return _ask(request, db, str(error))
    notice = Notice(text=f"Verified: {bundle.name} {bundle.version}")
    url = f"/worlds/import/{bundle.digest}"
    return done(request, url, notice=notice, data=bundle.manifest, status=201)


@router.get("/{digest}", response_class=Response)
def look(request: Request, db: Db, studio: Parts, digest: str) -> Response:
    """What the bundle holds, and under which name it would be imported."""
    bundle = importing.waiting(_folder(studio), digest)
    return _look(request, db, bundle, bundle.name, bundle.has_solutions, {})


@router.post("/{digest}", response_class=Response)
def take(
    request: Request, db: Db, studio: Parts, who: Who, digest: str, form: FormBody
) -> Response:
    """Makes the bundle a world."""
    bundle = importing.waiting(_folder(studio), digest)
    given = {name: str(value).strip() for name, value in nest(form).items()}
    name = given.get("name") or bundle.name
    with_solutions = given.get("with_solutions", "true") == "true"
    try:
        imported = importing.import_bundle(
            db, studio.settings.bundles, bundle, name=name, with_solutions=with_solutions, who=who
        )
    except (Invalid, Conflict) as error:
        if htmx.answer_for(request) is Answer.JSON:
            raise
        problems = error.problems if isinstance(error, Invalid) else ()
        errors = problems_by_path(problems) or {"name": str(error)}
        return _look(request, db, bundle, name, with_solutions, errors)
    importing.forget(_folder(studio), digest)
    notice = Notice(text=f"Imported {bundle.name} {bundle.version} as {imported.world}")
    return done(request, imported.url, notice=notice, data=imported)


@router.post("/{digest}/delete", response_class=Response)
@router.delete("/{digest}", response_class=Response)
def drop(request: Request, studio: Parts, digest: str) -> Response:
    """Lets go of a bundle that was kept aside."""
    importing.forget(_folder(studio), digest)
    return done(request, "/worlds", notice=Notice(text="Not imported"))


def _folder(studio: Studio) -> Path:
    return studio.settings.data_dir / "imports"


def _ask(request: Request, db: Db, problem: str) -> Response:
    with db.read() as session:
        page = UploadPage(
            shell=make_shell(
                request, session, "Import a bundle", current="Worlds", breadcrumbs=CRUMBS
            ),
            problem=problem,
            most_mib=MOST_BYTES // 2**20,
        )
    return render(request, "worlds/import.html", page, status=422 if problem else 200)


def _look(
    request: Request, db: Db, bundle: Bundle, name: str, with_solutions: bool,
    errors: dict[str, str],
) -> Response:  # fmt: skip
    manifest = bundle.manifest
    title = f"Import {manifest.title} {bundle.version}"
    with db.read() as session:
        shell = make_shell(request, session, title, current="Worlds", breadcrumbs=CRUMBS)
    if not errors:
        errors = problems_by_path(importing.name_problems(db, name))
    page = ImportPage(
        shell=shell,
        manifest=manifest,
        notes_html=rendered(manifest.release.notes if manifest.release else ""),
        gates=gates_view("", manifest.gates),
        signature=signature_at(bundle.path, request.app.state.studio.settings.data_dir),
        has_solutions=bundle.has_solutions,
        name=name,
        with_solutions=with_solutions,
        errors=errors,
    )
    status = 422 if errors and request.method == "POST" else 200
    return render(request, "worlds/import_review.html", page, status=status)
