"""What an image is for: a machine and a version of Python."""

import platform
import sys
from dataclasses import dataclass
from typing import Final

HERE: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of the Python that runs this."""

_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
_ARCHITECTURES: Final = {machine: name for name, machine in _MACHINES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The machine and the Python that an image's packages must fit."""

    architecture: str
    """As OCI says it, such as `amd64`."""
    version: str
    """Of Python, such as `3.11`."""

    @property
    def machine(self) -> str:
        """As wheels say it, such as `x86_64`."""
        return _MACHINES.get(self.architecture, self.architecture)

    @property
    def is_here(self) -> bool:
        """True when this process could run in the image."""
        return self == this_target() and sys.platform == "linux"


def this_target() -> Target:
    """The machine and the Python that run this."""
    machine = platform.machine()
    return Target(architecture=_ARCHITECTURES.get(machine, machine), version=HERE)
