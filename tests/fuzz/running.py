"""Runs a property for a while: bounded and seeded in CI, as long as FUZZ_SECONDS says elsewhere."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

SECONDS: Final = float(os.environ.get("FUZZ_SECONDS", "24"))
"""For all properties together."""
SEED: Final = int(os.environ.get("FUZZ_SEED", "1"))
NUM_PROPERTIES: Final = 9
MOST_STEPS: Final = 6

counts: Counter[str] = Counter()
"""What happened, by name; told at the end of the run."""


class _TimeIsOver(KeyboardInterrupt):
    """Ends a run: the one kind of exception that is not taken for a failing example."""


def fuzz(name: str, draw: Callable[[Random, int], Any], check: Callable[[Any], None]) -> None:
    """Checks what is drawn until this property's share of the time is over.

    `draw` gets a generator and a number of steps. Of a failure the fewest steps are found.
    """
    end_s = time.monotonic() + SECONDS / NUM_PROPERTIES

    def counted(seed: int, num_steps: int) -> None:
        if time.monotonic() > end_s:
            raise _TimeIsOver
        example = draw(Random(seed), num_steps)
        counts[f"{name}: examples"] += 1
        note(repr(example)[:20_000])
        check(example)

    unbounded = settings(
        max_examples=10**9,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    seeds, steps = st.integers(0, 2**64 - 1), st.integers(1, MOST_STEPS)
    with contextlib.suppress(_TimeIsOver):
        hypothesis.seed(f"{SEED}:{name}")(unbounded(given(seeds, steps)(counted)))()


def told() -> str:
    """The counts; empty when nothing was fuzzed."""
    lines = "".join(f"  {name}: {count:,}\n" for name, count in sorted(counts.items()))
    return f"\nfuzzed for {SECONDS:g} s, seed {SEED}\n{lines}" if counts else ""
