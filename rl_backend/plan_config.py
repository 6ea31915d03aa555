"""The machines that a run is meant for: a part of `config`."""

from __future__ import annotations

from pydantic import Field as Declared
from pydantic import model_validator

from rl_backend.config_section import Section

_MOVED = {"optimizer_on_cpu": False, "engine_tensor_parallel": 1}
"""What stood here once, and its defaults: the files of earlier runs have it still."""


class PlanConfig(Section):
    """What `corecraft plan` and the preflight reckon with; it changes nothing in a run.

    What is asked for beyond what the trainer can do is refused before a run starts, and estimated
    all the same.
    """

    gpu: str | None = None
    """Kind of the devices, such as `h100`; None: the machine's own, whatever it is."""
    num_gpus: int | None = Declared(default=None, ge=1)
    """Devices of the trainer, which engines share unless `num_engine_gpus` says otherwise.
    None: one for each of its ranks."""
    num_engine_gpus: int = Declared(default=0, ge=0)
    """Devices that engines have to themselves; 0: they share the trainer's."""
    prompt_tokens: int | None = Declared(default=None, ge=1)
    """Tokens of a task's prompt on average; None: a quarter of the context."""
    sampled_tokens: int | None = Declared(default=None, ge=1)
    """Tokens that the policy samples in a rollout on average; None: a quarter of the context."""
    tool_tokens: int | None = Declared(default=None, ge=0)
    """Tokens of a rollout's tool results on average; None: a quarter of the context."""

    @model_validator(mode="before")
    @classmethod
    def _earlier_runs_are_read(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {k: v for k, v in data.items() if k not in _MOVED or v != _MOVED[k]}
