"""A judge without a model: a rule gives its verdicts.

The demo, the docs and the tests use the same one. By default it compares words: met when most of
the criterion's telling words occur in the response, so that pages have something honest to show.
"""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TypeAlias

from rl_backend.judges.base import JudgeUsage
from world_builder.checking import CheckContext
from world_builder.rubrics import Criterion, Verdict, VerdictValue

Rule: TypeAlias = Callable[[CheckContext, Criterion], tuple[VerdictValue, str]]
"""Value and reason for one criterion."""

_MOST = 0.6


class ScriptedJudge:
    """Verdicts by a rule."""

    usage = JudgeUsage()

    def __init__(self, rule: Rule | None = None, *, name: str = "words") -> None:
        """`name` tells rules apart in the judge's id."""
        self._rule = rule or by_words
        self.id = f"scripted:{name}"

    async def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        for criterion in criteria:
            value, reason = self._rule(context, criterion)
            yield Verdict(criterion_id=criterion.id, value=value, reason=reason, judge=self.id)

    async def close(self) -> None:
        """Nothing to release."""


def by_words(context: CheckContext, criterion: Criterion) -> tuple[VerdictValue, str]:
    """Met when at least 60 % of the criterion's words of four letters or more are said."""
    wanted = {w for w in re.findall(r"\w+", criterion.text.casefold()) if len(w) > 3}
    said = wanted & set(re.findall(r"\w+", context.trajectory.response.casefold()))
    share = len(said) / len(wanted) if wanted else 0.0
    value = VerdictValue.MET if share >= _MOST else VerdictValue.UNMET
    return value, f"the response has {len(said)} of the criterion's {len(wanted)} words"
