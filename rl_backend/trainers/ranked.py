"""A trainer of several ranks, driven by one process: the loop's own.

Every call of the `Trainer` protocol is told to the other ranks and made here too; all of them run
`MegatronTrainer`, whose collectives join their work. `open_trainer` is what a run calls: it starts
the ranks that the configuration asks for, or leads those that torchrun started.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import torch.distributed as dist
from numpy.typing import NDArray

from rl_backend.config import TrainerConfig
from rl_backend.errors import TrainerError
from rl_backend.handover import GatheredWeights
from rl_backend.objective import Objective
from rl_backend.trainers.base import Trainer, TrainerInfo, UpdateMetrics
from rl_backend.trainers.megatron import MegatronTrainer
from rl_backend.trainers.rank_link import Call, RankLink, given_store, own_store
from rl_backend.trainers.rank_processes import RankProcesses, given_ranks
from rl_backend.types import Batch, PolicyVersion
from world_builder.frozen import Json

CLOSE = "close"
SURVIVED = frozenset({"load_checkpoint", "set_reference"})
"""Methods that may be refused (ValueError) on some rank, after which all ranks go on."""
NOTICE_S = 5.0
"""Time that a failed rank gets to be seen, so that an error can name it."""

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What every rank makes its trainer of."""

    config: TrainerConfig
    model_dir: Path
    seed: int

    def trainer(self) -> MegatronTrainer:
        """This rank's trainer. Raises ValueError when the model cannot be cut or built."""
        return MegatronTrainer(self.config, self.model_dir, seed=self.seed)

    def as_call(self) -> Call:
        args = {"config": self.config, "model_dir": self.model_dir, "seed": self.seed}
        return Call(method="open", args=args)


@contextmanager
def open_trainer(config: TrainerConfig, model_dir: Path, *, seed: int = 0) -> Iterator[Trainer]:
    """The configured trainer on all of its ranks; closed, and its ranks ended, after the block.

    Raises:
        ValueError: the model is of an unsupported kind, or cannot be cut as configured.
        TrainerError: the ranks did not come together, or they are not as many as configured.
    """
    num_given = given_ranks()
    if num_given not in (1, config.num_ranks):
        raise TrainerError(
            f"{num_given} processes were started for the trainer's {config.num_ranks} ranks.",
            hint="Start tensor_parallel x pipeline_parallel x data_parallel of them.",
        )
    opening = Opening(config=config, model_dir=model_dir, seed=seed)
    trainer = opening.trainer() if config.num_ranks == 1 else RankedTrainer(opening)
    try:
        yield trainer
    finally:
        trainer.close()


class RankedTrainer:
    """Rank 0 of the trainer, which speaks for all of them."""

    def __init__(self, opening: Opening) -> None:
        """Raises as `open_trainer` does."""
        self._processes: RankProcesses | None = None
        self._link = self._joined(opening.config)
        self._trainer: MegatronTrainer | None = None
        self._is_broken = False
        try:
            self._link.tell(opening.as_call())
            self._trainer = self._agreed(opening.trainer)
        finally:
            if self._trainer is None:
                self._end()

    def _joined(self, config: TrainerConfig) -> RankLink:
        num_ranks = config.num_ranks
        if given_ranks() > 1:
            return RankLink.join(given_store(), rank=0, num_ranks=num_ranks)
        store = own_store()
        num_threads = config.num_cpu_threads or max(1, (os.cpu_count() or 1) // num_ranks)
        self._processes = RankProcesses(num_ranks, port=store.port, num_threads=num_threads)
        return RankLink.join(store, rank=0, num_ranks=num_ranks)

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes of the ranks that were started here."""
        return () if self._processes is None else self._processes.pids

    @property
    def policy_version(self) -> PolicyVersion:
        """The version of the weights held now."""
        return self._here.policy_version

    @property
    def info(self) -> TrainerInfo:
        """Facts for the run's metadata."""
        return self._here.info

    def compute_logprobs(self, batch: Batch, *, temperature: float = 1.0) -> NDArray[np.float32]:
        """As `Trainer.compute_logprobs`."""
        args: dict[str, object] = {"batch": batch, "temperature": temperature}
        self._tell("compute_logprobs", args)
        return self._guarded(lambda: self._here.compute_logprobs(batch, temperature=temperature))

    def set_reference(self, directory: Path) -> None:
        """As `Trainer.set_reference`. Raises ValueError; all ranks go on without it."""
        self._tell("set_reference", {"directory": directory})
        self._agreed(lambda: self._here.set_reference(directory))

    def compute_reference_logprobs(
        self, batch: Batch, *, temperature: float = 1.0
    ) -> NDArray[np.float32]:
        """As `Trainer.compute_reference_logprobs`. Raises ValueError when there is none."""
        self._here.require_reference()
        args: dict[str, object] = {"batch": batch, "temperature": temperature}
        self._tell("compute_reference_logprobs", args)
        return self._guarded(
            lambda: self._here.compute_reference_logprobs(batch, temperature=temperature)
        )

    def train_step(
        self,
        batch: Batch,
        objective: Objective,
        *,
        temperature: float = 1.0,
        learning_rate: float | None = None,
    ) -> UpdateMetrics:
        """As `Trainer.train_step`."""
        args: dict[str, object] = {
            "batch": batch,
            "objective": objective,
            "temperature": temperature,
            "learning_rate": learning_rate,
        }
        self._tell("train_step", args)
        return self._guarded(
            lambda: self._here.train_step(
                batch, objective, temperature=temperature, learning_rate=learning_rate
            )
        )

    def save_checkpoint(self, directory: Path, extra: dict[str, Json] | None = None) -> None:
        """As `Trainer.save_checkpoint`; the ranks share the directory."""
        self._tell("save_checkpoint", {"directory": directory, "extra": extra})
        self._guarded(lambda: self._here.save_checkpoint(directory, extra))

    def load_checkpoint(self, directory: Path) -> dict[str, Json]:
        """As `Trainer.load_checkpoint`. Raises ValueError; another one may then be loaded."""
        self._tell("load_checkpoint", {"directory": directory})
        return self._agreed(lambda: self._here.load_checkpoint(directory))

    def export_hf(self, directory: Path) -> None:
        """As `Trainer.export_hf`."""
        self._tell("export_hf", {"directory": directory})
        self._guarded(lambda: self._here.export_hf(directory))

    def gather(self, directory: Path) -> GatheredWeights:
        """As `Trainer.gather`."""
        self._tell("gather", {"directory": directory})
        return self._guarded(lambda: self._here.gather(directory))

    def close(self) -> None:
        """Ends all ranks; the second call does nothing."""
        if self._trainer is None:
            return
        if not self._is_broken:
            self._tell(CLOSE, {})
            self._trainer.close()
        self._trainer = None
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def _here(self) -> MegatronTrainer:
        if self._trainer is None:
            raise ValueError("the trainer is closed")
        return self._trainer

    def _tell(self, method: str, args: dict[str, object]) -> None:
        self._guarded(lambda: self._link.tell(Call(method=method, args=args)))

    def _agreed(self, work: Callable[[], AnswerT]) -> AnswerT:
        """As `RankLink.agreed`; a refusal breaks nothing."""
        refusals: list[ValueError] = []

        def attempt() -> AnswerT | None:
            try:
                return self._link.agreed(work)
            except ValueError as refusal:
                refusals.append(refusal)
                return None

        answer = self._guarded(attempt)
        if refusals:
            raise refusals[0]
        return answer  # type: ignore[return-value]

    def _guarded(self, work: Callable[[], AnswerT]) -> AnswerT:
        """The work's answer; when it fails the ranks are out of step, and a lost one is named."""
        try:
            return work()
        except BaseException as error:
            self._is_broken = True
            if isinstance(error, RuntimeError) and (told := self._lost_ranks()):
                raise TrainerError(f"{told}.", hint="See the run's log; resume it.") from error
            raise

    def _lost_ranks(self) -> str:
        ends = {} if self._processes is None else self._processes.ends(NOTICE_S)
        told = {rank: f"failed with {text}" for rank, text in self._link.last_words().items()}
        return "; ".join(
            f"Rank {rank} of the trainer {text}" for rank, text in sorted((ends | told).items())
        )

    def _end(self) -> None:
        if dist.is_initialized() and not self._is_broken:
            dist.destroy_process_group()
        if self._processes is not None:
            self._processes.stop(is_broken=self._is_broken)
