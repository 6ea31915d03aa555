"""Publishing a draft: check what was asked, run the gates, write the bundle, record the version.

A publication goes on beside the requests; its page shows how far it is. What was published never
changes: there is no function for it.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sqlmodel import Session

from exporter.bundle import Bundle
from exporter.errors import ExporterError
from exporter.manifest import Gate, GateReport, ParentVersion, Release
from exporter.releases import clean, is_smaller
from exporter.versioning import Bump, bump_between
from exporter.writer import write_bundle
from studio.database import Database
from studio.errors import Conflict, StudioError
from studio.history import newest_id
from studio.repository import STORES
from studio.repository.bundles import BundleVersion, Lineage, add_version, list_versions
from studio.repository.loading import load_world
from studio.repository.worlds import world_id
from studio.services.gate_checks import GateCheck, check_of
from studio.services.published import keep_published
from studio.services.versions import (
    NextVersion,
    is_version,
    next_version,
    precedence,
)
from world_builder.validation import Problem
from world_builder.wording import words
from world_builder.world import World

MAX_NOTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the publish form asks for."""

    version: str
    notes: str = ""
    override_reason: str = ""
    bump_reason: str = ""
    """Why it goes up by less than the changes call for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The state of a world that would be published now."""

    world: World
    last: BundleVersion | None
    """None before the first publication."""
    next: NextVersion
    check: GateCheck
    left_out: Mapping[str, int]
    """How many things of each kind are drafts that a bundle cannot hold."""
    newest_revision: int = 0
    """The world's newest change; 0 before the first."""

    def is_smaller(self, version: str) -> bool:
        """True when a version goes up by less than the changes since the last one call for."""
        if self.last is None or not self.next.bump or not is_version(version):
            return False
        return is_smaller(self.last.version, version, Bump[self.next.bump.upper()])


def open_draft(db: Database, session: Session, name: str) -> Draft:
    """What would be published; its gates are being run. Raises NotFound."""
    world = load_world(session, name)
    versions = list_versions(session, name)
    last = max(versions, key=lambda v: precedence(v.version), default=None)
    key = world_id(session, name)
    counts = {kind.value: store.counts(session, key, "is_valid") for kind, store in STORES.items()}
    return Draft(
        world=world,
        last=last,
        next=next_version(last, world),
        check=check_of(str(db.engine.url), world),
        left_out={kind: n["False"] for kind, n in counts.items() if n.get("False")},
        newest_revision=newest_id(session, key),
    )


def problems_of(wanted: Wanted, draft: Draft) -> tuple[Problem, ...]:
    """Everything that keeps the draft from being published as wanted."""
    return (*_version_problems(wanted, draft), *_gate_problems(wanted, draft.check.result))


def _version_problems(wanted: Wanted, draft: Draft) -> tuple[Problem, ...]:
    version, last = wanted.version, draft.last
    if not is_version(version):
        message = f"{version!r} is no semantic version" if version else "a version is needed"
        return (Problem(path="version", message=message, hint="Write one like 1.0.0."),)
    if last is not None and precedence(version) <= precedence(last.version):
        hint = f"Choose a later one, such as {draft.next.version}."
        message = f"{last.version} was published already"
        return (Problem(path="version", message=message, hint=hint),)
    if draft.next.is_unchanged:
        message = f"nothing has changed since {draft.next.since}"
        return (Problem(path="version", message=message, hint="Edit the world first."),)
    if len(wanted.notes) > MAX_NOTES:
        message = f"at most {MAX_NOTES:,} characters"
        return (Problem(path="notes", message=message, hint="Shorten the notes."),)
    if draft.is_smaller(version) and not wanted.bump_reason:
        message = f"the changes are {draft.next.bump}, and {version} goes up by less"
        hint = f"Say why, or publish {draft.next.version}."
        return (Problem(path="bump_reason", message=message, hint=hint),)
    return ()


def _gate_problems(wanted: Wanted, report: GateReport | None) -> tuple[Problem, ...]:
    if report is not None and report.must_mend():
        hint = "Mend what they name: no reason overrides errors of the world itself."
        message = f"not met: {_names(report.must_mend())}"
        return (Problem(path="override_reason", message=message, hint=hint),)
    if report is None or report.is_met or wanted.override_reason:
        return ()
    hint = "Mend what they name, or write why this version is published all the same."
    message = f"not met: {_names(report.shut())}"
    return (Problem(path="override_reason", message=message, hint=hint),)


def _names(gates: Sequence[Gate]) -> str:
    return ", ".join(words(gate.name) for gate in gates)


class Publication:
    """One publication on its way, or how it ended."""

    def __init__(self, db: Database, bundles: Path, draft: Draft, wanted: Wanted, who: str) -> None:
        self.world, self.wanted, self.check = draft.world, wanted, draft.check
        self._draft = draft
        self._db, self._bundles, self._who = db, bundles, who
        self._future: Future[BundleVersion] = _pool.submit(self._run)

    @property
    def is_over(self) -> bool:
        return self._future.done()

    def wait(self, timeout_s: float) -> BundleVersion | None:
        """The published version; None when it is not there within the time.

        Raises Refused with what went wrong.
        """
        try:
            return self._future.result(timeout_s)
        except NotYet:
            return None
        except (ExporterError, StudioError, OSError) as error:
            raise Refused(str(error)) from error

    def _run(self) -> BundleVersion:
        report = self.check.wait()
        if report is None:
            raise Conflict("The world was changed while its gates ran; publish again.")
        path = write_bundle(
            self.world, self.wanted.version, self._bundles, gates=report,
            override_reason="" if report.is_met else self.wanted.override_reason,
            release=_release(self._draft, self.wanted),
        )  # fmt: skip
        manifest = Bundle.open(path).manifest
        keep_published(str(path.resolve()), manifest.digest, self.world)
        with self._db.write() as session:
            return add_version(
                session, self.world.name, self.wanted.version, digest=manifest.digest,
                path=str(path.resolve()), num_tasks=manifest.counts.tasks, report=manifest.gates,
                notes=clean(self.wanted.notes), who=self._who,
                lineage=_lineage(self._draft, self.wanted),
            )  # fmt: skip


def _release(draft: Draft, wanted: Wanted) -> Release:
    """What the manifest says of the version."""
    last = draft.last
    return Release(
        notes=clean(wanted.notes),
        parent=None if last is None else ParentVersion(version=last.version, digest=last.digest),
        bump_reason=clean(wanted.bump_reason) if draft.is_smaller(wanted.version) else "",
    )


def _lineage(draft: Draft, wanted: Wanted) -> Lineage:
    """What the studio knows of the version beyond its manifest."""
    last, newest = draft.last, draft.newest_revision or None
    since = 0 if last is None else last.lineage.last_revision or 0
    bump = "" if last is None else bump_between(last.version, wanted.version).label
    return Lineage(
        parent="" if last is None else last.version,
        parent_digest="" if last is None else last.digest,
        bump=bump,
        bump_reason=_release(draft, wanted).bump_reason,
        first_revision=since + 1 if newest is not None and newest > since else None,
        last_revision=newest,
    )


class Refused(StudioError):
    """A publication that came to nothing; nothing was recorded."""

    status = 409
    title = "Not published"


_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="publish")
_publications: dict[tuple[str, str], Publication] = {}
_lock = Lock()


def publish(db: Database, bundles: Path, draft: Draft, wanted: Wanted, *, who: str) -> Publication:
    """Starts a publication. Raises Conflict while another one of the same world is under way."""
    key = (str(db.engine.url), draft.world.name)
    with _lock:
        known = _publications.get(key)
        if known is not None and not known.is_over:
            raise Conflict(f"Version {known.wanted.version} is being published; wait for it.")
        _publications[key] = Publication(db, bundles, draft, wanted, who)
        return _publications[key]


def publication_of(db: Database, world: str) -> Publication | None:
    """The newest publication since the studio started; None when there was none."""
    return _publications.get((str(db.engine.url), world))
