"""A stand-in for CUDA that lets stock Megatron-core train on a machine without it.

Megatron-core asks for the current CUDA device, its random state and tensors on "cuda" in places
where the CPU would serve as well. `install` answers those calls with the CPU; `cuda_literals`
does the same for `device="cuda"` while it is entered. Both change the whole process, so they
belong to the trainer's own process, only when CUDA is absent, and a run records that they were
used (`TrainerInfo.is_cpu_standin`). Where CUDA is there, both do nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

import torch
import torch.distributed as dist
from torch.overrides import TorchFunctionMode

_is_installed = False


def is_needed() -> bool:
    """Whether this machine lacks CUDA."""
    return not torch.cuda.is_available()


def is_installed() -> bool:
    """Whether the calls of this process are redirected."""
    return _is_installed


def install(megatron_random: ModuleType) -> None:
    """Redirects CUDA calls to the CPU for the rest of the process; the second call does nothing.

    `megatron_random` is `megatron.core.tensor_parallel.random`, which reaches CUDA's generators
    past torch's public functions.
    """
    global _is_installed
    if _is_installed or not is_needed():
        return
    _redirect_device()
    _redirect_random_state(megatron_random)
    _redirect_type_names()
    _redirect_streams()
    _redirect_splits()
    _is_installed = True


def cuda_literals() -> AbstractContextManager[object]:
    """While entered, `device="cuda"` means the CPU in this thread."""
    return _CudaMeansCpu() if _is_installed else nullcontext()


class _CudaMeansCpu(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if kwargs and str(kwargs.get("device")).startswith("cuda"):
            kwargs = {**kwargs, "device": "cpu"}
        return func(*args, **(kwargs or {}))


def _redirect_device() -> None:
    torch.cuda.current_device = lambda: torch.device("cpu")  # type: ignore[assignment, return-value]
    torch.cuda.synchronize = lambda device=None: None
    torch.Tensor.cuda = lambda self, *args, **kwargs: self  # type: ignore[method-assign]


def _redirect_random_state(megatron_random: ModuleType) -> None:
    def get_state(*_args: object, **_kwargs: object) -> torch.Tensor:
        return torch.get_rng_state()

    def set_state(state: torch.Tensor, *_args: object, **_kwargs: object) -> None:
        torch.set_rng_state(state)

    def seed_all(seed: int) -> None:
        torch.manual_seed(seed)

    torch.cuda.get_rng_state = get_state
    torch.cuda.set_rng_state = set_state  # type: ignore[assignment]
    torch.cuda.manual_seed = seed_all
    for name, function in (("_get", get_state), ("_set", set_state)):
        setattr(megatron_random, f"{name}_cuda_rng_state", function)


class _NoStream:
    """Work on a CPU is done when the call returns: there is nothing to wait for."""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        """Takes what a stream takes."""

    def wait_stream(self, _stream: object) -> None:
        """Returns at once."""

    def record_event(self) -> _NoStream:
        """What is waited for in the same way."""
        return self

    def synchronize(self) -> None:
        """Returns at once."""


def _redirect_streams() -> None:
    """Experts copy their counts of tokens on a stream of their own."""
    torch.cuda.Stream = _NoStream  # type: ignore[assignment, misc]
    torch.cuda.current_stream = lambda device=None: _NoStream()  # type: ignore[assignment, return-value]
    torch.cuda.stream = lambda stream: nullcontext()  # type: ignore[assignment, return-value]


def _redirect_splits() -> None:
    """Sizes of what ranks exchange stay tensors on a CPU, and torch wants a list."""
    original = dist.all_to_all_single

    def exchange(output: Any, given: Any, *splits: Any, **kwargs: Any) -> Any:
        named = {name: _as_list(value) for name, value in kwargs.items()}
        return original(output, given, *map(_as_list, splits), **named)

    dist.all_to_all_single = exchange  # type: ignore[assignment]


def _as_list(value: Any) -> Any:
    return value.tolist() if isinstance(value, torch.Tensor) else value


def _redirect_type_names() -> None:
    """The optimizer accepts parameters by type name, such as "torch.cuda.FloatTensor"."""
    original = torch.Tensor.type

    def type_name(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if isinstance(result, str) and not result.startswith("torch.cuda."):
            return result.replace("torch.", "torch.cuda.", 1)
        return result

    torch.Tensor.type = type_name  # type: ignore[assignment, method-assign]
