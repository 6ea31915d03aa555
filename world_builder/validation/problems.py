"""One thing that is wrong: where, how bad, what, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from world_builder.operations import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a world."""

    path: str
    """Where, such as `tasks.late-order-3.rubric.criteria[1].check.pattern`."""
    message: str
    hint: str = ""
    """How to mend it; empty when the message says it."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" + (f" ({self.hint})" if self.hint else "")


def has_errors(problems: Iterable[Problem]) -> bool:
    """True when any problem is more than a warning."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def unknown(path: str, kind: str, name: object, known: Iterable[str]) -> Problem:
    """The problem of a name that is not declared, with the nearest names as a hint."""
    names = sorted(known)
    close = get_close_matches(str(name), names, n=1)
    listed = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {listed or 'none'}"
    return Problem(path=path, message=f"no {kind} {name!r}", hint=hint)


def duplicates(path: str, kind: str, names: Iterable[str]) -> list[Problem]:
    """One problem for each name that stands more than once."""
    seen: set[str] = set()
    found: list[Problem] = []
    for name in names:
        if name in seen:
            found.append(
                Problem(
                    path=f"{path}.{name}",
                    message=f"duplicate {kind} {name!r}",
                    hint="rename or remove one of them",
                )
            )
        seen.add(name)
    return found
