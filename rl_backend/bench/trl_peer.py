"""`PYTHON trl_peer.py FOLDER`: TRL's `GRPOTrainer` on the model and the batch in a folder.

Run by an interpreter that has TRL; it imports nothing of ours. `GRPOTrainer.train()` runs as it is:
its `_prepare_inputs` (shuffling, cutting), `training_step`, `_compute_loss` with the model's fused
head, clipping of the gradient norm and the optimizer. Of its methods one is replaced, the one that
generates and scores completions: it gives the batch of the folder. Nothing is logged or saved.
"""

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

WHAT = (
    "trl.GRPOTrainer.train(): _prepare_inputs, training_step, _compute_loss (loss_type dapo, "
    "attention sdpa, no gradient checkpointing), clip_grad_norm_, AdamW fused; "
    "_generate_and_score_completions replaced by the prepared batch"
)


class Prepared(GRPOTrainer):
    """The trainer on a prepared batch; it keeps what an update's loss and gradient norm were."""

    def __init__(self, batch: dict[str, Any], **given: Any) -> None:
        super().__init__(reward_funcs=no_reward, **given)
        self.batch = batch
        self.loss_sum = 0.0
        self.norm = 0.0

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
        return dict(self.batch)

    def compute_loss(self, model: Any, inputs: Any, *rest: Any, **more: Any) -> Any:
        loss = super().compute_loss(model, inputs, *rest, **more)
        self.loss_sum += loss.item()
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        self.norm = float(norm)
        return norm

    @torch.no_grad()
    def score(self) -> None:
        """As TRL scores what an engine sampled, before it trains on it."""
        batch = self.batch
        self._get_per_token_logps_and_entropies(
            self.model,
            torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1),
            torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1),
            batch["completion_ids"].size(1),
            batch_size=self.args.per_device_train_batch_size,
        )


class Told(TrainerCallback):
    """Before each update waits for the word to make it, after it tells what it was."""

    def __init__(self) -> None:
        self.answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self.trainer: Any = None
        self.began = 0.0, 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        for line in iter(sys.stdin.readline, ""):
            self.began = time.perf_counter(), time.process_time()
            word = line.strip()
            if word == "update":
                self.trainer.loss_sum = 0.0
                return
            if word == "scoring":
                self.trainer.score()
                self.answer(self.took())
            else:
                packages = [f"{name} {version(name)}" for name in ("trl", "transformers", "torch")]
                self.answer({"packages": packages, "what": WHAT})
        self.answers.flush()
        os._exit(0)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        said = {"loss": self.trainer.loss_sum, "grad_norm": self.trainer.norm}
        self.answer({**self.took(), **said})

    def took(self) -> dict[str, float]:
        wall_s, cpu_s = self.began
        return {
            "seconds": time.perf_counter() - wall_s,
            "cpu_s": time.process_time() - cpu_s,
        }

    def answer(self, said: dict[str, Any]) -> None:
        print(json.dumps(said), file=self.answers, flush=True)


def no_reward(completions: Any, **more: Any) -> list[float]:
    raise AssertionError("nothing is generated, so nothing is rewarded")


def prepared(path: Path) -> dict[str, Any]:
    """The batch as TRL makes it: prompts padded on the left, completions on the right."""
    kept = dict(np.load(path))
    lengths, starts = kept["lengths"], kept["prompt_lengths"]
    shape = len(lengths), int(starts.max())
    prompts, prompt_mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    shape = len(lengths), int((lengths - starts).max())
    completions, completion_mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    sampled, old = np.ones(shape, np.int64), np.zeros(shape, np.float32)
    for row, (end, start) in enumerate(zip(lengths, starts, strict=True)):
        prompts[row, -start:] = kept["tokens"][row, :start]
        prompt_mask[row, -start:] = 1
        completions[row, : end - start] = kept["tokens"][row, start:end]
        completion_mask[row, : end - start] = 1
        sampled[row, : end - start] = kept["mask"][row, start:end]
        old[row, : end - start] = kept["old"][row, start:end]
    arrays = {
        "prompt_ids": prompts,
        "prompt_mask": prompt_mask,
        "completion_ids": completions,
        "completion_mask": completion_mask,
        "tool_mask": sampled,
        "advantages": kept["advantages"][:, 0],
        "old_per_token_logps": old,
        "num_items_in_batch": np.array((completion_mask * sampled).sum()),
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def settings(folder: Path, asked: dict[str, Any]) -> GRPOConfig:
    """What was asked for, in TRL's words."""
    group, rows = asked["shape"]["group_size"], asked["rows_per_microbatch"]
    num_rows = asked["shape"]["num_groups"] * group
    return GRPOConfig(
        output_dir=str(folder / "trl"),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        max_steps=1_000_000,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=num_rows // rows,
        num_generations=group,
        loss_type="dapo",
        beta=0.0,
        epsilon=asked["clip_low"],
        epsilon_high=asked["clip_high"],
        temperature=asked["temperature"],
        learning_rate=asked["learning_rate"],
        lr_scheduler_type="constant",
        adam_beta1=asked["betas"][0],
        adam_beta2=asked["betas"][1],
        weight_decay=0.0,
        max_grad_norm=asked["max_grad_norm"],
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=asked["seed"],
    )


def main(folder: Path) -> None:
    """Answers until nobody asks any more."""
    told = Told()
    asked = json.loads((folder / "asked.json").read_text())
    torch.set_num_threads(asked["num_threads"])
    trainer = Prepared(
        prepared(folder / "batch.npz"),
        model=AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32),
        args=settings(folder, asked),
        train_dataset=Dataset.from_dict({"prompt": ["."] * asked["shape"]["num_groups"]}),
        processing_class=AutoTokenizer.from_pretrained(folder / "model"),
        callbacks=[told],
    )
    told.trainer = trainer
    trainer.train()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
