"""What an audit says: a verdict on the world, and for each failure the task and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFailure:
    """One task that an audit found wanting."""

    task_id: str
    message: str
    hint: str
    """How to mend it."""

    def __str__(self) -> str:
        return f"{self.task_id}: {self.message} ({self.hint})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """One question asked of all tasks of a world."""

    name: str
    is_met: bool
    detail: str
    """The figures in one line."""
    failures: tuple[AuditFailure, ...] = ()
    """May be some although the audit is met, where a share of them is allowed."""
    observations: tuple[str, ...] = ()
    """What else was seen, a line each: surviving mutants, nearest prompts."""
