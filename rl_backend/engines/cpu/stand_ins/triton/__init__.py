"""Stands in for Triton (1 GB, GPU only): enough for SGLang's kernel modules to be imported.

A kernel is declared at import and compiled when it is launched; no kernel is ever launched on a
CPU, so declarations are kept as they are and a launch raises. On the path of a CPU server only.
"""

from collections.abc import Callable
from typing import NoReturn

from triton import language as language

__version__ = "3.0.0"


class Kernel:
    """A declared GPU kernel."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.fn = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __getitem__(self, grid: object) -> NoReturn:
        raise NotImplementedError(f"the Triton kernel {self.__name__} needs a GPU")

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise NotImplementedError(f"the Triton function {self.__name__} needs a GPU")


class Config:
    """Launch parameters of a kernel, which only an autotuner would read."""

    def __init__(self, *_args: object, **_kwargs: object) -> None: ...


def jit(function: Callable[..., object] | None = None, **_options: object) -> object:
    """Returns the declared kernel, or the decorator when called with options alone."""
    return Kernel if function is None else Kernel(function)


def autotune(*_args: object, **_options: object) -> Callable[[object], object]:
    """Returns a decorator that leaves the kernel as it is."""
    return lambda kernel: kernel


heuristics = autotune


def cdiv(dividend: int, divisor: int) -> int:
    """Returns the quotient, rounded up."""
    return -(-dividend // divisor)


def next_power_of_2(number: int) -> int:
    """Returns the smallest power of two that is not below `number`."""
    return 1 << (number - 1).bit_length()
