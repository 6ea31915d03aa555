"""One model on several bundles and at several temperatures, behind one server.

`python -m rl_backend.evaluation.suite TRIALS.json REPORTS.json --model DIR`: a process of its own,
since whoever compares models need not import the training stack.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from exporter.bundle import Bundle
from rl_backend.engines.sglang_server import ServerOptions, SGLangServer
from rl_backend.evaluation.bundles import bundle_label
from rl_backend.evaluation.command import connected
from rl_backend.evaluation.evaluate import evaluate
from rl_backend.evaluation.report import EvalReport
from rl_backend.evaluation.trials import REPORTS, TRIALS, Trial
from rl_backend.jsonl import replace_text
from rl_backend.judges.base import Judge
from rl_backend.judges.settings import JudgeSettings, build_judge
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from world_builder.state import WorldBase

MAX_WORLDS = 64


async def evaluate_suite(
    trials: Sequence[Trial], model_dir: Path, *, seed: int, num_cpu_threads: int | None = None
) -> tuple[EvalReport, ...]:
    """The reports in the order of the trials. Raises BackendError, BundleError."""
    options = ServerOptions(num_cpu_threads=num_cpu_threads, max_total_tokens=131072)
    judge = build_judge(JudgeSettings.from_environment())
    try:
        with TemporaryDirectory() as folder:
            server = SGLangServer(model_dir, Path(folder) / "engine.log", options)
            async with server:
                return tuple(
                    [await _evaluated(t, server.url, model_dir, judge, seed) for t in trials]
                )
    finally:
        await judge.close()


async def _evaluated(
    trial: Trial, url: str, model_dir: Path, judge: Judge, seed: int
) -> EvalReport:
    bundle = Bundle.open(Path(trial.bundle))
    base = WorldBase(bundle.world)
    runner = RolloutRunner(base, InProcessRuntime(base), max_worlds=MAX_WORLDS)
    async with connected(url, model_dir, trial.temperature) as policy:
        done = await evaluate(
            policy,
            trial.split.of(bundle.world.tasks),
            runner=runner,
            judge=judge,
            bundle=bundle_label(bundle),
            split=trial.split,
            rollouts_per_task=trial.rollouts,
            seed=seed,
            temperature=trial.temperature,
        )
    return done.report


def main() -> None:
    """Reads the trials from a JSON file and writes the reports."""
    parser = argparse.ArgumentParser(description=evaluate_suite.__doc__)
    parser.add_argument("trials", type=Path, help="a JSON list of trials")
    parser.add_argument("out", type=Path, help="where the reports go")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    trials = TRIALS.validate_json(given.trials.read_bytes())
    reports = asyncio.run(
        evaluate_suite(trials, given.model, seed=given.seed, num_cpu_threads=given.threads)
    )
    replace_text(given.out, REPORTS.dump_json(reports, indent=2).decode())


if __name__ == "__main__":
    main()
