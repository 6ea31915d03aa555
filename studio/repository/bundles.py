"""Published bundle versions: list, look up, add. They are never changed and never removed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from exporter.manifest import GateReport
from studio.errors import NotFound
from studio.repository.worlds import world_id
from studio.tables import BundleVersionRow, WorldRow


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

    @property
    def url(self) -> str:
        return f"/worlds/{self.world}/bundles/{self.version}"


def list_versions(session: Session, world: str) -> tuple[BundleVersion, ...]:
    """The published versions of a world, newest first. Raises NotFound."""
    rows = session.exec(
        select(BundleVersionRow)
        .where(BundleVersionRow.world_id == world_id(session, world))
        .order_by(col(BundleVersionRow.id).desc())
    )
    return tuple(_version(row, world) for row in rows)


def all_versions(session: Session) -> tuple[BundleVersion, ...]:
    """The published versions of every world, newest first."""
    rows = session.exec(
        select(BundleVersionRow, WorldRow.name)
        .where(BundleVersionRow.world_id == WorldRow.id)
        .order_by(col(BundleVersionRow.id).desc())
    )
    return tuple(_version(row, name) for row, name in rows)


def get_version(session: Session, world: str, version: str) -> BundleVersion:
    """The version of a world. Raises NotFound."""
    row = session.exec(
        select(BundleVersionRow).where(
            BundleVersionRow.world_id == world_id(session, world), BundleVersionRow.name == version
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no published version {version!r} of {world!r}.")
    return _version(row, world)


def add_version(
    session: Session, world: str, version: str, *, digest: str, path: str, num_tasks: int,
    report: GateReport, notes: str, who: str,
) -> BundleVersion:  # fmt: skip
    """Records a version that was written. Raises NotFound; on commit Conflict when it is taken."""
    row = BundleVersionRow(
        world_id=world_id(session, world), name=version, digest=digest, path=path,
        num_tasks=num_tasks, report=report.model_dump(mode="json"), notes=notes, who=who,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _version(row, world)


def _version(row: BundleVersionRow, world: str) -> BundleVersion:
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
    )
