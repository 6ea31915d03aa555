"""Our trainer beside TRL's on the same model, batch and objective: `corecraft bench train`.

Three processes hold the model (ours, ours without sharing what rows begin with, TRL's in its own
environment) and compute one after another, on as many threads each, in an order that turns every
round. Each makes the same updates, so their losses can be compared update by update. The first
update of each is not timed.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from exporter.bench.peer_venv import Peer, required_version
from rl_backend.bench.train_types import (
    ASKED_FILE,
    BATCH_FILE,
    Ready,
    Scoring,
    SideFigures,
    TrainAsked,
    TrainerReady,
    TrainFigures,
    Update,
)
from rl_backend.bench.worker import Worker
from rl_backend.errors import BackendError

TRL_FOLDER: Final = Path("var/bench/trl-venv")


class TrainSide(StrEnum):
    """Whose trainer computes."""

    OURS = "corecraft"
    UNSHARED = "corecraft, nothing shared"
    TRL = "TRL"


@dataclass(kw_only=True)
class _Measured:
    """One side's process and what it has answered."""

    worker: Worker
    ready: Ready
    updates: list[Update] = field(default_factory=list)
    scorings: list[Scoring] = field(default_factory=list)

    def figures(self) -> SideFigures:
        timed = self.updates[1:]
        return SideFigures(
            ready=self.ready,
            update_s=statistics.median(update.seconds for update in timed),
            update_cpu_s=statistics.median(update.cpu_s for update in timed),
            scoring_s=statistics.median(scoring.seconds for scoring in self.scorings),
            scoring_cpu_s=statistics.median(scoring.cpu_s for scoring in self.scorings),
            losses=tuple(update.loss for update in self.updates),
            grad_norms=tuple(update.grad_norm for update in self.updates),
        )


def trl_peer() -> Peer:
    """TRL, on the torch and transformers of the running environment.

    Raises BackendError where the training backend is not installed.
    """
    try:
        ours = version("transformers"), version("torch").partition("+")[0]
    except PackageNotFoundError as error:
        raise BackendError(
            "Our own trainer is not installed.", hint="Run `python -m rl_backend.install`."
        ) from error
    return Peer(
        name="TRL",
        requirements=("trl==1.16.0", f"transformers=={ours[0]}", f"torch=={ours[1]}"),
        probe="import trl; trl.GRPOTrainer; print(trl.__version__)",
        folder=TRL_FOLDER,
    )


def bench_train(
    python: Path,
    asked: TrainAsked,
    *,
    num_rounds: int = 3,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> TrainFigures:
    """Measures with an interpreter that has TRL.

    Raises:
        ExporterError: the interpreter has no TRL.
        BackendError: a side does not answer.
        ValueError: TRL cannot cut the batch as asked, or there is no round.
    """
    required_version(trl_peer(), python)
    _check(asked, num_rounds)
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="corecraft-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        (folder / ASKED_FILE).write_text(asked.model_dump_json())
        sides: dict[TrainSide, _Measured] = {}
        for side in TrainSide:
            on_stage(f"starting {side.value}")
            sides[side] = stack.enter_context(_started(side, folder, python, asked))
        for number in range(num_rounds + 1):
            _round(sides, number, on_stage)
        return _figures(sides, folder, asked, num_rounds, load)


def _check(asked: TrainAsked, num_rounds: int) -> None:
    if num_rounds < 1:
        raise ValueError("there must be 1 round or more")
    if asked.shape.num_rows % asked.rows_per_microbatch:
        raise ValueError(
            f"{asked.shape.num_rows} rows cannot be cut into microbatches of "
            f"{asked.rows_per_microbatch}, as TRL wants them"
        )


@contextmanager
def _started(side: TrainSide, folder: Path, python: Path, asked: TrainAsked) -> Iterator[_Measured]:
    log = folder / f"{side.name.lower()}.log"
    with Worker(_command(side, folder, python), log, num_threads=asked.num_threads) as worker:
        shape = Ready if side is TrainSide.TRL else TrainerReady
        yield _Measured(worker=worker, ready=worker.ask("ready", shape))


def _command(side: TrainSide, folder: Path, python: Path) -> list[str]:
    if side is TrainSide.TRL:
        return [str(python), str(Path(__file__).with_name("trl_peer.py")), str(folder)]
    module = [sys.executable, "-m", "rl_backend.bench.trainer_side", str(folder)]
    return [*module, "shared" if side is TrainSide.OURS else "unshared"]


def _round(sides: dict[TrainSide, _Measured], number: int, on_stage: Callable[[str], None]) -> None:
    """An update and a scoring of each side; the other way round every second time."""
    for side in list(sides)[:: 1 if number % 2 else -1]:
        measured = sides[side]
        on_stage(f"round {number}: an update of {side.value}")
        if number:
            measured.scorings.append(measured.worker.ask("scoring", Scoring))
        measured.updates.append(measured.worker.ask("update", Update))


def _figures(
    sides: dict[TrainSide, _Measured],
    folder: Path,
    asked: TrainAsked,
    num_rounds: int,
    load: float,
) -> TrainFigures:
    # Imported here, so that the command is listed where the training backend is not installed.
    from rl_backend.bench.batches import read_batch

    batch, looked_at = read_batch(folder / BATCH_FILE), sides[TrainSide.OURS].ready
    if not isinstance(looked_at, TrainerReady):
        raise TypeError("our side says how it packs")
    return TrainFigures(
        num_parameters=looked_at.num_parameters,
        num_rows=batch.num_rows,
        num_row_tokens=batch.num_tokens,
        num_packed_tokens=looked_at.num_packed_tokens,
        num_sampled_tokens=int(batch.loss_mask_B_T.sum()),
        cut_s=looked_at.cut_s,
        num_threads=asked.num_threads,
        num_cores=os.cpu_count() or 1,
        load=load,
        num_rounds=num_rounds,
        ours=sides[TrainSide.OURS].figures(),
        unshared=sides[TrainSide.UNSHARED].figures(),
        trl=sides[TrainSide.TRL].figures(),
    )
