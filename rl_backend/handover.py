"""Weights on their way from the trainer to an engine, in either of the forms that engines take.

Between the two: a trainer or the loop makes one of these, an engine asks it for a directory or for
tensors. They are of one policy version, whole, under Hugging Face names. Sends nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from rl_backend.hf_checkpoint import read_weights, write_hf_checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenWeights:
    """Weights that are a Hugging Face directory already; `path` is absolute."""

    path: Path

    def directory(self) -> Path:
        """The directory."""
        return self.path

    def tensors(self) -> Mapping[str, Tensor]:
        """Every tensor, by name. Raises ValueError when the directory holds no weights."""
        return read_weights(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredWeights:
    """Weights in this process's memory, which are written only when asked for as a directory."""

    state: Mapping[str, Tensor]
    """On the CPU."""
    path: Path
    """Where they are written: an absolute path, whose directory is replaced."""
    like: Path
    """The model directory whose config and tokenizer they are written with."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _written: list[Path] = field(default_factory=list)

    def directory(self) -> Path:
        """The directory, written by the first of those who ask."""
        with self._lock:
            if not self._written:
                write_hf_checkpoint(self.path, self.state, like=self.like)
                self._written.append(self.path)
        return self.path

    def tensors(self) -> Mapping[str, Tensor]:
        """Every tensor, by name."""
        return self.state
