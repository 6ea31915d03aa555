"""A CPU, part of whose tensors Megatron's hybrid optimizer takes for those of a CUDA device.

With it the optimizer copies, steps and copies back as it would with a device, TransformerEngine's
branches of Megatron included. Streams and pinned memory do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from megatron.core.optimizer import distrib_optimizer, optimizer_config
from megatron.core.optimizer.cpu_offloading import HybridDeviceOptimizer
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rl_backend.trainers import cpu_standin, megatron_host_adam


@contextmanager
def pretended_device() -> Iterator[None]:
    """While entered, trainers with `optimizer_on_cpu` keep Adam apart from the weights."""
    hybrid = HybridDeviceOptimizer
    patches: list[tuple[Any, str, Any]] = [
        (megatron_host_adam, "is_used", lambda config: config.optimizer_on_cpu),
        (megatron_host_adam, "HAVE_TE", True),
        (optimizer_config, "is_te_min_version", lambda _version: True),
        (distrib_optimizer, "HAVE_APEX_OR_TE", True),
        (distrib_optimizer, "USING_TE_OPTIMIZER", True),
        (hybrid, "_get_sub_optimizer_param_groups", _on_device(_groups_of)),
        (hybrid, "_set_sub_optimizer_grads", _on_device(lambda _optimizer: ())),
    ]
    with ExitStack() as stack:
        for owner, name, value in patches:
            wrapped = value(getattr(owner, name)) if owner is hybrid else value
            stack.enter_context(patch.object(owner, name, wrapped))
        wait = patch.object(cpu_standin._NoStream, "wait", lambda *_: None, create=True)
        stack.enter_context(wait)
        yield


class _Device(TorchFunctionMode):
    """These tensors are on the device, no other one is, and memory is never pinned."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        super().__init__()
        self._ids = {id(tensor) for tensor in tensors}

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__self__", None) is torch.Tensor.is_cuda:
            return id(args[0]) in self._ids
        if func is torch.Tensor.pin_memory:
            return args[0]
        given = {name: value for name, value in (kwargs or {}).items() if name != "pin_memory"}
        return func(*args, **given)


def _on_device(tensors: Callable[[Any], Iterable[Tensor]]) -> Callable[[Any], Any]:
    """Makes a method see the tensors as the device's."""

    def wrap(method: Any) -> Any:
        def seeing(optimizer: Any, *args: Any) -> Any:
            with _Device(tensors(optimizer)):
                return method(optimizer, *args)

        return seeing

    return wrap


def _groups_of(optimizer: Any) -> list[Tensor]:
    return [tensor for group in optimizer.param_groups for tensor in group["params"]]
