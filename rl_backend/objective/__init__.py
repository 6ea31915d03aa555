"""What an update minimises: the policy objectives and the supervised one.

Pure tensor functions between the trainer's log-probabilities and its backward pass. They return
*sums*; the trainer divides by the denominator of the whole batch, over all microbatches and
data-parallel ranks, so that how a batch was cut never changes the update.

A token whose log-probability is not finite leaves the numerator and the denominator: a single
engine hiccup must neither poison the gradient nor count as a token of zero loss.

Axes: `_B` rows, `_T` tokens, aligned with the tokens as in `rl_backend.types`.
"""

from rl_backend.objective.base import LossInputs, LossSums, MetricSums, Objective
from rl_backend.objective.policy import PolicyObjective
from rl_backend.objective.supervised import SupervisedObjective

__all__ = [
    "LossInputs",
    "LossSums",
    "MetricSums",
    "Objective",
    "PolicyObjective",
    "SupervisedObjective",
]
