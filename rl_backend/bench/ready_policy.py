"""The policy that benchmarks sample from: made at the first time, then kept.

Starts `policy` in a process of its own; imports nothing heavy.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rl_backend.errors import BackendError

FOLDER: Final = Path("var/bench/policy")
NUM_STEPS: Final = 150
"""Of the warm start: calls are well-formed by then, and some are right."""


def ready_policy(
    folder: Path = FOLDER,
    *,
    num_steps: int = NUM_STEPS,
    num_threads: int = 2,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Path:
    """The directory of the policy, absolute. Raises BackendError when it cannot be made."""
    folder = folder.absolute()
    if (folder / "config.json").is_file():
        return folder
    here = str(Path(__file__).parents[2])
    paths = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "rl_backend.bench.policy", str(folder)]
    last = ""
    with subprocess.Popen(
        [*command, str(num_steps), str(num_threads)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": str(num_threads)},
    ) as process:
        for line in process.stderr or ():
            last = line.strip() or last
            on_stage(f"making a policy: {last}")
    if process.returncode != 0:
        raise BackendError(
            f"The policy could not be made: {last}.",
            hint="Install the training backend: `python -m rl_backend.install`.",
        )
    return folder
