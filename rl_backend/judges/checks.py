"""The judge that costs nothing: decides the criteria that carry a check.

A criterion without one is left open with the reason; `composite` hands those to another judge.
"""

from collections.abc import AsyncGenerator, Sequence

from rl_backend.judges.base import JudgeUsage, cannot_assess
from world_builder.checking import CheckContext, check_criterion
from world_builder.rubrics import Criterion, Verdict


class ChecksJudge:
    """Deterministic checks alone."""

    id = "check"
    usage = JudgeUsage()

    async def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        for criterion in criteria:
            verdict = check_criterion(criterion, context)
            yield verdict or cannot_assess(
                criterion, "it has no check, and no other judge was asked", self.id
            )

    async def close(self) -> None:
        """Nothing to release."""
