"""`python -m studio.train_demo.ablation`: GRPO with other settings, from the same warm start.

Goes on from the folder of a demonstration: each variant trains the base of each seed that is
complete there, and is measured on the same tasks as the demonstration's own run, fewer of them.

With one update a step, as in the preset, the ratio is 1 and no bound is ever met: the bounds are
compared with several updates a step on both sides.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Final

from rl_backend.evaluation.report import EvalReport
from rl_backend.evaluation.trials import REPORTS
from rl_backend.jsonl import replace_text
from rl_backend.records import Phase
from rl_backend.rundir import RunDir
from studio.train_demo.__main__ import SAMPLED, grpo_settings, trials_of
from studio.train_demo.results import Rates, rates_of
from studio.train_demo.stages import Tell, measured, trained
from studio.train_demo.worlds import training_bundle
from world_builder.frozen import Frozen

SEVERAL_UPDATES: Final = "trainer.num_minibatches=4"
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "all_or_nothing": ('advantage.reward="all_or_nothing"',),
    "clip_higher": (SEVERAL_UPDATES,),
    "equal_bounds": (SEVERAL_UPDATES, "objective.clip_high=0.2"),
}
"""What each changes of the preset, which has clip-higher (0.28) and the proportion of criteria."""
NUM_SHOPS: Final = 2
"""The shop of training and the first sibling."""


class AblationRow(Frozen):
    """One variant of one seed; rates are sampled ones, on the tasks of `NUM_SHOPS` shops."""

    seed: int
    variant: str
    """`before`: the warm start alone; `preset`: the demonstration's own run."""
    rates: Rates
    clipped_high: float | None
    """Share of sampled tokens held at the upper bound, mean over steps; None before training."""


class Ablation(Frozen):
    """All rows, by seed and then by variant."""

    v: int = 1
    rows: tuple[AblationRow, ...]


def main() -> None:
    """Trains and measures the variants in the folder of a demonstration; goes on where it was."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path("var/train-demo"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    given = parser.parse_args()
    root, rows = given.root.resolve(), list[AblationRow]()
    for seed in given.seeds:
        rows += rows_of(root, seed, _tell)
        text = Ablation(rows=tuple(rows)).model_dump_json(indent=2) + "\n"
        replace_text(root / "ablation.json", text)
    _tell(text)


def rows_of(root: Path, seed: int, tell: Tell) -> list[AblationRow]:
    """The rows of a seed whose demonstration is complete. Raises StageFailed."""
    folder, bundles = root / f"seed-{seed}", root / "bundles"
    asked = trials_of(training_bundle(bundles), bundles)
    places = [i for i, each in enumerate(asked) if each.temperature == SAMPLED][:NUM_SHOPS]
    base = RunDir.open(folder / "base")
    rows = [
        _row(seed, "before", base, _kept(folder / "before.json", places)),
        _row(seed, "preset", RunDir.open(folder / "grpo"), _kept(folder / "after.json", places)),
    ]
    for name, changes in VARIANTS.items():
        settings = [*grpo_settings(seed, base.policy_dir), *changes]
        run = trained(folder / name, training_bundle(bundles), settings, tell)
        trials = [asked[place] for place in places]
        path = folder / f"{name}.json"
        reports = measured(path, trials, run.policy_dir, seed=seed, tell=tell)
        rows.append(_row(seed, name, run, reports))
    return rows


def _kept(path: Path, places: Sequence[int]) -> list[EvalReport]:
    reports = REPORTS.validate_json(path.read_bytes())
    return [reports[place] for place in places]


def _row(seed: int, variant: str, run: RunDir, reports: Sequence[EvalReport]) -> AblationRow:
    shares = [each.values["clip_high"] for each in run.metrics() if each.phase is Phase.TRAIN]
    return AblationRow(
        seed=seed,
        variant=variant,
        rates=rates_of(reports, SAMPLED),
        clipped_high=fmean(shares) if shares else None,
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
