"""A run directory: the only interface between training and whoever watches it.

The training process writes it, the studio and the command line read it, and a stop is asked for
through it. Readers may look at any instant, also after the process died. Layout:

    config.json  bundle.lock.json  judge.lock.json (where checks do not decide everything)
    status.json  events.jsonl  metrics.jsonl  log.txt  lock  stop
    rollouts/step-000012.jsonl, .tokens.jsonl   eval/step-000010.json, .rollouts.jsonl
    demonstrations.jsonl (of a warm start on rollouts)   tracking/ (files of experiment trackers)
    checkpoints/step-000010/   model/ (starting weights)   policy/ (newest weights)
    engine-weights/ (while SGLang runs)

It starts no process (`launcher` does) and imports nothing heavy.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from pydantic import ValidationError

from rl_backend import run_lock
from rl_backend.config import RunConfig
from rl_backend.evaluation.report import EvalReport
from rl_backend.jsonl import Tail, append, replace_text, tail, tail_bytes, tail_each
from rl_backend.records import (
    BundleLock,
    EventKind,
    EventRecord,
    JudgeLock,
    MetricRecord,
    Phase,
    RolloutRecord,
    RunState,
    Status,
    TokenRecord,
)
from world_builder.frozen import Frozen
from world_builder.ids import slug

FrozenT = TypeVar("FrozenT", bound=Frozen)

ENDED_WITHOUT_A_WORD = "process ended without a word"
_STEP = re.compile(r"step-(\d+)")


class RunDirError(ValueError):
    """A directory is no run, or cannot become one; the message says why."""


@dataclass(frozen=True, slots=True)
class RunDir:
    """One run's directory."""

    path: Path

    @classmethod
    def create(
        cls, root: Path, config: RunConfig, bundle: BundleLock, run_id: str | None = None
    ) -> Self:
        """A new queued run under `root`. Raises RunDirError when the id is taken."""
        now = datetime.now(UTC)
        name = run_id or _free_id(root, f"{now:%Y%m%d-%H%M%S}-{slug(bundle.name)}")
        run = cls(root / name)
        try:
            run.path.mkdir(parents=True)
        except FileExistsError as error:
            raise RunDirError(f"{run.path} exists; resume it or choose another id") from error
        for folder in ("rollouts", "eval", "checkpoints"):
            (run.path / folder).mkdir()
        replace_text(run.path / "config.json", config.model_dump_json(indent=2))
        replace_text(run.path / "bundle.lock.json", bundle.model_dump_json(indent=2))
        run.write_status(
            Status(
                num_steps=config.num_steps,
                num_warm_start_steps=config.warm_start.num_steps,
                created_at=now,
                updated_at=now,
            )
        )
        return run

    @classmethod
    def open(cls, path: Path) -> Self:
        """The run in an existing directory. Raises RunDirError when it holds none."""
        if not (path / "status.json").is_file():
            raise RunDirError(f"{path} is not a run directory: it has no status.json")
        return cls(path)

    @property
    def id(self) -> str:
        """The run's name: that of its directory."""
        return self.path.name

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    @property
    def model_dir(self) -> Path:
        """Where the run keeps the starting model that it made."""
        return self.path / "model"

    @property
    def reference_dir(self) -> Path:
        """The weights that a KL term holds on to; absent without such a term."""
        return self.path / "reference"

    @property
    def policy_dir(self) -> Path:
        """The newest weights, as a Hugging Face directory."""
        return self.path / "policy"

    @property
    def engine_weights_dir(self) -> Path:
        """What the run's own SGLang server would be started again with."""
        return self.path / "engine-weights"

    def config(self) -> RunConfig:
        """The configuration. Raises RunDirError when the file was damaged."""
        return self._read("config.json", RunConfig)

    def bundle(self) -> BundleLock:
        """The bundle. Raises RunDirError when the file was damaged."""
        return self._read("bundle.lock.json", BundleLock)

    def judge(self) -> JudgeLock | None:
        """Which judge judges it; None before one did. Raises RunDirError for a damaged file."""
        is_kept = (self.path / "judge.lock.json").exists()
        return self._read("judge.lock.json", JudgeLock) if is_kept else None

    def write_judge(self, judge: JudgeLock) -> None:
        replace_text(self.path / "judge.lock.json", judge.model_dump_json(indent=2))

    # -- status

    def status(self) -> Status:
        """How the run stands now; `failed` when its process is gone without having said so."""
        is_alive = run_lock.is_held(self.path)
        status = self.stored_status()
        if is_alive or status.state.is_over or status.pid is None:
            return status
        return status.model_copy(update={"state": RunState.FAILED, "reason": ENDED_WITHOUT_A_WORD})

    def stored_status(self) -> Status:
        """The status as last written, whether or not a process is still behind it."""
        return self._read("status.json", Status)

    def is_alive(self) -> bool:
        """True while a process works on the run."""
        return run_lock.is_held(self.path)

    def write_status(self, status: Status, *, is_durable: bool = True) -> None:
        """Replaces the status at once."""
        text = status.model_dump_json(indent=2)
        replace_text(self.path / "status.json", text, is_durable=is_durable)

    def request_stop(self) -> None:
        """Asks the process to stop at the next safe point, with a checkpoint."""
        (self.path / "stop").touch()

    def is_stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def clear_stop(self) -> None:
        (self.path / "stop").unlink(missing_ok=True)

    # -- history

    def append_event(self, kind: EventKind, step: int, message: str) -> None:
        record = EventRecord(at=datetime.now(UTC), kind=kind, step=step, message=message)
        append(self.path / "events.jsonl", [record])

    def append_metrics(self, phase: Phase, step: int, values: dict[str, float]) -> None:
        record = MetricRecord(at=datetime.now(UTC), phase=phase, step=step, values=values)
        append(self.path / "metrics.jsonl", [record])

    def tail_events(self, offset: int = 0) -> Tail[EventRecord]:
        """Events that were added after a byte offset."""
        return tail(self.path / "events.jsonl", EventRecord, offset)

    def tail_metrics(self, offset: int = 0) -> Tail[MetricRecord]:
        """Metrics that were added after a byte offset.

        After a resume a step may come again: of two with the same phase and step the later counts.
        """
        return tail(self.path / "metrics.jsonl", MetricRecord, offset)

    def metrics_after(self, offset: int) -> Iterator[tuple[MetricRecord, int]]:
        """Metrics that were added after a byte offset, each with the offset behind it."""
        return tail_each(self.path / "metrics.jsonl", MetricRecord, offset)

    def metrics(self) -> tuple[MetricRecord, ...]:
        """One record per phase and step, in the order of the run."""
        latest: dict[tuple[Phase, int], MetricRecord] = {}
        for record in self.tail_metrics().records:
            latest.pop((record.phase, record.step), None)
            latest[record.phase, record.step] = record
        return tuple(latest.values())

    def tail_log(self, offset: int = 0) -> tuple[str, int]:
        """Finished lines of the log after a byte offset, and the offset behind them."""
        data, end = tail_bytes(self.log_path, offset)
        return data.decode("utf-8", errors="replace"), end

    # -- rollouts and evaluations

    def write_rollouts(
        self, step: int, records: Sequence[RolloutRecord], tokens: Sequence[TokenRecord] = ()
    ) -> None:
        """Keeps the rollouts of one training step, in the place of an earlier try at it.

        Their tokens go into a file beside them, which is there before they are.
        """
        _write_all(self.tokens_path(step), tokens)
        _write_all(self.rollouts_path(step), records)

    def rollouts(self, step: int) -> tuple[RolloutRecord, ...]:
        """The rollouts of one training step; empty when there are none."""
        return tail(self.rollouts_path(step), RolloutRecord).records

    def rollouts_path(self, step: int) -> Path:
        return self.path / "rollouts" / f"{_step(step)}.jsonl"

    def tokens_path(self, step: int) -> Path:
        """Where the tokens of a step's scored rollouts are (`TokenRecord`)."""
        return self.path / "rollouts" / f"{_step(step)}.tokens.jsonl"

    def write_demonstrations(self, records: Sequence[TokenRecord]) -> None:
        """Keeps what the warm start shows: a resumed run shows the same."""
        _write_all(self.path / "demonstrations.jsonl", records)

    def demonstrations(self) -> tuple[TokenRecord, ...]:
        """What the warm start shows; empty before it was chosen."""
        return tail(self.path / "demonstrations.jsonl", TokenRecord).records

    def rollout_steps(self) -> tuple[int, ...]:
        return _steps(self.path / "rollouts", ".jsonl")

    def write_eval(self, report: EvalReport, records: Sequence[RolloutRecord]) -> None:
        """Keeps an evaluation with its rollouts; the report last, so that it is never alone."""
        folder = self.path / "eval"
        _write_all(folder / f"{_step(report.step)}.rollouts.jsonl", records)
        replace_text(folder / f"{_step(report.step)}.json", report.model_dump_json(indent=2))

    def eval_steps(self) -> tuple[int, ...]:
        """Steps after which there was an evaluation, in order; 0 is the baseline."""
        return _steps(self.path / "eval", ".json")

    def eval_report(self, step: int) -> EvalReport:
        """One evaluation. Raises RunDirError when there is none."""
        return self._read(f"eval/{_step(step)}.json", EvalReport)

    def eval_rollouts(self, step: int) -> tuple[RolloutRecord, ...]:
        """The rollouts of one evaluation; empty when there are none."""
        return tail(self.eval_rollouts_path(step), RolloutRecord).records

    def eval_report_path(self, step: int) -> Path:
        return self.path / "eval" / f"{_step(step)}.json"

    def eval_rollouts_path(self, step: int) -> Path:
        """Where the rollouts of an evaluation are, for readers of parts (`evaluation.heads`)."""
        return self.path / "eval" / f"{_step(step)}.rollouts.jsonl"

    def forget_after(self, step: int) -> None:
        """Removes rollouts and evaluations of later steps: a resumed run makes them again.

        What a writer left behind when it died goes, too.
        """
        for folder in ("rollouts", "eval"):
            for path in (self.path / folder).iterdir():
                match = _STEP.match(path.name)
                if path.suffix == ".tmp" or (match and int(match[1]) > step):
                    path.unlink()

    # -- checkpoints

    def checkpoint_dir(self, step: int) -> Path:
        return self.path / "checkpoints" / _step(step)

    def checkpoint_steps(self) -> tuple[int, ...]:
        """Steps with a whole checkpoint, in order."""
        return _steps(self.path / "checkpoints", "")

    def remove_checkpoints(self, *, keep_newest: int) -> None:
        for step in self.checkpoint_steps()[:-keep_newest]:
            shutil.rmtree(self.checkpoint_dir(step))

    def _read(self, name: str, model: type[FrozenT]) -> FrozenT:
        try:
            return model.model_validate_json((self.path / name).read_bytes())
        except FileNotFoundError as error:
            raise RunDirError(f"{self.path} has no {name}") from error
        except ValidationError as error:
            raise RunDirError(f"{self.path / name} cannot be read: {error}") from error


def list_runs(root: Path) -> tuple[RunDir, ...]:
    """The runs under a directory, newest first; what is no readable run is left out."""
    paths = root.iterdir() if root.is_dir() else iter(())
    dated = [(at, path) for path in paths if (at := _created_at(path)) is not None]
    return tuple(RunDir(path) for _, path in sorted(dated, reverse=True))


def _created_at(path: Path) -> datetime | None:
    try:
        return RunDir.open(path).status().created_at
    except RunDirError:
        return None


def _step(step: int) -> str:
    return f"step-{step:06d}"


def _steps(folder: Path, suffix: str) -> tuple[int, ...]:
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else iter(())
    found = (_STEP.fullmatch(name.removesuffix(suffix)) for name in names if name.endswith(suffix))
    return tuple(sorted(int(match[1]) for match in found if match))


def _write_all(path: Path, records: Sequence[Frozen]) -> None:
    replace_text(path, "".join(f"{record.model_dump_json()}\n" for record in records))


def _free_id(root: Path, name: str) -> str:
    number, free = 1, name
    while (root / free).exists():
        number += 1
        free = f"{name}-{number}"
    return free
