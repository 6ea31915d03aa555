"""`python -m studio.train_demo`: all stages of all seeds, then the results."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from exporter.bundle import Bundle
from rl_backend.config import ConfigError
from rl_backend.evaluation.evaluate import SplitChoice
from rl_backend.evaluation.report import EvalReport
from rl_backend.evaluation.trials import Trial
from studio.train_demo.laps import Laps
from studio.train_demo.results import T_95, SeedResult, keep, rate_of, rates_of, results_of
from studio.train_demo.stages import StageFailed, Tell, measured, trained
from studio.train_demo.worlds import (
    other_bundle,
    renamed_bundle,
    sibling_bundles,
    training_bundle,
)

SAMPLED, GREEDY = 0.7, 0.0
"""Temperatures; the preset trains at the first."""
ROLLOUTS, SIBLING_ROLLOUTS = 4, 2
"""Of each task of the shop of training when sampled, and of others."""


def main() -> None:
    """Runs the demonstration in a folder; started again, it goes on where it was."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path("var/train-demo"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="another value for a setting of the preset cpu-demo; the figures are then others too",
    )  # fmt: skip
    given = parser.parse_args()
    if len(set(given.seeds)) < len(given.seeds) or len(given.seeds) > max(T_95):
        parser.error(f"--seeds: each once, and {max(T_95)} at most")
    root, done = given.root.resolve(), list[SeedResult]()
    for seed in given.seeds:
        try:
            done.append(one_seed(root, seed, given.set, _tell))
        except (StageFailed, ConfigError) as error:
            sys.exit(f"error: {error}")
        keep(results_of(done), root / "results.json")
        _tell(results_of(done).model_dump_json(indent=2))


def one_seed(root: Path, seed: int, settings: Sequence[str], tell: Tell) -> SeedResult:
    """The stages of one seed. Raises StageFailed, and ConfigError for a wrong setting."""
    folder, bundles = root / f"seed-{seed}", root / "bundles"
    folder.mkdir(parents=True, exist_ok=True)
    bundle = training_bundle(bundles)
    asked = trials_of(bundle, bundles)
    seconds = Laps(folder / "seconds.json")

    common = [f"seed={seed}", *settings]
    with seconds.stage("warm_start"):
        base = trained(folder / "base", bundle, [*common, "num_steps=0"], tell)
    with seconds.stage("measured_before"):
        before = measured(folder / "before.json", asked, base.policy_dir, seed=seed, tell=tell)
    with seconds.stage("grpo"):
        settings = [*grpo_settings(seed, base.policy_dir), *settings]
        grpo = trained(folder / "grpo", bundle, settings, tell)
    with seconds.stage("measured_after"):
        after = measured(folder / "after.json", asked, grpo.policy_dir, seed=seed, tell=tell)
    return result_of(seed, before, after, seconds.spent)


def grpo_settings(seed: int, base: Path) -> list[str]:
    """What makes the preset's run begin with the weights of a warm start."""
    return [f"seed={seed}", f'model.path="{base.resolve()}"', "warm_start.num_steps=0"]


def trials_of(bundle: Bundle, bundles: Path) -> list[Trial]:
    """What is measured: first the shops, greedy and sampled, then the other surface and world."""
    shops = [(bundle, SplitChoice.HELD_OUT, ROLLOUTS)]
    shops += [(each, SplitChoice.ALL, SIBLING_ROLLOUTS) for each in sibling_bundles(bundles)]
    renamed, other = renamed_bundle(bundles), other_bundle(bundles)
    return [
        *(
            trial(shop, split, t, rollouts)
            for shop, split, num in shops
            for t, rollouts in ((GREEDY, 1), (SAMPLED, num))
        ),
        trial(renamed, SplitChoice.HELD_OUT, SAMPLED, SIBLING_ROLLOUTS),
        trial(other, SplitChoice.HELD_OUT, SAMPLED, 1),  # its prompts are six times as long
    ]


def trial(bundle: Bundle, split: SplitChoice, temperature: float, rollouts: int) -> Trial:
    path = str(bundle.path)
    return Trial(bundle=path, split=split, temperature=temperature, rollouts=rollouts)


def result_of(
    seed: int,
    before: Sequence[EvalReport],
    after: Sequence[EvalReport],
    seconds: dict[str, float],
) -> SeedResult:
    """The rates of the reports that `trials_of` asked for."""
    sampled = [rates_of(reports[:-2], SAMPLED) for reports in (before, after)]
    greedy = [rates_of(reports[:-2], GREEDY) for reports in (before, after)]
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
        surface_before=rate_of(before[-2:-1], SAMPLED),
        surface_after=rate_of(after[-2:-1], SAMPLED),
        other_world_before=rate_of(before[-1:], SAMPLED),
        other_world_after=rate_of(after[-1:], SAMPLED),
        seconds=seconds,
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
