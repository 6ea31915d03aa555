"""Stands in for SGLang's compiled kernels, which have no CPU wheel.

SGLang imports the `*_cpu` names on a CPU and calls them in speculative decoding alone.
"""

from cpu_stand_in import Unavailable

__version__ = "0.0.0"


def __getattr__(name: str) -> Unavailable:
    if name.startswith("_") or not name.endswith("_cpu"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return Unavailable(f"{__name__}.{name}")
