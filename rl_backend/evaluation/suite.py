"""One model on several bundles and at several temperatures, behind one server.

`python -m rl_backend.evaluation.suite TRIALS.json REPORTS.json --model DIR`: a process of its own,
since whoever compares models need not import the training stack.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
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
from rl_backend.seeding import server_seed
from world_builder.state import WorldBase
from world_builder.wording import counted

MAX_WORLDS = 64


async def evaluate_suite(
    trials: Sequence[Trial],
    model_dir: Path,
    *,
    seed: int,
    num_cpu_threads: int | None = None,
    done: Sequence[EvalReport] = (),
    on_report: Callable[[EvalReport], None] = lambda _: None,
) -> tuple[EvalReport, ...]:
    """The reports in the order of the trials. Raises BackendError, BundleError.

    `done` are the first trials' reports, made before; `on_report` is told of each new one.
    """
    reports = list(done)
    options = ServerOptions(
        num_cpu_threads=num_cpu_threads, max_total_tokens=131072, random_seed=server_seed(seed)
    )
    judge = build_judge(JudgeSettings.from_environment())
    try:
        with TemporaryDirectory() as folder:
            async with SGLangServer(model_dir, Path(folder) / "engine.log", options) as server:
                for trial in trials[len(done) :]:
                    report = await _evaluated(trial, server.url, model_dir, judge, seed)
                    reports.append(report)
                    on_report(report)
    finally:
        await judge.close()
    return tuple(reports)


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


def measure(
    trials: Sequence[Trial], out: Path, model: Path, *, seed: int, threads: int | None
) -> None:
    """Writes the reports to a file; those that an earlier time had made are kept beside it."""
    partial = out.with_suffix(".partial.json")
    done = list(REPORTS.validate_json(partial.read_bytes())) if partial.is_file() else []

    def keep(report: EvalReport) -> None:
        done.append(report)
        replace_text(partial, REPORTS.dump_json(tuple(done), indent=2).decode())
        sys.stdout.write(f"{len(done)} of {len(trials)}: {_line(report)}\n")
        sys.stdout.flush()

    asked = evaluate_suite(
        trials, model, seed=seed, num_cpu_threads=threads, done=tuple(done), on_report=keep
    )
    reports = asyncio.run(asked)
    replace_text(out, REPORTS.dump_json(reports, indent=2).decode())
    partial.unlink(missing_ok=True)


def _line(report: EvalReport) -> str:
    name = report.bundle.split(" ")[0]
    rate = (
        "nothing could be scored" if report.pass_rate is None else f"{report.pass_rate:.1%} passed"
    )
    return (
        f"{name}, {counted(report.tasks, 'task')} ({report.split}) at temperature "
        f"{report.temperature:g}: {rate} in {report.seconds:.0f} s"
    )


def main() -> None:
    """Reads the trials from a JSON file and writes the reports; begun again, it goes on."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("trials", type=Path, help="a JSON list of trials")
    parser.add_argument("out", type=Path, help="where the reports go")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    trials = TRIALS.validate_json(given.trials.read_bytes())
    measure(trials, given.out, given.model, seed=given.seed, threads=given.threads)


if __name__ == "__main__":
    main()
