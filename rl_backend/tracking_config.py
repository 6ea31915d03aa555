"""Where the figures of a run go beside its directory: a part of `config`."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field as Declared
from pydantic import model_validator

from rl_backend.config_section import Section


class TrackerKind(StrEnum):
    """A library that keeps and shows figures."""

    WANDB = "wandb"
    TENSORBOARD = "tensorboard"
    TRACKIO = "trackio"
    MLFLOW = "mlflow"


class TrackingConfig(Section):
    """Experiment trackers. The run directory has every figure whether or not one is chosen.

    No key and no address stands here: with `online` each library takes them from its own login,
    files and environment variables.
    """

    kinds: tuple[TrackerKind, ...] = ()
    """Any of `wandb`, `tensorboard`, `trackio` and `mlflow`; none unless named."""
    project: str = Declared(default="corecraft", pattern=r"^[\w.-]{1,128}$")
    """The project (in MLflow the experiment) that the run appears in."""
    run_name: str | None = Declared(default=None, min_length=1, max_length=128)
    """What the run is called there; None: the name of its directory."""
    online: bool = False
    """Whether figures go to a server. False writes files under the run's `tracking/` alone; to
    TensorBoard nothing else is known."""

    @model_validator(mode="after")
    def _kinds_are_named_once(self) -> Self:
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("kinds: name each tracker once")
        return self
