"""Audits of a whole world: are its tasks solvable, hard to fool, well scored and worded apart?

Validation says whether a world can run; an audit runs every task in it. Used by the command
`corecraft world audit`; checks alone decide, no judge is asked.
"""

from collections.abc import Callable, Iterable, Iterator

from world_builder.audit.report import AuditFailure, AuditReport
from world_builder.audit.rubrics import audit_mutation
from world_builder.audit.similarity import audit_similarity
from world_builder.audit.solutions import (
    OnTask,
    audit_empty,
    audit_other_variation,
    audit_references,
    audit_restated,
)
from world_builder.errors import UnknownName
from world_builder.workbench import Workbench
from world_builder.world import World

_AUDITS: dict[str, Callable[[Workbench, OnTask, int], AuditReport]] = {
    "references": lambda bench, on_task, seed: audit_references(bench, on_task),
    "empty": lambda bench, on_task, seed: audit_empty(bench, on_task),
    "restated": lambda bench, on_task, seed: audit_restated(bench, on_task),
    "other_variation": audit_other_variation,
    "mutation": audit_mutation,
    "similarity": lambda bench, on_task, seed: audit_similarity(bench, on_task),
}

AUDIT_NAMES: tuple[str, ...] = tuple(_AUDITS)
"""All audits, in the order they run."""


def run_audits(
    world: World,
    names: Iterable[str] = AUDIT_NAMES,
    *,
    seed: int = 0,
    on_task: OnTask = lambda: None,
) -> Iterator[AuditReport]:
    """The report of each audit as it is done; the world must be valid.

    `on_task` is called once a task and audit. Raises UnknownName for a strange audit.
    """
    chosen = list(names)
    for name in chosen:
        if name not in _AUDITS:
            raise UnknownName(f"no audit {name!r}; there are: {', '.join(AUDIT_NAMES)}")
    bench = Workbench(world)
    for name in chosen:
        yield _AUDITS[name](bench, on_task, seed)


__all__ = ["AUDIT_NAMES", "AuditFailure", "AuditReport", "run_audits"]
