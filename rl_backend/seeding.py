"""Seeds by hash: the same run, step, task and rollout always draw the same numbers.

Everything random in a run asks here for a seed or a generator; there is no global generator, so
the order in which concurrent work happens to run never changes a result.
"""

import hashlib
import random


def derive_seed(run_seed: int, *parts: str | int) -> int:
    """A 63-bit seed that follows from the run's seed and a path of names and numbers.

    >>> derive_seed(0, "rollout", 3) == derive_seed(0, "rollout", 3)
    True
    >>> derive_seed(0, "rollout", 3) == derive_seed(0, "rollout", "3")
    False
    """
    text = "\0".join([f"i{run_seed}", *(f"{type(p).__name__[0]}{p}" for p in parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rollout_seed(run_seed: int, *, step: int, task_id: str, rollout: int) -> int:
    """The seed of one rollout of a group in one step."""
    return derive_seed(run_seed, "rollout", step, task_id, rollout)


def server_seed(run_seed: int, number: int = 0) -> int:
    """What an SGLang server's own generator begins with: 30 bits, as those that it draws itself.

    `number` tells several servers of a run apart.
    """
    return derive_seed(run_seed, "server", number) % 2**30


def generator(run_seed: int, *parts: str | int) -> random.Random:
    """A generator of its own for one purpose."""
    return random.Random(derive_seed(run_seed, *parts))
