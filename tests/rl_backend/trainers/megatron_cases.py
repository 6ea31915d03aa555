"""Runs the Megatron trainer beside a plain-torch twin and prints by how much they differ.

Started by `test_megatron` in processes of its own, since the stand-in for CUDA changes the whole
process: `python -m tests.rl_backend.trainers.run_cases WORK_DIR LAYOUT ...`, alone or under
torchrun. A layout is `MODEL:TPxPP` or `MODEL:TPxPP:CHANGE`; ranks beyond TP x PP are data parallel.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rl_backend.config import TrainerConfig
from rl_backend.hf_checkpoint import read_weights
from rl_backend.objective import PolicyObjective, SupervisedObjective
from rl_backend.trainers.base import Trainer
from rl_backend.trainers.megatron import ADAM_BETA1, MegatronTrainer
from rl_backend.types import Batch
from tests.rl_backend.trainers.family import NAMED, family_batch, twin_family_loss
from tests.rl_backend.trainers.twin import (
    TEMPERATURE,
    gradients_of,
    largest_difference,
    load_twin,
    make_batch,
    make_model,
    state_of,
    trained,
    twin_logprobs,
    twin_loss,
)

Figures = dict[str, float | bool | str | list[float] | list[str]]

BETA2 = 0.98
EPSILON = 1e-3
RATE = 1e-3
NUM_UPDATES = 3
NUM_SUPERVISED = 10
CHANGES: dict[str, dict[str, object]] = {
    "experts": {"expert_parallel": 2},
    "sequence": {"sequence_parallel": True},
    "full": {"recompute": "full"},
    "selective": {"recompute": "selective"},
    "sequence-full": {"sequence_parallel": True, "recompute": "full"},
}


def compare(layout: str, work_dir: Path) -> Figures:
    """All figures of one layout."""
    name, sizes, *changes = layout.split(":")
    tensor, pipeline = (int(size) for size in sizes.split("x"))
    model_dir = work_dir / name
    twin = load_twin(model_dir)
    batch = make_batch(twin)
    given: dict[str, object] = {
        "learning_rate": RATE,
        "adam_beta2": BETA2,
        "adam_epsilon": EPSILON,
        "max_grad_norm": 1.0,
        "max_tokens_per_microbatch": 80,
        "tensor_parallel": tensor,
        "pipeline_parallel": pipeline,
    }
    config = TrainerConfig.model_validate(given | CHANGES.get(":".join(changes), {}))
    with MegatronTrainer(config, model_dir) as trainer:
        start = work_dir / f"start-{layout}"
        trainer.save_checkpoint(start)
        supervise(trainer, batch)
        trainer.load_checkpoint(start)
        figures = compare_forward(trainer, twin, batch)
        figures["num_packed_tokens"] = num_packed_tokens(trainer, batch)
        figures |= compare_family(trainer, twin, batch)
        figures |= compare_reference(trainer, batch, work_dir)
        figures |= compare_updates(trainer, twin, batch)
        figures |= compare_export(trainer, twin, work_dir / f"export-{layout}", batch)
        figures |= refuse_broken_gradient(trainer, batch)
        figures |= refuse_excluded_tokens(trainer, batch)
        trainer.save_checkpoint(work_dir / f"checkpoint-{layout}", {"position": 17})
        saved_version = trainer.policy_version
        figures["losses_going_on"] = supervise(trainer, batch)
        figures["is_cpu_standin"] = trainer.info.is_cpu_standin
    with MegatronTrainer(config, model_dir) as resumed:
        extra = resumed.load_checkpoint(work_dir / f"checkpoint-{layout}")
        figures["is_extra_kept"] = extra == {"position": 17}
        figures["is_version_kept"] = resumed.policy_version == saved_version
        figures["losses_resumed"] = supervise(resumed, batch)
        figures["torn_error"] = load_torn(resumed, start)
    return figures


def round_trip_in_bfloat16(name: str, work_dir: Path) -> Figures:
    """Weights that come out of a bfloat16 trainer otherwise than they went in."""
    config = TrainerConfig(dtype="bfloat16")
    with MegatronTrainer(config, work_dir / name) as trainer:
        trainer.export_hf(work_dir / "bfloat16")
    given, found = (read_weights(work_dir / which) for which in (name, "bfloat16"))
    kept = {n: v if n.endswith("correction_bias") else v.bfloat16() for n, v in given.items()}
    changed = [n for n, v in kept.items() if v.dtype != found[n].dtype or not v.equal(found[n])]
    return {"changed": sorted(changed), "num_corrections": float(len(corrections_of(given)))}


def corrections_of(state: dict[str, torch.Tensor]) -> list[str]:
    """Names of routers' corrections that bfloat16 would change."""
    return [
        name
        for name, value in state.items()
        if name.endswith("correction_bias") and not value.equal(value.bfloat16().float())
    ]


def num_packed_tokens(trainer: MegatronTrainer, batch: Batch) -> float:
    """Tokens that go through the model; the rows have more."""
    return float(sum(p.packed.num_tokens for p in trainer.cut(batch) if p.rows))


def compare_forward(trainer: MegatronTrainer, twin: Any, batch: Batch) -> Figures:
    found = trainer.compute_logprobs(batch, temperature=TEMPERATURE)
    real = np.arange(batch.tokens_B_T.shape[1])[None] < batch.lengths_B[:, None]
    expected = np.where(real, twin_logprobs(twin, batch).detach().numpy(), 0)
    return {
        "weights": largest_difference(trainer.weights(), state_of(twin)),
        "logprobs": float(np.abs(found - expected).max()),
    }


def holds_gradients(trainer: MegatronTrainer, twin: Any) -> bool:
    """Whether a rank has all of the gradient that its weights want.

    The distributed optimizer shares out what several ranks hold: everything under data parallel,
    and experts under tensor parallel.
    """
    has_experts = any(".experts." in name for name, _ in twin.named_parameters())
    is_shared = has_experts and trainer.info.tensor_parallel > 1
    return trainer.info.data_parallel == 1 and not is_shared


def compare_family(trainer: MegatronTrainer, twin: Any, batch: Batch) -> Figures:
    """Loss and gradients of every objective; gradients where one rank holds them whole."""
    given = family_batch(batch, twin_logprobs(twin, batch))
    tokens = torch.from_numpy(given.tokens_B_T)
    figures: Figures = {}
    for name, objective in NAMED.items():
        twin.zero_grad()
        logits = twin(tokens).logits[:, :-1] / TEMPERATURE
        loss = twin_family_loss(objective, logits, tokens, given)
        loss.backward()
        sums = trainer.accumulate_gradients(given, objective, temperature=TEMPERATURE)
        found = float(sums.loss) / float(sums.denominator)
        figures[f"family_loss_{name}"] = abs(found - loss.item())
        if holds_gradients(trainer, twin):
            found_gradients = trained(trainer.gradients())
            figures[f"family_gradient_{name}"] = largest_difference(
                found_gradients, gradients_of(twin)
            )
    return figures


def compare_reference(trainer: MegatronTrainer, batch: Batch, work_dir: Path) -> Figures:
    """Log-probabilities of another model of the same shape, and ours before and after."""
    twin = load_twin(work_dir / "reference")
    trainer.set_reference(work_dir / "reference")
    before = trainer.compute_logprobs(batch, temperature=TEMPERATURE)
    found = trainer.compute_reference_logprobs(batch, temperature=TEMPERATURE)
    real = np.arange(batch.tokens_B_T.shape[1])[None] < batch.lengths_B[:, None]
    expected = np.where(real, twin_logprobs(twin, batch).detach().numpy(), 0)
    after = trainer.compute_logprobs(batch, temperature=TEMPERATURE)
    return {
        "reference_logprobs": float(np.abs(found - expected).max()),
        "reference_differs": float(np.abs(found - before).max()),
        "reference_leaves_no_trace": bool((before == after).all()),
    }


def compare_updates(trainer: MegatronTrainer, twin: Any, batch: Batch) -> Figures:
    """Gradients of the first update, then losses and weights of several."""
    figures: Figures = {}
    optimizer = torch.optim.AdamW(
        twin.parameters(), lr=RATE, betas=(ADAM_BETA1, BETA2), eps=EPSILON, weight_decay=0.0
    )
    losses, norms = [], []
    for step in range(NUM_UPDATES):
        optimizer.zero_grad()
        loss = twin_loss(twin, batch)
        loss.backward()
        if step == 0 and holds_gradients(trainer, twin):
            trainer.accumulate_gradients(batch, PolicyObjective(), temperature=TEMPERATURE)
            expected = gradients_of(twin)
            figures["gradients"] = largest_difference(trained(trainer.gradients()), expected)
            figures["smallest_gradient"] = min(
                float(g.abs().max()) for name, g in expected.items() if ".experts." not in name
            )
        norm = torch.nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        metrics = trainer.train_step(batch, PolicyObjective(), temperature=TEMPERATURE)
        optimizer.step()
        losses.append(abs((metrics.loss or math.nan) - loss.item()))
        norms.append(abs(metrics.grad_norm - float(norm)))
        if step == 0:
            figures |= {f"first_{key}": value for key, value in asdict(metrics).items()}
    figures["losses"], figures["norms"] = losses, norms
    figures["updated_weights"] = largest_difference(trainer.weights(), state_of(twin))
    figures["policy_version"] = float(trainer.policy_version)
    return figures


def compare_export(trainer: MegatronTrainer, twin: Any, directory: Path, batch: Batch) -> Figures:
    """What transformers computes from the exported directory, beside what the trainer does."""
    trainer.export_hf(directory)
    reloaded = load_twin(directory)
    expected = twin_logprobs(reloaded, batch).detach().numpy()
    found = trainer.compute_logprobs(batch, temperature=TEMPERATURE)
    real = np.arange(batch.tokens_B_T.shape[1])[None] < batch.lengths_B[:, None]
    return {
        "exported_weights": largest_difference(state_of(reloaded), trainer.weights()),
        "exported_logprobs": float(np.abs(np.where(real, found - expected, 0)).max()),
        "exported_names": largest_difference(state_of(reloaded), state_of(twin)) < 1.0,
    }


def supervise(trainer: Trainer, batch: Batch) -> list[float]:
    """Losses of imitating the batch's own tokens for a while."""
    objective = SupervisedObjective(context_weight=0.1)
    return [
        trainer.train_step(batch, objective, learning_rate=3e-3).loss or math.nan
        for _ in range(NUM_SUPERVISED)
    ]


def load_torn(trainer: MegatronTrainer, directory: Path) -> str:
    """What loading a checkpoint says whose files lost their second halves."""
    if trainer.is_main_rank:
        for file in directory.glob("*.distcp"):
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    torch.distributed.barrier()
    try:
        trainer.load_checkpoint(directory)
    except ValueError as error:
        return str(error)
    return ""


def refuse_broken_gradient(trainer: MegatronTrainer, batch: Batch) -> Figures:
    """An infinite advantage must change neither weights nor version."""
    broken = np.where(np.arange(batch.num_rows)[:, None] == 1, np.inf, batch.advantages_B_T)
    given = replace(batch, advantages_B_T=broken.astype(np.float32))
    return refused("broken", trainer, given)


def refuse_excluded_tokens(trainer: MegatronTrainer, batch: Batch) -> Figures:
    """Nor must a batch without a usable token, whatever momentum earlier updates left behind."""
    unknown = np.full_like(batch.old_logprobs_B_T, np.nan)
    return refused("excluded", trainer, replace(batch, old_logprobs_B_T=unknown))


def refused(name: str, trainer: MegatronTrainer, batch: Batch) -> Figures:
    """What became of an update that must be skipped."""
    before = {name: weight.clone() for name, weight in trainer.weights().items()}
    version = trainer.policy_version
    metrics = trainer.train_step(batch, PolicyObjective())
    return {
        f"{name}_is_applied": metrics.is_applied,
        f"{name}_changed": largest_difference(trainer.weights(), before),
        f"{name}_version": trainer.policy_version == version,
        f"{name}_num_tokens": float(metrics.num_tokens),
        f"{name}_why": metrics.why_skipped,
    }


def main() -> None:
    torch.set_num_threads(1)
    work_dir, layouts = Path(sys.argv[1]), sys.argv[2:]
    is_main_rank = os.environ.get("RANK", "0") == "0"
    if "RANK" in os.environ:
        torch.distributed.init_process_group("gloo")
    for layout in layouts:
        name = layout.split(":")[0]
        if is_main_rank:
            make_model(work_dir / name, name)
            make_model(work_dir / "reference", name, seed=1)
        if "RANK" in os.environ:
            torch.distributed.barrier()
        is_short = layout.endswith(":bfloat16")
        figures = round_trip_in_bfloat16(name, work_dir) if is_short else compare(layout, work_dir)
        if is_main_rank:
            print(json.dumps({"layout": layout, "figures": figures}), flush=True)  # noqa: T201
