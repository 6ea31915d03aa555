"""What the demonstration found, as it is kept and told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

from rl_backend.evaluation.report import EvalReport
from rl_backend.jsonl import replace_text
from world_builder.frozen import Frozen

T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Student's t for a 95 % interval of a mean over so many seeds."""


class Rates(Frozen):
    """Pass rates of one model, in [0, 1]."""

    held_out: float
    """Tasks never trained on, of scenarios that GRPO trained."""
    num_held_out: int
    unseen: float
    """Tasks of scenarios that GRPO never saw."""
    num_unseen: int


class SeedResult(Frozen):
    """One seed; before is after the warm start."""

    seed: int
    held_out_before: float
    held_out_after: float
    unseen_before: float
    unseen_after: float
    greedy_before: Rates
    greedy_after: Rates
    sampled_before: Rates
    sampled_after: Rates
    surface_before: float
    """Held-out tasks of the shop whose tools have other names, sampled."""
    surface_after: float
    other_world_before: float
    """Held-out tasks of another world, sampled."""
    other_world_after: float
    seconds: dict[str, float]
    """By stage."""


class Gain(Frozen):
    """Mean over seeds, in points of 100, with its 95 % interval (None for one seed)."""

    mean: float
    low: float | None
    high: float | None


class Results(Frozen):
    """All seeds. The rates of a seed at the top level are sampled ones."""

    v: int = 1
    seeds: tuple[SeedResult, ...]
    held_out_gain: Gain
    unseen_gain: Gain


def rates_of(reports: Sequence[EvalReport], temperature: float) -> Rates:
    """The rates over all reports of a temperature; every task counts once.

    Raises ValueError when nothing was scored: there is no rate then, and it is not 0.
    """
    outcomes = _scored(reports, temperature)
    held_out = [share for share, is_unseen in outcomes if not is_unseen]
    others = [share for share, is_unseen in outcomes if is_unseen]
    if not held_out or not others:
        raise _nothing_scored(temperature)
    return Rates(
        held_out=fmean(held_out),
        num_held_out=len(held_out),
        unseen=fmean(others),
        num_unseen=len(others),
    )


def rate_of(reports: Sequence[EvalReport], temperature: float) -> float:
    """The rate over all tasks, of whatever scenario. Raises ValueError as `rates_of`."""
    shares = [share for share, _ in _scored(reports, temperature)]
    if not shares:
        raise _nothing_scored(temperature)
    return fmean(shares)


def _scored(reports: Sequence[EvalReport], temperature: float) -> list[tuple[float, bool]]:
    """Of every scored task, the share of passed rollouts and whether its scenario is unseen."""
    return [
        (outcome.pass_share, outcome.is_unseen)
        for report in reports
        if report.temperature == temperature
        for outcome in report.outcomes
        if outcome.pass_share is not None
    ]


def _nothing_scored(temperature: float) -> ValueError:
    return ValueError(
        f"no rollout at temperature {temperature:g} could be scored; see the reports for why"
    )


def results_of(seeds: Sequence[SeedResult]) -> Results:
    """The seeds with the mean gains over them."""
    return Results(
        seeds=tuple(seeds),
        held_out_gain=_gain([s.held_out_after - s.held_out_before for s in seeds]),
        unseen_gain=_gain([s.unseen_after - s.unseen_before for s in seeds]),
    )


def keep(results: Results, path: Path) -> None:
    replace_text(path, results.model_dump_json(indent=2) + "\n")


def _gain(gains: Sequence[float]) -> Gain:
    points = [100 * gain for gain in gains]
    mean = fmean(points)
    if len(points) < 2:
        return Gain(mean=mean, low=None, high=None)
    half = T_95[len(points)] * stdev(points) / len(points) ** 0.5
    return Gain(mean=mean, low=mean - half, high=mean + half)
