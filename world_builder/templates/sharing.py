"""Who works through the scenarios of a world: this process, or whoever a command line appoints.

Scenarios know nothing of each other, so the tasks come out the same. It starts no process itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

PartT = TypeVar("PartT")


class Share(Protocol):
    """Does numbered parts of a work."""

    def __call__(self, work: Callable[[int], PartT], num_parts: int, /) -> list[PartT]:
        """What the work gives for each number from 0, in order; raises what the first raised."""


def alone(work: Callable[[int], PartT], num_parts: int, /) -> list[PartT]:
    """One part after the other."""
    return [work(number) for number in range(num_parts)]


_share: ContextVar[Share] = ContextVar("share", default=alone)


@contextmanager
def shared_by(share: Share) -> Iterator[None]:
    """Worlds that are built meanwhile are shared out so."""
    token = _share.set(share)
    try:
        yield
    finally:
        _share.reset(token)


def in_parts(work: Callable[[int], PartT], num_parts: int) -> list[PartT]:
    """What the work gives for each number, done by whoever is appointed."""
    return _share.get()(work, num_parts)
