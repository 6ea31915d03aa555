"""How many times a criterion is asked, and what the votes amount to.

One vote is enough where the first is sound; where it failed on its evidence, abstained, or much
hangs on it, more are taken. Pure.
"""

from collections import Counter
from collections.abc import Sequence

from world_builder.rubrics import Criterion, VerdictValue


def num_votes(criterion: Criterion, first: VerdictValue, max_votes: int) -> int:
    """Votes to take in all, the first included: 1, or `max_votes` (odd)."""
    is_shaky = first is VerdictValue.CANNOT_ASSESS or criterion.is_critical
    return max_votes if is_shaky else 1


def majority(votes: Sequence[VerdictValue]) -> VerdictValue:
    """The value with more than half of all votes; `cannot_assess` when there is none.

    >>> majority([VerdictValue.MET, VerdictValue.UNMET, VerdictValue.MET])
    <VerdictValue.MET: 'met'>
    >>> majority([VerdictValue.MET, VerdictValue.UNMET, VerdictValue.CANNOT_ASSESS])
    <VerdictValue.CANNOT_ASSESS: 'cannot_assess'>
    """
    value, count = Counter(votes).most_common(1)[0]
    return value if 2 * count > len(votes) else VerdictValue.CANNOT_ASSESS
