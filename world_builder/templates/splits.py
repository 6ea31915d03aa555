"""Which tasks train and which are held out, without leakage.

Cases of one scenario that share a key entity stay together. Whole groups are drawn at random, as
in the paper's split of 1,000 to 150. Source: paper section 4.1.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from world_builder.tasks import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a split needs to know of a task."""

    task_id: str
    scenario: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """Tasks that must stay together, and the keys they have."""

    number: int
    task_ids: list[str] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)


def groups(cases: Sequence[Case]) -> list[list[str]]:
    """Ids of tasks that must stay together: of one scenario and linked by shared keys.

    >>> a = Case(task_id="a", scenario="s", keys=("x",))
    >>> b = Case(task_id="b", scenario="s", keys=("x", "y"))
    >>> c = Case(task_id="c", scenario="t", keys=("x",))
    >>> groups([a, b, c])
    [['a', 'b'], ['c']]
    """
    home: dict[tuple[str, str], _Group] = {}
    found: dict[int, _Group] = {}
    for number, case in enumerate(cases):
        owned = [(case.scenario, key) for key in case.keys] or [(case.scenario, case.task_id)]
        joined = found[number] = _Group(number)
        for group in {home[key].number: home[key] for key in owned if key in home}.values():
            del found[group.number]
            joined.task_ids.extend(group.task_ids)
            joined.keys.extend(group.keys)
        joined.task_ids.append(case.task_id)
        joined.keys.extend(owned)
        home.update(dict.fromkeys(joined.keys, joined))
    return [group.task_ids for group in found.values()]


def drawn(
    cases: Sequence[Case], *, num_train: int, num_held_out: int, seed: int
) -> dict[str, Split]:
    """A random split by whole groups; tasks beyond the wanted numbers are left out.

    With too few cases the held-out share keeps its proportion.
    """
    wanted = num_train + num_held_out
    if len(cases) < wanted:
        num_held_out = len(cases) * num_held_out // wanted
        num_train = len(cases) - num_held_out
    shuffled = groups(cases)
    random.Random(f"split/{seed}").shuffle(shuffled)
    split: dict[str, Split] = {}
    room = {Split.HELD_OUT: num_held_out, Split.TRAIN: num_train}
    for group in shuffled:
        for side in (Split.HELD_OUT, Split.TRAIN):
            if len(group) <= room[side]:
                room[side] -= len(group)
                split.update(dict.fromkeys(group, side))
                break
    return split
