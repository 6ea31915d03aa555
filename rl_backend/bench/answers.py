"""The other end of `worker`: reads words, does what they name, answers on the old standard output.

Whatever else the process prints goes to its standard error, so that answers stay whole lines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from pydantic import BaseModel


def serve(deeds: Mapping[str, Callable[[], BaseModel]]) -> None:
    """Answers every word with what its deed returns, until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(deeds[line.strip()]().model_dump_json(), file=answers, flush=True)
