"""Adam's state in the memory of the host: Megatron's hybrid optimizer, and what it leaves to do.

A part of the Megatron adapter. Master weights, moments and Adam's arithmetic move to the host;
weights and gradients stay on the device. Never run on CUDA: tests step, save and load it on a
CPU, part of which is taken for the device.
"""

from __future__ import annotations

from typing import Any

import torch

from rl_backend.config import TrainerConfig
from rl_backend.trainers.megatron_quiet import quiet

with quiet():
    from megatron.core.models.gpt.gpt_layer_specs import HAVE_TE
    from megatron.core.optimizer.cpu_offloading import HybridDeviceOptimizer

_OWN = (
    "offload_fraction",
    "cpu_optimizer_cls",
    "gpu_optimizer_cls",
    "param_update_in_fp32",
    "pin_cpu_grads",
    "pin_cpu_params",
    "overlap_cpu_optimizer_d2h_h2d",
    "fused",
)
"""Of the hybrid optimizer's settings, those that no other one knows."""


def settings(config: TrainerConfig) -> dict[str, object]:
    """Fields of Megatron's optimizer configuration; none where Adam stays beside the weights.

    Raises:
        ValueError: it is wanted and TransformerEngine is not there.
    """
    if not is_used(config):
        return {}
    if not HAVE_TE:
        raise ValueError(
            "trainer.optimizer_on_cpu wants TransformerEngine 2.1 or newer, without which "
            "Megatron-core refuses it; install transformer-engine[pytorch] or leave it out"
        )
    return {
        "optimizer_cpu_offload": True,
        "optimizer_offload_fraction": 1.0,
        "overlap_cpu_optimizer_d2h_h2d": True,
        # The hybrid optimizer keeps the master weights, and only on this path.
        "use_precision_aware_optimizer": True,
    }


def is_used(config: TrainerConfig) -> bool:
    """Whether there is a device to take Adam's state from; on a CPU it is on the host anyway."""
    return config.optimizer_on_cpu and torch.cuda.is_available()


def parts(optimizer: Any) -> list[Any]:
    """The hybrid optimizers inside a Megatron optimizer; none where Adam is beside the weights."""
    chained = getattr(optimizer, "chained_optimizers", [optimizer])
    return [each.optimizer for each in chained if isinstance(each.optimizer, HybridDeviceOptimizer)]


def without_own_settings(optimizer: Any, state: dict[Any, Any]) -> dict[Any, Any]:
    """The optimizer's state as one without hybrids could have written it.

    Some of a hybrid's settings are classes, for which a checkpoint is refused when it is loaded.
    """
    if not parts(optimizer):
        return state
    for part in state.values() if 0 in state else [state]:
        for group in part.get("optimizer", part)["param_groups"]:
            for name in _OWN:
                group.pop(name, None)
    return state


def restore_own_settings(optimizer: Any) -> None:
    """After loading: what `without_own_settings` left out; its parts get it with the next step."""
    for part in parts(optimizer):
        for group in part.param_groups:
            group.update({name: part.defaults[name] for name in _OWN})
