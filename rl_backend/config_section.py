"""What every part of a run's configuration is made of."""

from __future__ import annotations

from pydantic import ConfigDict

from world_builder.frozen import Frozen


class Section(Frozen):
    """A part of the configuration; its field texts are the help shown to people."""

    model_config = ConfigDict(use_attribute_docstrings=True)
