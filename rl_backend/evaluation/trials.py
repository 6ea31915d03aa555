"""What a suite of evaluations is asked for and gives back, without what it runs on."""

from __future__ import annotations

from pydantic import TypeAdapter

from rl_backend.evaluation.evaluate import SplitChoice
from rl_backend.evaluation.report import EvalReport
from world_builder.frozen import Frozen


class Trial(Frozen):
    """A bundle, which of its tasks, and how often each."""

    bundle: str
    """The path of the bundle."""
    split: SplitChoice
    temperature: float
    rollouts: int = 1


TRIALS: TypeAdapter[tuple[Trial, ...]] = TypeAdapter(tuple[Trial, ...])
REPORTS: TypeAdapter[tuple[EvalReport, ...]] = TypeAdapter(tuple[EvalReport, ...])
