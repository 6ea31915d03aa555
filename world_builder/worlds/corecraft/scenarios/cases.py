"""How scenarios choose among the cases that the company's contents offer."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import zip_longest
from typing import TypeVar

CaseT = TypeVar("CaseT")


def by_turns(cases: Iterable[CaseT], kind: Callable[[CaseT], Hashable]) -> list[CaseT]:
    """One case of each kind, then the second of each, and so on; order within a kind is kept.

    >>> by_turns(["a1", "a2", "a3", "b1"], lambda case: case[0])
    ['a1', 'b1', 'a2', 'a3']
    """
    groups: defaultdict[Hashable, list[CaseT]] = defaultdict(list)
    for case in cases:
        groups[kind(case)].append(case)
    rounds = zip_longest(*groups.values())
    return [case for row in rounds for case in row if case is not None]


def once_each(cases: Iterable[CaseT], key: Callable[[CaseT], Hashable]) -> list[CaseT]:
    """The first case of each key, in order.

    >>> once_each([1, 2, 11, 12, 3], lambda n: n % 10)
    [1, 2, 3]
    """
    seen: dict[Hashable, CaseT] = {}
    for case in cases:
        seen.setdefault(key(case), case)
    return list(seen.values())
