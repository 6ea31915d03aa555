"""Checks first, another judge for the rest.

What a check decides is never asked of a model; what a check could not run on is not passed on
either, since a broken check is for its author to mend.
"""

from collections.abc import AsyncGenerator, Sequence

from rl_backend.judges.base import Judge, JudgeUsage
from rl_backend.judges.checks import ChecksJudge
from world_builder.checking import CheckContext
from world_builder.rubrics import Criterion, Verdict


class CompositeJudge:
    """The judge that a bundle is scored with."""

    def __init__(self, rest: Judge) -> None:
        """`rest` decides the criteria without a check."""
        self._checks = ChecksJudge()
        self._rest = rest

    @property
    def id(self) -> str:
        return f"check+{self._rest.id}"

    @property
    def usage(self) -> JudgeUsage:
        return self._rest.usage

    async def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        async for verdict in self._checks.verdicts(
            context, [c for c in criteria if c.check is not None]
        ):
            yield verdict
        open_criteria = [c for c in criteria if c.check is None]
        if open_criteria:
            async for verdict in self._rest.verdicts(context, open_criteria):
                yield verdict

    async def close(self) -> None:
        await self._rest.close()
