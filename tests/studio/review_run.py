"""A finished run to review, made by the product itself: three evaluations of scripted policies on
the tutorial's held-out tasks, judged by its checks.

By hand: `python -m tests.studio.review_run DATA_DIR [ROLLOUTS_PER_TASK]`, then
`corecraft studio --data-dir DATA_DIR --no-backend-install` and open /review.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.config import RunConfig
from rl_backend.engines.scripted import Scripted, scripted_policy
from rl_backend.evaluation.bundles import bundle_label, lock_of
from rl_backend.evaluation.evaluate import Evaluation, SplitChoice, evaluate
from rl_backend.judges.checks import ChecksJudge
from rl_backend.records import RunState
from rl_backend.rollout import RolloutRunner
from rl_backend.rundir import RunDir
from rl_backend.runtimes.in_process import InProcessRuntime
from world_builder.state import WorldBase
from world_builder.worlds import build_world

RUN_ID = "tutorial-run"
PLAYED = ((0, Scripted.CARELESS, 3), (10, Scripted.CARELESS, 8), (20, Scripted.REFERENCE, 3))
"""Step, policy and seed of each evaluation."""


def write_run(data_dir: Path, *, rollouts_per_task: int = 1, run_id: str = RUN_ID) -> RunDir:
    """A done run under `data_dir/runs` on a tutorial bundle under `data_dir/bundles`."""
    bundle = Bundle.open(write_bundle(build_world("tutorial"), "1.0.0", data_dir / "bundles"))
    run = RunDir.create(data_dir / "runs", RunConfig(), lock_of(bundle), run_id)
    for step, kind, seed in PLAYED:
        found = asyncio.run(_evaluation(bundle, step, kind, seed, rollouts_per_task))
        run.write_eval(found.report, found.records)
    now = datetime.now(UTC)
    status = run.stored_status()
    run.write_status(
        status.model_copy(update={"state": RunState.DONE, "step": 20, "updated_at": now})
    )
    return run


async def _evaluation(
    bundle: Bundle, step: int, kind: Scripted, seed: int, rollouts_per_task: int
) -> Evaluation:
    base = WorldBase(bundle.world)
    runtime = InProcessRuntime(base)
    try:
        return await evaluate(
            scripted_policy(kind, bundle.world.tasks),
            SplitChoice.HELD_OUT.of(bundle.world.tasks),
            runner=RolloutRunner(base, runtime, max_worlds=16),
            judge=ChecksJudge(),
            bundle=bundle_label(bundle),
            split=SplitChoice.HELD_OUT,
            rollouts_per_task=rollouts_per_task,
            seed=seed,
            step=step,
        )
    finally:
        await runtime.close()


if __name__ == "__main__":
    each = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sys.stdout.write(f"{write_run(Path(sys.argv[1]), rollouts_per_task=each).path}\n")
