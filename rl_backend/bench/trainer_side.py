"""`python -m rl_backend.bench.trainer_side FOLDER shared|unshared`: our side of `bench train`.

One process with our Megatron trainer. The first one to come makes the model and the batch.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import torch

from rl_backend.bench.answers import serve
from rl_backend.bench.batches import make_batch, read_batch, with_noise, write_batch
from rl_backend.bench.policy import WORLD, make_untaught
from rl_backend.bench.train_types import (
    ASKED_FILE,
    BATCH_FILE,
    MODEL_FOLDER,
    Scoring,
    TrainAsked,
    TrainerReady,
    Update,
)
from rl_backend.config import TrainerConfig
from rl_backend.model_shape import read_model_shape
from rl_backend.objective import PolicyObjective
from rl_backend.trainers.megatron import MegatronTrainer
from rl_backend.types import Batch
from world_builder.state import WorldBase
from world_builder.worlds import build_world

WHAT: Final = "rl_backend.trainers.megatron.MegatronTrainer.train_step"


@dataclass(frozen=True, kw_only=True)
class TrainerSide:
    """A trainer with the batch that it is asked to train on."""

    asked: TrainAsked
    trainer: MegatronTrainer
    batch: Batch

    def ready(self) -> TrainerReady:
        took = _Clock()
        parts = self.trainer.cut(self.batch)
        cut_s, _ = took.read()
        return TrainerReady(
            packages=tuple(f"{name} {version(name)}" for name in ("megatron-core", "torch")),
            what=WHAT,
            num_parameters=self.trainer.info.num_parameters,
            num_packed_tokens=sum(part.packed.num_tokens for part in parts),
            cut_s=cut_s,
        )

    def update(self) -> Update:
        objective = PolicyObjective(clip_low=self.asked.clip_low, clip_high=self.asked.clip_high)
        took = _Clock()
        made = self.trainer.train_step(self.batch, objective, temperature=self.asked.temperature)
        seconds, cpu_s = took.read()
        if made.loss is None:
            raise ValueError("the batch trains on nothing")
        return Update(seconds=seconds, cpu_s=cpu_s, loss=made.loss, grad_norm=made.grad_norm)

    def scoring(self) -> Scoring:
        took = _Clock()
        self.trainer.compute_logprobs(self.batch, temperature=self.asked.temperature)
        seconds, cpu_s = took.read()
        return Scoring(seconds=seconds, cpu_s=cpu_s)


class _Clock:
    """Wall and processor time since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        wall_s, cpu_s = self._began
        return time.perf_counter() - wall_s, time.process_time() - cpu_s


def main(folder: Path, *, share_prefixes: bool) -> None:
    """Answers until nobody asks any more."""
    asked = TrainAsked.model_validate_json((folder / ASKED_FILE).read_bytes())
    torch.set_num_threads(asked.num_threads)
    model = folder / MODEL_FOLDER
    if not model.exists():
        make_untaught(model, WorldBase(build_world(WORLD)))
    config = TrainerConfig(
        learning_rate=asked.learning_rate,
        max_grad_norm=asked.max_grad_norm,
        max_tokens_per_microbatch=asked.max_tokens_per_microbatch,
        share_prefixes=share_prefixes,
    )
    with MegatronTrainer(config, model, seed=asked.seed) as trainer:
        path = folder / BATCH_FILE
        if not path.exists():
            _make_batch(path, asked, trainer, read_model_shape(model).vocab_size)
        side = TrainerSide(asked=asked, trainer=trainer, batch=read_batch(path))
        serve({"ready": side.ready, "update": side.update, "scoring": side.scoring})


def _make_batch(path: Path, asked: TrainAsked, trainer: MegatronTrainer, vocab_size: int) -> None:
    batch, prompt_lengths = make_batch(asked.shape, vocab_size=vocab_size, seed=asked.seed)
    logprobs = trainer.compute_logprobs(batch, temperature=asked.temperature)
    noisy = with_noise(batch, logprobs, std=asked.old_logprob_noise, seed=asked.seed)
    write_batch(path, noisy, prompt_lengths)


if __name__ == "__main__":
    main(Path(sys.argv[1]), share_prefixes=sys.argv[2] == "shared")
