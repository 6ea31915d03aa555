"""Checkpoints of the Megatron trainer: all that makes a resumed run repeat the same losses.

Weights, optimizer and random states go through Megatron's distributed checkpointing, each rank
writing its own part, in a form that any other layout of ranks can load; the policy version and the
caller's own state are a small JSON beside them.
A checkpoint directory appears complete or not at all.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from pydantic import Field
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException

from rl_backend.hf_checkpoint import staging_directory, swap_directory, write_json
from rl_backend.trainers import megatron_host_adam
from rl_backend.trainers.megatron_quiet import quiet
from rl_backend.types import PolicyVersion
from world_builder.frozen import Frozen, Json

with quiet():
    from megatron.core import dist_checkpointing
    from megatron.core.dist_checkpointing.mapping import ShardedObject
    from megatron.core.dist_checkpointing.strategies import filesystem_async
    from megatron.core.tensor_parallel.random import get_cuda_rng_tracker

STATE_FILE = "trainer.json"
_OPTIMIZER_METADATA = {"distrib_optim_sharding_type": "fully_reshardable"}


class TrainerState(Frozen):
    """The part of a checkpoint that people can read."""

    policy_version: PolicyVersion
    num_ranks: int
    extra: dict[str, Json] = Field(default_factory=dict)
    """What the caller of the trainer needs to go on, such as its position in the data."""


def save(directory: Path, model: Any, optimizer: Any, state: TrainerState) -> None:
    """Writes a checkpoint from all ranks together."""
    staging = _shared_staging(directory)
    _keep_results_here()
    dist_checkpointing.save(_sharded(model, optimizer, is_loading=False), str(staging))
    if dist.get_rank() == 0:
        write_json(staging / STATE_FILE, state.model_dump(mode="json"))
        swap_directory(staging, directory)
    dist.barrier()


def load(directory: Path, model: Any, optimizer: Any) -> TrainerState:
    """Restores model and optimizer in place, on all ranks together; random states, too, when they
    are as many as those that saved.

    Raises:
        ValueError: it is no checkpoint, or its files are damaged; in the last case the trainer's
            weights are undefined until another one is loaded.
    """
    state = read_state(directory)
    with torch.no_grad():
        wanted = _sharded(model, optimizer, is_loading=True)
        if state.num_ranks != dist.get_world_size():
            del wanted["random"]
        found = _read(wanted, directory)
        model.load_state_dict(found["model"])
        with _keeping_steps(optimizer):
            optimizer.load_state_dict(_with_step_count(found["optimizer"]))
        megatron_host_adam.restore_own_settings(optimizer)
        _restore_step_counts(optimizer)
        if "random" in found:
            _set_random_states(found["random"])
    return state


def read_state(directory: Path) -> TrainerState:
    """The readable part of a checkpoint.

    Raises:
        ValueError: the directory is no checkpoint.
    """
    path = directory / STATE_FILE
    try:
        return TrainerState.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{directory} is not a trainer checkpoint: {error}") from error


def _read(wanted: dict[str, Any], directory: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = dist_checkpointing.load(wanted, str(directory))
    except (Exception, CheckpointException) as error:
        # Damaged files surface as errors of any kind: of torch, pickle, zip or the file system.
        raise ValueError(f"{directory} cannot be read: {type(error).__name__} {error}") from error
    return found


def _keep_results_here() -> None:
    """Lets what was written be told within this process.

    Megatron starts a process to hold it, for saves that go on in the background; ours do not, and
    that process takes seconds to start and outlives a rank that is killed.
    """
    if hasattr(filesystem_async, "_results_queue"):
        filesystem_async._results_queue = queue.Queue()


def _shared_staging(directory: Path) -> Path:
    """One new directory beside `directory`, known to all ranks."""
    name: list[str | None] = [None]
    if dist.get_rank() == 0:
        name[0] = str(staging_directory(directory))
    dist.broadcast_object_list(name, src=0)
    return Path(str(name[0]))


def _sharded(model: Any, optimizer: Any, *, is_loading: bool) -> dict[str, Any]:
    _allocate_adam_state(optimizer)
    model_state = model.sharded_state_dict()
    optimizer_state = optimizer.sharded_state_dict(
        model_state, is_loading=is_loading, metadata=_OPTIMIZER_METADATA
    )
    return {
        "model": model_state,
        "optimizer": megatron_host_adam.without_own_settings(optimizer, optimizer_state),
        "random": ShardedObject(
            "random", _random_states(), (dist.get_world_size(),), (dist.get_rank(),)
        ),
    }


def _allocate_adam_state(optimizer: Any) -> None:
    """Makes the state that torch's Adam would make in its first step, all zero.

    Megatron describes a distributed optimizer's checkpoint by the state that is there, and finds
    none before the first step.
    """
    for adam in _torch_adams(optimizer):
        for parameter in (p for group in adam.param_groups for p in group["params"]):
            if not adam.state[parameter]:
                adam.state[parameter] = {
                    "step": torch.zeros((), dtype=torch.float32),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
    for hybrid in megatron_host_adam.parts(optimizer):
        hybrid._sync_sub_optimizers_state_to_hdo()


def _with_step_count(state: dict[Any, Any]) -> dict[Any, Any]:
    """Names the count of steps also where it is zero, which Megatron leaves out when saving."""
    # One state for each of several optimizers, where experts have one of their own.
    for part in state.values() if 0 in state else [state]:
        per_parameter = part.get("optimizer", part).get("state")
        if isinstance(per_parameter, dict):
            per_parameter.setdefault("common_step", torch.zeros((), dtype=torch.float32))
    return state


@contextmanager
def _keeping_steps(optimizer: Any) -> Iterator[None]:
    """Lets the distributed optimizer load what has no count of steps into what has one.

    Torch's Adam counts beside each parameter; Megatron leaves the count out of what it saves, and
    misses it when it loads. `_restore_step_counts` sets it.
    """
    parts = getattr(optimizer, "chained_optimizers", [optimizer])
    for part in parts:
        part._set_main_param_and_optimizer_states = partial(_set_states, part)
    try:
        yield
    finally:
        for part in parts:
            del part._set_main_param_and_optimizer_states


def _set_states(part: Any, parameter: Any, tensors: dict[str, Tensor]) -> None:
    held = part._get_main_param_and_optimizer_states(parameter)
    step = {"step": held["step"]} if "step" in held else {}
    if megatron_host_adam.parts(part):
        # It keeps what it is given: parts of whole parameters, which would stay in memory.
        tensors = {name: value.clone() for name, value in tensors.items()}
    type(part)._set_main_param_and_optimizer_states(part, parameter, step | tensors)


def _restore_step_counts(optimizer: Any) -> None:
    """Gives each parameter the saved count of steps, as a tensor of its own.

    Without TransformerEngine, Megatron's distributed optimizer keeps the count beside its groups,
    but loads parameters with the count they had and one tensor for all of them; Adam would then
    count each step once per parameter.
    """
    for adam in _torch_adams(optimizer):
        for group in adam.param_groups:
            for parameter in group["params"]:
                step = adam.state[parameter]["step"]
                adam.state[parameter]["step"] = torch.full_like(
                    step, group.get("step", step.item())
                )


def _torch_adams(optimizer: Any) -> list[torch.optim.Adam]:
    """The torch optimizers inside; none where TransformerEngine brings its own."""
    parts = getattr(optimizer, "chained_optimizers", [optimizer])
    inner = [part.optimizer for part in parts]
    for hybrid in megatron_host_adam.parts(optimizer):
        inner += hybrid.sub_optimizers
    return [adam for adam in inner if isinstance(adam, torch.optim.Adam)]


def _random_states() -> dict[str, Any]:
    return {
        "cpu": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(),
        "tracker": get_cuda_rng_tracker().get_states(),
    }


def _set_random_states(states: dict[str, Any]) -> None:
    get_cuda_rng_tracker().set_states(states["tracker"])
    torch.cuda.set_rng_state(states["cuda"])
    torch.set_rng_state(states["cpu"])
