"""Published bundle versions: list, look up, add. They are never changed and never removed.

What happens to a version later (deprecated, restored) is an event of its own: `bundle_events`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from exporter.manifest import GateReport
from studio.errors import NotFound
from studio.repository.bundle_events import Deprecation, deprecations
from studio.repository.worlds import world_id
from studio.tables import BundleVersionRow, WorldRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a version comes from."""

    parent: str = ""
    """The version it follows; empty for a first one."""
    parent_digest: str = ""
    bump: str = ""
    """`major`, `minor` or `patch`; empty for a first version."""
    bump_reason: str = ""
    """Why it went up by less than its changes call for; empty when it did not."""
    first_revision: int | None = None
    """The first change of the world that is new in it; None when none was recorded."""
    last_revision: int | None = None
    """The world's newest change when it was published; None when there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleVersion:
    """One published version of a world."""

    id: int
    world: str
    """Its name."""
    version: str
    digest: str
    path: str
    """The folder that holds it."""
    num_tasks: int
    report: GateReport
    notes: str
    who: str
    at: datetime
    lineage: Lineage = Lineage()
    deprecation: Deprecation | None = None
    """None while it may be used without second thoughts."""

    @property
    def url(self) -> str:
        return f"/worlds/{self.world}/bundles/{self.version}"

    @property
    def label(self) -> str:
        """How it is named where versions are chosen."""
        return f"{self.version} (deprecated)" if self.deprecation else self.version


def list_versions(session: Session, world: str) -> tuple[BundleVersion, ...]:
    """The published versions of a world, newest first. Raises NotFound."""
    rows = session.exec(
        select(BundleVersionRow)
        .where(BundleVersionRow.world_id == world_id(session, world))
        .order_by(col(BundleVersionRow.id).desc())
    )
    return _versions(session, ((row, world) for row in rows))


def all_versions(session: Session) -> tuple[BundleVersion, ...]:
    """The published versions of every world, newest first."""
    rows = session.exec(
        select(BundleVersionRow, WorldRow.name)
        .where(BundleVersionRow.world_id == WorldRow.id)
        .order_by(col(BundleVersionRow.id).desc())
    )
    return _versions(session, rows)


def get_version(session: Session, world: str, version: str) -> BundleVersion:
    """The version of a world. Raises NotFound."""
    row = session.exec(
        select(BundleVersionRow).where(
            BundleVersionRow.world_id == world_id(session, world), BundleVersionRow.name == version
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no published version {version!r} of {world!r}.")
    return _versions(session, [(row, world)])[0]


def add_version(
    session: Session, world: str, version: str, *, digest: str, path: str, num_tasks: int,
    report: GateReport, notes: str, who: str, lineage: Lineage = Lineage(),
) -> BundleVersion:  # fmt: skip
    """Records a version that was written. Raises NotFound; on commit Conflict when it is taken."""
    row = BundleVersionRow(
        world_id=world_id(session, world), name=version, digest=digest, path=path,
        num_tasks=num_tasks, report=report.model_dump(mode="json"), notes=notes, who=who,
        parent=lineage.parent, parent_digest=lineage.parent_digest, bump=lineage.bump,
        bump_reason=lineage.bump_reason, first_revision=lineage.first_revision,
        last_revision=lineage.last_revision,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _version(row, world, None)


def _versions(
    session: Session, rows: Iterable[tuple[BundleVersionRow, str]]
) -> tuple[BundleVersion, ...]:
    found = list(rows)
    deprecated = deprecations(session, [int(row.id or 0) for row, _ in found])
    return tuple(_version(row, world, deprecated.get(int(row.id or 0))) for row, world in found)


def _version(row: BundleVersionRow, world: str, deprecation: Deprecation | None) -> BundleVersion:
    return BundleVersion(
        id=int(row.id or 0),
        world=world,
        version=row.name,
        digest=row.digest,
        path=row.path,
        num_tasks=row.num_tasks,
        report=GateReport.model_validate(row.report),
        notes=row.notes,
        who=row.who,
        at=row.at.replace(tzinfo=UTC),
        lineage=Lineage(
            parent=row.parent,
            parent_digest=row.parent_digest,
            bump=row.bump,
            bump_reason=row.bump_reason,
            first_revision=row.first_revision,
            last_revision=row.last_revision,
        ),
        deprecation=deprecation,
    )
