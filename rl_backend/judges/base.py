"""The contract of a judge: verdicts on criteria, as they come.

A judge sees the task, the trajectory and the world, never which policy acted. What it cannot
decide, for whatever reason, is `cannot_assess` with the reason: it never raises and never guesses.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from world_builder.checking import CheckContext
from world_builder.rubrics import Criterion, Verdict, VerdictValue


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeUsage:
    """What judging cost so far, failed calls included."""

    num_calls: int = 0
    """Answers received from a model."""
    num_failures: int = 0
    """Calls that gave no verdict: refusals, timeouts, unreadable answers, errors."""
    num_cached: int = 0
    """Votes taken from the cache."""
    input_tokens: int = 0
    """Prompt tokens at full price."""
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "JudgeUsage") -> "JudgeUsage":
        return JudgeUsage(
            num_calls=self.num_calls + other.num_calls,
            num_failures=self.num_failures + other.num_failures,
            num_cached=self.num_cached + other.num_cached,
            input_tokens=self.input_tokens + other.input_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


class Judge(Protocol):
    """Decides criteria."""

    @property
    def id(self) -> str:
        """Names judge and version; verdicts of different ids are not comparable."""

    @property
    def usage(self) -> JudgeUsage:
        """The total over the judge's life."""

    def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        """One verdict per criterion, each as soon as it is known, in any order."""

    async def close(self) -> None:
        """Release connections and files."""


class UnavailableJudge:
    """Stands where a judge is not configured: says of every criterion what is missing."""

    id = "unavailable"
    usage = JudgeUsage()

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        for criterion in criteria:
            yield cannot_assess(criterion, self.reason, self.id)

    async def close(self) -> None:
        """Nothing to release."""


def cannot_assess(criterion: Criterion, reason: str, judge: str) -> Verdict:
    """The verdict that leaves a criterion open, and so its judgement unscored."""
    return Verdict(
        criterion_id=criterion.id, value=VerdictValue.CANNOT_ASSESS, reason=reason, judge=judge
    )
