"""Runs one stage of the demonstration to its end, from wherever it is.

A training stage is a run directory like any other; a measurement is a file. Both are left alone
when they are complete. Training and measuring happen in processes of their own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from exporter.bundle import Bundle
from rl_backend.config import RunConfig, load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.evaluation.report import EvalReport
from rl_backend.evaluation.trials import REPORTS, TRIALS, Trial
from rl_backend.launcher import launch
from rl_backend.records import RunState
from rl_backend.rundir import RunDir

PRESET = "cpu-demo"
POLL_S = 1.0
TELL_S = 60.0
ELSEWHERE = "give another --root, or remove it"
_OVER = frozenset({RunState.DONE, RunState.STOPPED, RunState.FAILED})

Tell = Callable[[str], None]


class StageFailed(RuntimeError):
    """A stage ended without its result; the message names the log."""


def trained(folder: Path, bundle: Bundle, settings: Sequence[str], tell: Tell) -> RunDir:
    """The run in the folder, done.

    Raises:
        StageFailed: it failed, or the folder has one with other settings or of another bundle.
    """
    config = load_preset(PRESET, settings)
    if folder.is_dir():
        run = _as_asked(RunDir.open(folder), config, bundle)
    else:
        run = RunDir.create(folder.parent, config, lock_of(bundle), folder.name)
    if run.status().state is RunState.DONE:
        return run
    launch(run)
    _follow(run, tell)
    status = run.status()
    if status.state is not RunState.DONE:
        raise StageFailed(f"{run.path} ended as {status.state}: {status.reason}; see its log.txt")
    return run


def measured(
    path: Path, trials: Sequence[Trial], model: Path, *, seed: int, tell: Tell
) -> tuple[EvalReport, ...]:
    """The reports in the file, made when they are not there.

    Raises:
        StageFailed: it failed, or what the file has was asked for otherwise.
    """
    asked, wanted = path.with_suffix(".trials.json"), TRIALS.dump_json(tuple(trials), indent=2)
    if path.is_file() and asked.is_file() and asked.read_bytes() != wanted:
        raise StageFailed(f"{path} was measured in another way; {ELSEWHERE}")
    if not path.is_file():
        tell(f"measuring {model}")
        asked.write_bytes(wanted)
        module = "rl_backend.evaluation.suite"
        command = [sys.executable, "-m", module, str(asked), str(path), "--model", str(model)]
        done = subprocess.run([*command, "--seed", str(seed)], check=False)
        if done.returncode:
            raise StageFailed(f"{model} could not be measured")
    return REPORTS.validate_json(path.read_bytes())


def _as_asked(run: RunDir, wanted: RunConfig, bundle: Bundle) -> RunDir:
    """The run, when it is one with these settings on this bundle. Raises StageFailed."""
    was, now = (config.model_dump(exclude={"description"}) for config in (run.config(), wanted))
    if others := sorted(_differing(was, now)):
        raise StageFailed(f"{run.path} has other settings ({', '.join(others)}); {ELSEWHERE}")
    if run.bundle().digest != bundle.digest:
        raise StageFailed(f"{run.path} trains on another bundle; {ELSEWHERE}")
    return run


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> Iterator[str]:
    """Paths of the settings that are not the same in both."""
    for name, value in one.items():
        if isinstance(value, dict) and isinstance(inner := other[name], dict):
            yield from (f"{name}.{path}" for path in _differing(value, inner))
        elif value != other[name]:
            yield name


def _follow(run: RunDir, tell: Tell) -> None:
    """Says how the run goes until it is over: at once when its state changes, else now and then."""
    told: tuple[RunState, float] | None = None
    while (status := run.status()).state not in _OVER:
        if told is None or told[0] != status.state or time.monotonic() - told[1] >= TELL_S:
            tell(
                f"{run.id}: {status.state}, warm start {status.warm_start_step} of "
                f"{status.num_warm_start_steps}, step {status.step} of {status.num_steps}"
            )
            told = (status.state, time.monotonic())
        time.sleep(POLL_S)
