"""Follows a run with real libraries: `python -m tests.rl_backend.tracking.real_case RUN STEP...`.

A program, since the libraries warn, start threads and read the environment when imported.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rl_backend.records import Phase, RunState
from rl_backend.rundir import RunDir
from rl_backend.tracking import follow

PATIENCE_S = 240.0
"""A library's first start takes long on a busy machine."""


def work(run: RunDir, steps: list[int], state: RunState) -> None:
    follow.LAST_WORDS_S = PATIENCE_S
    with follow.followed(run, lambda: state):
        for step in steps:
            run.append_metrics(Phase.TRAIN, step, {"loss": 1.0 / step, "reward_mean": step / 10})
        run.append_metrics(Phase.EVALUATION, steps[-1], {"eval_pass_rate": 0.25})


if __name__ == "__main__":
    work(RunDir.open(Path(sys.argv[1])), [int(step) for step in sys.argv[2:]], RunState.DONE)
