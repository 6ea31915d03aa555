"""Trains with Adam beside the weights and on the host, and prints the losses of both.

Started by `test_host_adam` in processes of its own: `python -m tests.rl_backend.trainers
.run_host_adam WORK_DIR`, alone or under torchrun.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import torch

from rl_backend.config import TrainerConfig
from rl_backend.trainers import megatron_host_adam
from rl_backend.trainers.megatron import MegatronTrainer
from rl_backend.types import Batch
from tests.rl_backend.trainers.megatron_cases import supervise
from tests.rl_backend.trainers.pretended_device import pretended_device
from tests.rl_backend.trainers.twin import load_twin, make_batch, make_model

MODEL = "glm4-moe"
"""Its experts have an optimizer of their own."""


def losses(
    work_dir: Path, batch: Batch, *, on_host: bool, start: str | None = None, save: str = ""
) -> list[float]:
    """Of ten updates from a checkpoint, or from the model; saves one before and one after them."""
    config = TrainerConfig(dtype="bfloat16", optimizer_on_cpu=on_host, adam_epsilon=1e-3)
    where = pretended_device() if on_host else nullcontext()
    with where, MegatronTrainer(config, work_dir / MODEL) as trainer:
        assert bool(megatron_host_adam.parts(trainer._optimizer)) is on_host
        if start is not None:
            trainer.load_checkpoint(work_dir / start)
        if save:
            trainer.save_checkpoint(work_dir / f"{save}-before")
        found = supervise(trainer, batch)
        if save:
            trainer.save_checkpoint(work_dir / f"{save}-after")
        return found


def main() -> None:
    torch.set_num_threads(1)
    work_dir, is_main_rank = Path(sys.argv[1]), os.environ.get("RANK", "0") == "0"
    if "RANK" in os.environ:
        torch.distributed.init_process_group("gloo")
    if is_main_rank:
        make_model(work_dir / MODEL, MODEL)
    if "RANK" in os.environ:
        torch.distributed.barrier()
    batch = make_batch(load_twin(work_dir / MODEL))
    figures = {
        f"{name} {'host' if on_host else 'device'}": losses(
            work_dir, batch, on_host=on_host, start=start, save=save
        )
        for name, on_host, start, save in (
            ("first", False, None, "device"),
            ("first", True, None, "host"),
            ("from host-before", True, "host-before", ""),
            ("from host-after", True, "host-after", ""),
            ("from host-after", False, "host-after", ""),
            ("from device-after", True, "device-after", ""),
            ("from device-after", False, "device-after", ""),
        )
    }
    if is_main_rank:
        print(json.dumps(figures), flush=True)  # noqa: T201
