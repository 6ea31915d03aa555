"""Training samples from demonstrations, and samples gathered into one batch.

Between the buffer, which holds samples, and the trainer, which takes a batch. Which samples
train together is the caller's choice; how a batch is cut for memory is `batching`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rl_backend.records import TokenRecord
from rl_backend.types import Batch, PolicyVersion, TrainingSample


def demonstration_sample(
    *,
    task_id: str,
    rollout_id: str,
    token_ids: Sequence[int],
    loss_mask: Sequence[bool],
) -> TrainingSample:
    """A sample to imitate: advantage 1, no reward, log-probabilities 0, policy version 0."""
    return TrainingSample(
        task_id=task_id,
        rollout_id=rollout_id,
        token_ids=tuple(token_ids),
        loss_mask=tuple(loss_mask),
        engine_logprobs=(0.0,) * len(token_ids),
        policy_versions=(PolicyVersion(0),) * len(token_ids),
        advantage=1.0,
        reward=None,
    )


def as_demonstration(record: TokenRecord) -> TrainingSample:
    """The row with loss on the policy's own tokens."""
    mask = [False] * len(record.token_ids)
    for start, end in record.sampled:
        mask[start:end] = [True] * (end - start)
    return demonstration_sample(
        task_id=record.task_id,
        rollout_id=record.rollout_id,
        token_ids=record.token_ids,
        loss_mask=mask,
    )


def to_batch(samples: Sequence[TrainingSample], *, pad_id: int) -> Batch:
    """All samples as one right-padded batch, row i being sample i.

    Raises:
        ValueError: there is no sample.
    """
    if not samples:
        raise ValueError("a batch needs at least one sample")
    length = max(len(sample.token_ids) for sample in samples)
    shape = (len(samples), length)
    tokens = np.full(shape, pad_id, dtype=np.int64)
    loss_mask = np.zeros(shape, dtype=np.bool_)
    logprobs = np.zeros(shape, dtype=np.float32)
    advantages = np.zeros(shape, dtype=np.float32)
    for row, sample in enumerate(samples):
        end = len(sample.token_ids)
        tokens[row, :end] = sample.token_ids
        loss_mask[row, :end] = sample.loss_mask
        logprobs[row, :end] = sample.engine_logprobs
        advantages[row, :end] = sample.advantage
    return Batch(
        tokens_B_T=tokens,
        lengths_B=np.array([len(sample.token_ids) for sample in samples], dtype=np.int64),
        loss_mask_B_T=loss_mask,
        engine_logprobs_B_T=logprobs,
        old_logprobs_B_T=logprobs,
        advantages_B_T=advantages,
    )


def with_old_logprobs(batch: Batch, logprobs_B_T: NDArray[np.float32]) -> Batch:
    """The same batch whose ratio starts from the trainer's own log-probabilities.

    Raises:
        ValueError: the array is not aligned with the batch's tokens.
    """
    return replace(batch, old_logprobs_B_T=_aligned(batch, logprobs_B_T))


def with_reference_logprobs(batch: Batch, logprobs_B_T: NDArray[np.float32]) -> Batch:
    """The same batch with the log-probabilities that a KL term holds on to.

    Raises:
        ValueError: the array is not aligned with the batch's tokens.
    """
    return replace(batch, reference_logprobs_B_T=_aligned(batch, logprobs_B_T))


def _aligned(batch: Batch, logprobs_B_T: NDArray[np.float32]) -> NDArray[np.float32]:
    if logprobs_B_T.shape != batch.tokens_B_T.shape:
        raise ValueError(
            f"log-probabilities must have the batch's shape {batch.tokens_B_T.shape}, "
            f"got {logprobs_B_T.shape}"
        )
    return logprobs_B_T.astype(np.float32)
