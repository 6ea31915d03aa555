"""The scope in which Megatron-core is imported and called.

It warns at import about every optional accelerator that is not installed, and while building,
training and saving about its own and torch's deprecated calls: nothing a user of this package can
mend, and enough to bury what they could.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from rl_backend.trainers import cpu_standin


@contextmanager
def quiet() -> Iterator[None]:
    """No Python warning and no log line below an error, while entered."""
    logger = logging.getLogger("megatron")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


@contextmanager
def inside_megatron() -> Iterator[None]:
    """Around every call that reaches Megatron: quiet, and on the CPU where CUDA is absent."""
    with quiet(), cpu_standin.cuda_literals():
        yield
