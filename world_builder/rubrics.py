"""Rubrics, verdicts and what follows from them: reward and pass.

A rubric belongs to a task. Checks and judges give verdicts; this module turns verdicts into a
judgement by pure arithmetic and asks no one.
"""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field as Declared

from world_builder.checks import Check
from world_builder.frozen import Frozen
from world_builder.ids import SLUG_PATTERN


class CriterionCategory(StrEnum):
    """The four kinds of demand. Source: paper section 3.4."""

    COMPLETENESS = "completeness"
    CORRECTNESS = "correctness"
    CONSTRAINT = "constraint"
    FORMAT = "format"


class CriterionKind(StrEnum):
    PRIMARY = "primary"
    EXTRA_CREDIT = "extra_credit"
    DODGED_BULLET = "dodged_bullet"
    """Met when a mistake was avoided."""


class Scope(StrEnum):
    """What a judge looks at."""

    RESPONSE = "response"
    TRAJECTORY = "trajectory"
    STATE = "state"


class Examples(Frozen):
    """Answers that must meet the criterion and answers that must not (the flip test)."""

    met: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()


class Criterion(Frozen):
    """One atomic, verifiable assertion about an answer."""

    id: str = Declared(pattern=SLUG_PATTERN)
    text: str = Declared(min_length=1)
    category: CriterionCategory
    kind: CriterionKind = CriterionKind.PRIMARY
    is_critical: bool = False
    scope: Scope = Scope.RESPONSE
    check: Check | None = None
    """Decides the criterion for nothing; None leaves it to a judge."""
    examples: Examples = Examples()


class Rubric(Frozen):
    """The criteria of a task and how they weigh."""

    criteria: tuple[Criterion, ...]
    extra_credit_weight: float = Declared(default=0.0, ge=0)
    """alpha: reward added when all extra credit is met."""
    dodged_bullet_weight: float = Declared(default=0.0, ge=0)
    """beta: reward lost when no bullet was dodged."""

    def of_kind(self, kind: CriterionKind) -> tuple[Criterion, ...]:
        return tuple(c for c in self.criteria if c.kind is kind)


class VerdictValue(StrEnum):
    MET = "met"
    UNMET = "unmet"
    CANNOT_ASSESS = "cannot_assess"


class Verdict(Frozen):
    """One criterion, decided by one judge."""

    criterion_id: str
    value: VerdictValue
    reason: str
    evidence: tuple[str, ...] = ()
    """Passages quoted verbatim from what was judged."""
    judge: str = "check"
    """`check`, or the judge's id."""


class Judgement(Frozen):
    """All verdicts of a rubric, scored, or unscored with the reason. Unscored is never 0."""

    verdicts: tuple[Verdict, ...]
    reward: float | None
    """In [0, 1]; None when unscored."""
    is_pass: bool | None
    """None when unscored."""
    unscored_reason: str = ""


def judgement(rubric: Rubric, verdicts: Iterable[Verdict]) -> Judgement:
    """The judgement that the verdicts of a rubric amount to.

    Unscored when a criterion has no verdict or one that cannot be assessed.
    """
    given = tuple(verdicts)
    values = {v.criterion_id: v.value for v in given}
    open_ids = [
        c.id for c in rubric.criteria if values.get(c.id) in (None, VerdictValue.CANNOT_ASSESS)
    ]
    if open_ids or not rubric.of_kind(CriterionKind.PRIMARY):
        why = f"not assessed: {', '.join(open_ids)}" if open_ids else "no primary criterion"
        return Judgement(verdicts=given, reward=None, is_pass=None, unscored_reason=why)
    met = {criterion_id for criterion_id, value in values.items() if value is VerdictValue.MET}
    return Judgement(verdicts=given, reward=reward(rubric, met), is_pass=is_pass(rubric, met))


def reward(rubric: Rubric, met: set[str]) -> float:
    """mean(primary) + alpha * mean(extra credit) - beta * mean(1 - dodged), clipped to [0, 1].

    With alpha = beta = 0 this is equation 1. Source: paper section 4.4.
    """
    base = _share(rubric.of_kind(CriterionKind.PRIMARY), met)
    extra = _share(rubric.of_kind(CriterionKind.EXTRA_CREDIT), met)
    bullets = rubric.of_kind(CriterionKind.DODGED_BULLET)
    hit = 1.0 - _share(bullets, met) if bullets else 0.0
    total = base + rubric.extra_credit_weight * extra - rubric.dodged_bullet_weight * hit
    return min(1.0, max(0.0, total))


def is_pass(rubric: Rubric, met: set[str]) -> bool:
    """True when every primary criterion is met and no bullet was hit. Source: paper section 3.4."""
    demanded = rubric.of_kind(CriterionKind.PRIMARY) + rubric.of_kind(CriterionKind.DODGED_BULLET)
    return all(criterion.id in met for criterion in demanded)


def _share(criteria: tuple[Criterion, ...], met: set[str]) -> float:
    return sum(c.id in met for c in criteria) / len(criteria) if criteria else 0.0
