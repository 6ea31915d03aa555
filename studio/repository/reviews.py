"""What reviewers said of pairs of trajectories: find, list, save. Nothing here decides anything."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from studio.tables import ReviewNoteRow, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNote:
    """One reviewer's word on one pair."""

    comparison: str
    """The two evaluations, as `services.review` names them."""
    task: str
    rollout: int
    """Which pair of the task, from 0."""
    who: str
    preference: str = ""
    """`baseline`, `trained` or `tie`, given blind; empty without a vote."""
    tags: tuple[str, ...] = ()
    text: str = ""
    at: datetime | None = None
    """When it was saved; None when it never was."""


def find_note(session: Session, note: ReviewNote) -> ReviewNote:
    """What is saved for that pair and reviewer; the given note when nothing is."""
    row = _row(session, note)
    return note if row is None else _note(row)


def list_notes(session: Session, comparison: str) -> tuple[ReviewNote, ...]:
    """All notes on a comparison, by everybody, in the order they were first made."""
    rows = session.exec(
        select(ReviewNoteRow)
        .where(ReviewNoteRow.comparison == comparison)
        .order_by(col(ReviewNoteRow.id))
    )
    return tuple(_note(row) for row in rows)


def save_note(session: Session, note: ReviewNote) -> None:
    """Keeps the note in the place of that reviewer's earlier one on the pair."""
    row = _row(session, note) or ReviewNoteRow(
        comparison=note.comparison, task=note.task, rollout=note.rollout, who=note.who
    )
    row.preference, row.tags, row.text = note.preference, list(note.tags), note.text
    row.at = utc_now()
    session.add(row)


def _row(session: Session, note: ReviewNote) -> ReviewNoteRow | None:
    return session.exec(
        select(ReviewNoteRow).where(
            ReviewNoteRow.comparison == note.comparison,
            ReviewNoteRow.task == note.task,
            ReviewNoteRow.rollout == note.rollout,
            ReviewNoteRow.who == note.who,
        )
    ).first()


def _note(row: ReviewNoteRow) -> ReviewNote:
    return ReviewNote(
        comparison=row.comparison,
        task=row.task,
        rollout=row.rollout,
        who=row.who,
        preference=row.preference,
        tags=tuple(row.tags),
        text=row.text,
        at=row.at.replace(tzinfo=UTC),
    )
