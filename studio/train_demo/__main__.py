"""`python -m studio.train_demo`: all stages of all seeds, then the results."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rl_backend.evaluation.evaluate import SplitChoice
from rl_backend.evaluation.trials import Trial
from studio.train_demo.laps import Laps
from studio.train_demo.results import SeedResult, keep, rates_of, results_of
from studio.train_demo.stages import Tell, measured, trained
from studio.train_demo.worlds import sibling_bundles, training_bundle

SAMPLED, GREEDY = 1.0, 0.0
ROLLOUTS = 4
"""Of each task when sampled."""


def main() -> None:
    """Runs the demonstration in a folder; started again, it goes on where it was."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path("var/train-demo"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = parser.parse_args()
    done: list[SeedResult] = []
    for seed in given.seeds:
        done.append(one_seed(given.root, seed, _tell))
        keep(results_of(done), given.root / "results.json")
        _tell(results_of(done).model_dump_json(indent=2))


def one_seed(root: Path, seed: int, tell: Tell) -> SeedResult:
    """The stages of one seed. Raises StageFailed."""
    folder, bundles = root / f"seed-{seed}", root / "bundles"
    folder.mkdir(parents=True, exist_ok=True)
    bundle, siblings = training_bundle(bundles), sibling_bundles(bundles)
    seconds = Laps(folder / "seconds.json")

    common = [f"seed={seed}"]
    base = trained(folder / "base", bundle, [*common, "num_steps=0"], tell)
    seconds.lap("warm_start")
    trials = [
        Trial(
            bundle=str(each.path),
            split=SplitChoice.HELD_OUT if each is bundle else SplitChoice.ALL,
            temperature=temperature,
            rollouts=ROLLOUTS if temperature else 1,
        )
        for each in (bundle, *siblings)
        for temperature in (GREEDY, SAMPLED)
    ]
    before = measured(folder / "before.json", trials, base.policy_dir, seed=seed, tell=tell)
    seconds.lap("measured_before")
    start = [f'model.path="{base.policy_dir.resolve()}"', "warm_start.num_steps=0"]
    grpo = trained(folder / "grpo", bundle, [*common, *start], tell)
    seconds.lap("grpo")
    after = measured(folder / "after.json", trials, grpo.policy_dir, seed=seed, tell=tell)
    seconds.lap("measured_after")
    sampled = [rates_of(reports, SAMPLED) for reports in (before, after)]
    greedy = [rates_of(reports, GREEDY) for reports in (before, after)]
    return SeedResult(
        seed=seed,
        held_out_before=sampled[0].held_out,
        held_out_after=sampled[1].held_out,
        unseen_before=sampled[0].unseen,
        unseen_after=sampled[1].unseen,
        greedy_before=greedy[0],
        greedy_after=greedy[1],
        sampled_before=sampled[0],
        sampled_after=sampled[1],
        seconds=seconds.spent,
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
