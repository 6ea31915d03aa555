"""Rows of tokens as a run directory keeps them; `samples` makes demonstrations of them again.

What the policy itself sampled is kept by where it begins and ends: a mask would be as long as the
row. Log-probabilities are not kept, since an imitated row needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rl_backend.records import TokenRecord
from rl_backend.types import Rollout


def token_record(
    task_id: str, rollout_id: str, token_ids: Sequence[int], mask: Sequence[bool]
) -> TokenRecord:
    """A row whose `mask` is True on the policy's own tokens."""
    return TokenRecord(
        task_id=task_id,
        rollout_id=rollout_id,
        token_ids=tuple(token_ids),
        sampled=_stretches(mask),
    )


def kept_tokens(rollout: Rollout) -> TokenRecord | None:
    """The row of a scored rollout; None when it is unscored or no token was sampled."""
    tokens = rollout.tokens
    if tokens is None or not rollout.is_scored:
        return None
    mask = (False,) * len(tokens.prompt_ids) + tokens.loss_mask
    return token_record(rollout.task_id, rollout.id, tokens.token_ids, mask)


def _stretches(mask: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    """Start and end of each run of True.

    >>> _stretches([False, True, True, False, True])
    ((1, 3), (4, 5))
    """
    edges = [i for i, (a, b) in enumerate(pairwise([False, *mask, False])) if a != b]
    return tuple(zip(edges[::2], edges[1::2], strict=True))
