"""The batch of `corecraft bench train`: groups of rows with a common prompt, from a seed.

Token ids are random, so groups share nothing but what their shape says; the order of the work does
not depend on what tokens mean. It is kept as one file that both sides read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_backend.advantages import AdvantageNorm, group_advantages
from rl_backend.bench.train_types import BatchShape
from rl_backend.samples import to_batch
from rl_backend.types import Batch, PolicyVersion, TrainingSample


def make_batch(shape: BatchShape, *, vocab_size: int, seed: int) -> tuple[Batch, list[int]]:
    """A batch, its old log-probabilities still 0, and the length of each row's prompt."""
    rng = np.random.default_rng(seed)
    samples: list[TrainingSample] = []
    prompt_lengths: list[int] = []
    for group in range(shape.num_groups):
        prompt = rng.integers(0, vocab_size, _around(rng, shape.prompt_tokens, shape)).tolist()
        rewards = rng.random(shape.group_size).round(1).tolist()
        found = group_advantages(rewards, norm=AdvantageNorm.STD, std_floor=0.0, min_scored=2)
        for index, advantage in enumerate(found.advantages):
            response, mask = _response(rng, shape, vocab_size)
            samples.append(
                TrainingSample(
                    task_id=f"group-{group}",
                    rollout_id=f"group-{group}/{index}",
                    token_ids=(*prompt, *response),
                    loss_mask=(*[False] * len(prompt), *mask),
                    engine_logprobs=(0.0,) * (len(prompt) + len(response)),
                    policy_versions=(PolicyVersion(0),) * (len(prompt) + len(response)),
                    advantage=advantage or 0.0,
                    reward=rewards[index],
                )
            )
            prompt_lengths.append(len(prompt))
    return to_batch(samples, pad_id=0), prompt_lengths


def with_noise(batch: Batch, logprobs_B_T: NDArray[np.float32], *, std: float, seed: int) -> Batch:
    """The batch whose old log-probabilities are the given ones with noise on sampled tokens."""
    noise = np.random.default_rng(seed).normal(0.0, std, logprobs_B_T.shape)
    old = np.where(batch.loss_mask_B_T, logprobs_B_T + noise, 0.0).astype(np.float32)
    return replace(batch, old_logprobs_B_T=old, engine_logprobs_B_T=old)


def write_batch(path: Path, batch: Batch, prompt_lengths: list[int]) -> None:
    """Keeps a batch for both sides."""
    np.savez(
        path,
        tokens=batch.tokens_B_T,
        lengths=batch.lengths_B,
        mask=batch.loss_mask_B_T,
        old=batch.old_logprobs_B_T,
        advantages=batch.advantages_B_T,
        prompt_lengths=np.array(prompt_lengths, dtype=np.int64),
    )


def read_batch(path: Path) -> Batch:
    """A batch that `write_batch` kept."""
    with np.load(path) as kept:
        return Batch(
            tokens_B_T=kept["tokens"],
            lengths_B=kept["lengths"],
            loss_mask_B_T=kept["mask"],
            engine_logprobs_B_T=kept["old"],
            old_logprobs_B_T=kept["old"],
            advantages_B_T=kept["advantages"],
        )


def _around(rng: np.random.Generator, average: int, shape: BatchShape) -> int:
    return max(1, round(average * rng.uniform(1 - shape.spread, 1 + shape.spread)))


def _response(
    rng: np.random.Generator, shape: BatchShape, vocab_size: int
) -> tuple[list[int], list[bool]]:
    """Sampled pieces with tool results between them; it begins and ends with a sampled one."""
    num_sampled = max(shape.num_turns, _around(rng, shape.sampled_tokens, shape))
    num_told = _around(rng, max(shape.response_tokens - shape.sampled_tokens, 1), shape)
    sampled, told = _parts(num_sampled, shape.num_turns), _parts(num_told, shape.num_turns - 1)
    mask: list[bool] = []
    for turn, size in enumerate(sampled):
        mask += [True] * size
        mask += [False] * (told[turn] if turn < len(told) else 0)
    return rng.integers(0, vocab_size, len(mask)).tolist(), mask


def _parts(total: int, number: int) -> list[int]:
    """A number in parts that are as even as can be.

    >>> _parts(7, 3)
    [3, 2, 2]
    """
    return [total // number + (n < total % number) for n in range(number)]
