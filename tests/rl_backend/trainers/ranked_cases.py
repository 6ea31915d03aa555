"""A trainer of two ranks that meets trouble, and prints what became of it.

`python -m tests.rl_backend.trainers.run_ranked WORK_DIR CASE`, in a process of its own, since
Megatron changes the whole process. Each case prints one JSON object.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import torch

from rl_backend.config import TrainerConfig
from rl_backend.errors import TrainerError
from rl_backend.hf_checkpoint import read_weights
from rl_backend.trainers.follower import follow
from rl_backend.trainers.rank_processes import is_follower
from rl_backend.trainers.ranked import RankedTrainer, open_trainer
from rl_backend.types import Batch
from tests.rl_backend.trainers.megatron_cases import supervise
from tests.rl_backend.trainers.twin import load_twin, make_batch, make_model

ONE_RANK = TrainerConfig(max_tokens_per_microbatch=80, num_cpu_threads=1)
TENSOR, PIPELINE, DATA = (
    {f"{name}_parallel": 2} for name in ("tensor", "pipeline", "data")
)  # fmt: skip
TWO_RANKS = ONE_RANK.model_copy(update=DATA)


def refused(model_dir: Path) -> dict[str, object]:
    """The model cannot be cut in three; what is refused leaves no process and no group behind."""
    cut = TWO_RANKS.model_copy(update={"data_parallel": 1, "tensor_parallel": 3})
    try:
        with open_trainer(cut, model_dir):
            return {}
    except ValueError as error:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        is_joined = torch.distributed.is_initialized()
        return {"error": str(error), "is_joined": is_joined, "children": children}


def troubled(model_dir: Path) -> dict[str, object]:
    """What cannot be read is refused, and the work goes on; then rank 1 is killed."""
    batch = make_batch(load_twin(model_dir))
    errors = []
    with open_trainer(TWO_RANKS, model_dir) as trainer:
        assert isinstance(trainer, RankedTrainer)
        for method in (trainer.load_checkpoint, trainer.set_reference):
            try:
                method(model_dir / "absent")
            except ValueError as error:
                errors.append(str(error))
        try:
            trainer.compute_reference_logprobs(batch)
        except ValueError as error:
            errors.append(str(error))
        trainer.save_checkpoint(model_dir / "checkpoint", {"position": 5})
        extra = trainer.load_checkpoint(model_dir / "checkpoint")
        found: dict[str, object] = {"refusals": errors, "extra": extra}
        found["losses"] = supervise(trainer, batch)
        found["is_gathered"] = is_gathered(trainer, model_dir, batch)
        os.kill(trainer.pids[0], signal.SIGKILL)
        start = time.monotonic()
        try:
            supervise(trainer, batch)
        except TrainerError as error:
            return found | {"error": str(error), "seconds": time.monotonic() - start}
    return found


def is_gathered(trainer: RankedTrainer, folder: Path, batch: Batch) -> bool:
    """Whether what is handed over in memory is what is written as files, also after updates."""
    weights = trainer.gather(folder / "gathered")
    if (folder / "gathered").exists():
        return False
    trainer.export_hf(folder / "exported")
    supervise(trainer, batch)
    exported, in_memory = read_weights(folder / "exported"), weights.tensors()
    written = read_weights(weights.directory())
    return exported.keys() == in_memory.keys() == written.keys() and all(
        torch.equal(exported[name], in_memory[name]) and torch.equal(written[name], exported[name])
        for name in exported
    )


def orphaned(model_dir: Path) -> dict[str, object]:
    """Tells the ranks' processes and waits to be killed."""
    with open_trainer(TWO_RANKS, model_dir) as trainer:
        assert isinstance(trainer, RankedTrainer)
        print(json.dumps({"pids": trainer.pids}), flush=True)  # noqa: T201
        signal.pause()
    return {}


def given(model_dir: Path) -> dict[str, object]:
    """Ranks that torchrun started."""
    batch = make_batch(load_twin(model_dir))
    with open_trainer(TWO_RANKS, model_dir) as trainer:
        assert isinstance(trainer, RankedTrainer)
        return {"pids": trainer.pids, "losses": supervise(trainer, batch)}


def relaid(model_dir: Path) -> dict[str, object]:
    """Losses after a checkpoint, by the layout that saved it and the one that loaded it."""
    batch = make_batch(load_twin(model_dir))
    cuts = {"one": {}, "tensor": TENSOR, "pipeline": PIPELINE, "data": DATA}
    found: dict[str, object] = {}
    for name, cut in cuts.items():
        with open_trainer(ONE_RANK.model_copy(update=cut), model_dir) as trainer:
            supervise(trainer, batch)
            trainer.save_checkpoint(model_dir / name)
            if name == "one":
                found["one"] = supervise(trainer, batch)
    for saved, loaded in [("one", name) for name in cuts] + [(name, "one") for name in cuts]:
        with open_trainer(ONE_RANK.model_copy(update=cuts[loaded]), model_dir) as trainer:
            trainer.load_checkpoint(model_dir / saved)
            found[f"{saved} to {loaded}"] = supervise(trainer, batch)
    return found


CASES = {case.__name__: case for case in (troubled, refused, orphaned, given, relaid)}


def main() -> None:
    torch.set_num_threads(1)
    work_dir, name = Path(sys.argv[1]), sys.argv[2]
    if is_follower():
        sys.exit(follow())
    if not is_follower():
        make_model(work_dir / name, "llama-untied")
        print(json.dumps(CASES[name](work_dir / name)), flush=True)  # noqa: T201
