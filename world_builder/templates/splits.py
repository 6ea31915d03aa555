"""Which tasks train and which are held out, without leakage.

Cases of one scenario that share a key entity stay together. Whole groups are drawn at random, as
in the paper's split of 1,000 to 150. Source: paper section 4.1.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from world_builder.tasks import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a split needs to know of a task."""

    task_id: str
    scenario: str
    keys: tuple[str, ...]


def groups(cases: Sequence[Case]) -> list[list[str]]:
    """Ids of tasks that must stay together: of one scenario and linked by shared keys.

    >>> a = Case(task_id="a", scenario="s", keys=("x",))
    >>> b = Case(task_id="b", scenario="s", keys=("x", "y"))
    >>> c = Case(task_id="c", scenario="t", keys=("x",))
    >>> groups([a, b, c])
    [['a', 'b'], ['c']]
    """
    home: dict[tuple[str, str], list[str]] = {}
    found: list[list[str]] = []
    for case in cases:
        owned = [(case.scenario, key) for key in case.keys] or [(case.scenario, case.task_id)]
        joined: list[str] = []
        for group in {id(home[key]): home[key] for key in owned if key in home}.values():
            joined += group
            found.remove(group)
        joined.append(case.task_id)
        found.append(joined)
        members = set(joined)
        home.update(dict.fromkeys(owned, joined))
        for key, group in home.items():
            if group is not joined and members.issuperset(group):
                home[key] = joined
    return found


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
