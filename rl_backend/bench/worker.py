"""A process that is told one word a line and answers each with one line of JSON.

How a benchmark drives the processes that it compares: both are loaded before either is measured,
and while one computes the others wait for their next line.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from pydantic import BaseModel, ValidationError

from rl_backend.errors import BackendError

AnswerT = TypeVar("AnswerT", bound=BaseModel)

LIMIT_S: Final = 1800.0
"""How long one answer may take."""
END_S: Final = 10.0
_NUM_TAIL: Final = 5


class Worker:
    """One process; use it in `with`. Its standard error is kept in a log."""

    def __init__(self, command: Sequence[str], log: Path, *, num_threads: int) -> None:
        self._log = log
        here = str(Path(__file__).parents[2])
        added = {
            "OMP_NUM_THREADS": str(num_threads),
            "MKL_NUM_THREADS": str(num_threads),
            "PYTHONPATH": os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])]),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **added},
            )

    def ask(self, word: str, answer: type[AnswerT]) -> AnswerT:
        """The answer to a word. Raises BackendError when the process gives none."""
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("the process has no pipes")
        try:
            self._process.stdin.write(word.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as broken:
            raise self._failed(word) from broken
        line = self._line(self._process.stdout.fileno())
        try:
            return answer.model_validate_json(line)
        except ValidationError as unexpected:
            raise self._failed(word) from unexpected

    def _line(self, descriptor: int) -> bytes:
        """What the process says up to the end of a line, of its output or of the time."""
        said, deadline_s = b"", time.monotonic() + LIMIT_S
        while not said.endswith(b"\n"):
            left_s = max(0.0, deadline_s - time.monotonic())
            readable, _, _ = select.select([descriptor], [], [], left_s)
            more = os.read(descriptor, 65536) if readable else b""
            if not more:
                break
            said += more
        return said

    def _failed(self, word: str) -> BackendError:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return BackendError(
            f"A measured process did not {word}: {' | '.join(lines[-_NUM_TAIL:])}.",
            hint=f"Its log was {self._log}.",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
