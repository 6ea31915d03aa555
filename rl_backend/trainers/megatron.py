"""The trainer on stock Megatron-core: tensor, pipeline and data parallel, on CUDA or the CPU.

Takes a batch and an objective, makes the next policy version, and hands weights out in the
Hugging Face form. All ranks run the same program with the same batch; each trains on its share.
Sampling, rewards and schedules are the loop's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from rl_backend import hf_checkpoint
from rl_backend.batching import Microbatch, microbatches
from rl_backend.config import TrainerConfig
from rl_backend.handover import GatheredWeights
from rl_backend.model_shape import read_model_shape
from rl_backend.objective import MetricSums, Objective
from rl_backend.trainers import (
    cpu_standin,
    megatron_checkpoint,
    megatron_host_adam,
    megatron_model,
)
from rl_backend.trainers.base import TrainerInfo, UpdateMetrics
from rl_backend.trainers.megatron_checkpoint import TrainerState
from rl_backend.trainers.megatron_forward import Forward, ForwardStep
from rl_backend.trainers.megatron_quiet import inside_megatron, quiet
from rl_backend.trainers.megatron_reference import Reference
from rl_backend.types import Batch, PolicyVersion
from world_builder.frozen import Json

with quiet():
    from megatron.core import parallel_state
    from megatron.core.distributed import (
        DistributedDataParallel,
        DistributedDataParallelConfig,
        finalize_model_grads,
    )
    from megatron.core.optimizer import OptimizerConfig, get_megatron_optimizer
    from megatron.core.pipeline_parallel import get_forward_backward_func

ADAM_BETA1 = 0.9


class MegatronTrainer:
    """One rank of the job. Use it as a context manager, or call `close`."""

    def __init__(self, config: TrainerConfig, model_dir: Path, *, seed: int = 0) -> None:
        """Joins the job and loads the Hugging Face weights of `model_dir` as version 0.

        Raises:
            ValueError: the model is of an unsupported kind, or cannot be cut as configured, or Adam
                cannot be on the host.
        """
        self._config = config
        self._model_dir = model_dir
        self._shape = read_model_shape(model_dir)
        self._job = megatron_model.start_parallel(config, seed=seed)
        self._device = self._job.device
        self._version = PolicyVersion(0)
        self._reference: Reference | None = None
        with inside_megatron():
            self._build()

    def _build(self) -> None:
        megatron_config = megatron_model.transformer_config(self._shape, self._config)
        self._model = megatron_model.build_model(self._shape, megatron_config, self._device)
        state = hf_checkpoint.read_weights(self._model_dir)
        megatron_model.load_weights(self._model, state, self._shape)
        self._ddp = DistributedDataParallel(
            megatron_config,
            DistributedDataParallelConfig(use_distributed_optimizer=True, grad_reduce_in_fp32=True),
            self._model,
        )
        self._optimizer = get_megatron_optimizer(self._optimizer_config(), [self._ddp])
        megatron_config.finalize_model_grads_func = finalize_model_grads
        megatron_config.grad_scale_func = self._optimizer.scale_loss

    def _optimizer_config(self) -> Any:
        dtype = getattr(torch, self._config.dtype)
        return OptimizerConfig(
            optimizer="adam",
            lr=self._config.learning_rate,
            weight_decay=self._config.weight_decay,
            adam_beta1=ADAM_BETA1,
            adam_beta2=self._config.adam_beta2,
            adam_eps=self._config.adam_epsilon,
            clip_grad=self._config.max_grad_norm,
            # On one rank too: its checkpoints are the ones that any other layout can load.
            use_distributed_optimizer=True,
            params_dtype=dtype,
            bf16=dtype is torch.bfloat16,
            **megatron_host_adam.settings(self._config),
        )

    @property
    def policy_version(self) -> PolicyVersion:
        """The version of the weights held now."""
        return self._version

    @property
    def is_main_rank(self) -> bool:
        """Whether this process speaks for the job: it writes files and logs."""
        return dist.get_rank() == 0

    @property
    def info(self) -> TrainerInfo:
        """Facts for the run's metadata."""
        state = hf_checkpoint.read_weights(self._model_dir)
        return TrainerInfo(
            package="megatron-core",
            version=version("megatron-core"),
            device=str(self._device),
            is_cpu_standin=cpu_standin.is_installed(),
            data_parallel=parallel_state.get_data_parallel_world_size(),
            tensor_parallel=self._config.tensor_parallel,
            pipeline_parallel=self._config.pipeline_parallel,
            num_parameters=sum(tensor.numel() for tensor in state.values()),
        )

    def compute_logprobs(self, batch: Batch, *, temperature: float = 1.0) -> NDArray[np.float32]:
        """Log-probability of every token under softmax(logits / temperature), `[B, T]`.

        Aligned with the batch's tokens; 0 on padding and at position 0. All ranks get all rows.
        """
        parts = self.cut(batch)
        mine = self._my_share(parts)
        with inside_megatron(), torch.no_grad():
            step = self._forward(temperature).scoring_step()
            scores = self._run_schedule(step, mine, is_training=False)
            result = self._place_rows(batch, mine, scores)
        positions_T = np.arange(batch.tokens_B_T.shape[1])
        return np.where(positions_T[None] < batch.lengths_B[:, None], result, np.float32(0))

    def set_reference(self, directory: Path) -> None:
        """Takes the Hugging Face weights of `directory` for what a KL term holds on to.

        Raises:
            ValueError: they are not of this model's shape.
        """
        with inside_megatron():
            self._reference = Reference.load(directory, self._model, self._shape)

    def compute_reference_logprobs(
        self, batch: Batch, *, temperature: float = 1.0
    ) -> NDArray[np.float32]:
        """As `compute_logprobs`, under the reference. Raises ValueError when there is none."""
        with self.require_reference().in_place_of(self._model):
            return self.compute_logprobs(batch, temperature=temperature)

    def require_reference(self) -> Reference:
        """The reference. Raises ValueError when there is none."""
        if self._reference is None:
            raise ValueError("no reference was set; call set_reference first")
        return self._reference

    def train_step(
        self,
        batch: Batch,
        objective: Objective,
        *,
        temperature: float = 1.0,
        learning_rate: float | None = None,
    ) -> UpdateMetrics:
        """One update on the whole batch; makes the next policy version.

        When the gradient is not finite or no token carries loss, weights and version stay as they
        were. All ranks know the same sums and the same norm, so they decide alike.
        """
        rate = self._config.learning_rate if learning_rate is None else learning_rate
        with inside_megatron():
            sums = self.accumulate_gradients(batch, objective, temperature=temperature)
            grad_norm = self._gradient_norm()
            # Without a token the gradient is 0, and Adam would still move by its momentum.
            is_applied = math.isfinite(grad_norm) and float(sums.denominator) > 0
            if is_applied:
                self._set_learning_rate(rate)
                self._optimizer.step()
                self._version = PolicyVersion(self._version + 1)
        return _metrics(
            sums, objective, self._version, rate=rate, grad_norm=grad_norm, is_applied=is_applied
        )

    def accumulate_gradients(
        self, batch: Batch, objective: Objective, *, temperature: float = 1.0
    ) -> MetricSums:
        """Leaves the batch's gradient in the model and returns the sums of all ranks."""
        with inside_megatron():
            self._ddp.zero_grad_buffer()
            self._optimizer.zero_grad()
            step = self._forward(temperature).training_step(objective)
            parts = self._run_schedule(step, self._my_share(self.cut(batch)), is_training=True)
            return self._total(parts)

    def gradients(self) -> dict[str, torch.Tensor]:
        """The gradient under Hugging Face names, whole, on the CPU; for tests and inspection.

        Meaningful where one data-parallel rank holds all of it.
        """
        return megatron_model.gather_weights(
            self._model, self._shape, lambda weight: getattr(weight, "main_grad", weight)
        )

    def weights(self) -> dict[str, torch.Tensor]:
        """The weights under Hugging Face names, whole, on the CPU, on every rank."""
        return megatron_model.gather_weights(self._model, self._shape)

    def export_hf(self, directory: Path) -> None:
        """Writes the weights as a Hugging Face directory that an engine can load."""
        state = self.weights()
        if self.is_main_rank:
            hf_checkpoint.write_hf_checkpoint(directory, state, like=self._model_dir)
        dist.barrier()

    def gather(self, directory: Path) -> GatheredWeights:
        """The weights as they are now, for an engine; see `Trainer.gather`."""
        now = {
            name: value.clone() for name, value in self.weights().items()
        }  # on a CPU: no copy yet
        return GatheredWeights(state=now, path=directory, like=self._model_dir)

    def save_checkpoint(self, directory: Path, extra: dict[str, Json] | None = None) -> None:
        """Saves everything a resumed run needs, whole or not at all; `extra` is the caller's."""
        state = TrainerState(
            policy_version=self._version, num_ranks=dist.get_world_size(), extra=extra or {}
        )
        with inside_megatron():
            megatron_checkpoint.save(directory, self._model, self._optimizer, state)

    def load_checkpoint(self, directory: Path) -> dict[str, Json]:
        """Restores a checkpoint and returns its `extra`.

        Raises:
            ValueError: it is no checkpoint, or its files are damaged; in the last case load
                another one before going on.
        """
        with inside_megatron():
            state = megatron_checkpoint.load(directory, self._model, self._optimizer)
        self._version = state.policy_version
        return state.extra

    def close(self) -> None:
        """Frees process groups; the trainer is of no use afterwards."""
        megatron_model.stop_parallel(self._job)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def cut(self, batch: Batch) -> tuple[Microbatch, ...]:
        """The microbatches of all ranks; each trains on its share of them."""
        return microbatches(
            batch,
            max_tokens=self._config.max_tokens_per_microbatch,
            num_ranks=parallel_state.get_data_parallel_world_size(),
            share_prefixes=self._config.share_prefixes,
        )

    def _my_share(self, parts: Sequence[Microbatch]) -> Sequence[Microbatch]:
        num_ranks = parallel_state.get_data_parallel_world_size()
        return parts[parallel_state.get_data_parallel_rank() :: num_ranks]

    def _forward(self, temperature: float) -> Forward:
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        return Forward(
            device=self._device,
            temperature=temperature,
            multiple=self._config.tensor_parallel if self._config.sequence_parallel else 1,
        )

    def _run_schedule(
        self, step: ForwardStep, mine: Sequence[Microbatch], *, is_training: bool
    ) -> list[torch.Tensor]:
        """What the loss functions returned, per microbatch; empty before the last stage."""
        results: list[torch.Tensor] = get_forward_backward_func()(
            forward_step_func=step,
            data_iterator=iter(mine),
            model=[self._ddp],
            num_microbatches=len(mine),
            seq_length=max(part.packed.num_tokens for part in mine),
            micro_batch_size=1,
            forward_only=not is_training,
            collect_non_loss_data=not is_training,
        )
        return results

    def _total(self, parts: Sequence[torch.Tensor]) -> MetricSums:
        total = torch.zeros(len(MetricSums._fields), dtype=torch.float64, device=self._device)
        for part in parts:
            total += part
        dist.all_reduce(total, group=parallel_state.get_data_parallel_group())
        _from_last_stage(total)
        return MetricSums(*total.cpu())

    def _place_rows(
        self, batch: Batch, mine: Sequence[Microbatch], scores: Sequence[torch.Tensor]
    ) -> NDArray[np.float32]:
        result = torch.zeros(batch.tokens_B_T.shape, dtype=torch.float32, device=self._device)
        for part, score in zip(mine, scores, strict=False):
            width = min(score.shape[1], result.shape[1])
            if part.rows:
                result[list(part.rows), :width] = score[:, :width]
        dist.all_reduce(result, group=parallel_state.get_data_parallel_group())
        _from_last_stage(result)
        array: NDArray[np.float32] = result.cpu().numpy()
        return array

    def _gradient_norm(self) -> float:
        if self._optimizer.prepare_grads():
            return float("inf")
        return float(self._optimizer.get_grad_norm())

    def _set_learning_rate(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group.get("lr_mult", 1.0)
            group["weight_decay"] = self._config.weight_decay * group.get("wd_mult", 1.0)


def _from_last_stage(tensor: torch.Tensor) -> None:
    """Only the last pipeline stage knows losses; it tells the others, in place."""
    dist.broadcast(
        tensor,
        src=parallel_state.get_pipeline_model_parallel_last_rank(),
        group=parallel_state.get_pipeline_model_parallel_group(),
    )


def _metrics(
    sums: MetricSums,
    objective: Objective,
    policy_version: PolicyVersion,
    *,
    rate: float,
    grad_norm: float,
    is_applied: bool,
) -> UpdateMetrics:
    num_tokens = int(sums.num_tokens)

    def mean(total: torch.Tensor, *, is_known: bool = True) -> float | None:
        return _quotient(total, sums.num_tokens) if is_known else None

    has_ratio = objective.has_ratio
    return UpdateMetrics(
        policy_version=policy_version,
        is_applied=is_applied,
        learning_rate=rate,
        loss=_quotient(sums.loss, sums.denominator),
        num_tokens=num_tokens,
        num_excluded_tokens=int(sums.num_excluded),
        grad_norm=grad_norm,
        entropy=mean(sums.entropy),
        ratio_mean=mean(sums.ratio, is_known=has_ratio),
        clip_fraction_low=mean(sums.clipped_low, is_known=has_ratio),
        clip_fraction_high=mean(sums.clipped_high, is_known=has_ratio),
        kl=mean(sums.kl, is_known=has_ratio),
        reference_kl=mean(sums.reference_kl, is_known=objective.needs_reference),
        engine_kl=mean(sums.engine_kl, is_known=has_ratio),
        engine_capped_fraction=mean(sums.engine_capped, is_known=has_ratio),
        engine_masked_fraction=mean(sums.engine_masked, is_known=has_ratio),
    )


def _quotient(total: torch.Tensor, denominator: torch.Tensor) -> float | None:
    value = float(total) / float(denominator) if float(denominator) else math.nan
    return value if math.isfinite(value) else None
