"""The dictionary of statistics: what is counted, as frozen data that turns into JSON as it is.

Mappings keep the order in which a page lists them. Nothing is counted here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from statistics import median

REFERENCE_NUM_TASKS = 1_200
"""The size of world that the default thresholds are made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a whole number varies from thing to thing."""

    counts: Mapping[int, int]
    """How many things have each value that occurs, lowest value first."""
    minimum: int | None
    """None, like `median` and `maximum`, when there is nothing to count."""
    median: float | None
    maximum: int | None

    @classmethod
    def of(cls, values: Iterable[int]) -> "Spread":
        """The spread of some values.

        >>> Spread.of([3, 1, 3, 4])
        Spread(counts={1: 1, 3: 2, 4: 1}, minimum=1, median=3.0, maximum=4)
        """
        found = sorted(values)
        return cls(
            counts=dict(Counter(found)),
            minimum=found[0] if found else None,
            median=float(median(found)) if found else None,
            maximum=found[-1] if found else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCounts:
    """Tasks by what they are filed under."""

    total: int
    by_category: Mapping[str, int]
    by_difficulty: Mapping[str, int]
    by_split: Mapping[str, int]
    by_scenario: Mapping[str, int]
    """Without the tasks that stand alone, which have no scenario."""
    unseen_scenarios: Mapping[str, int]
    """Held-out tasks of each scenario without a training task."""
    num_with_reference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CriteriaCounts:
    """Criteria of all rubrics."""

    total: int
    per_task: Spread
    by_category: Mapping[str, int]
    by_kind: Mapping[str, int]
    by_scope: Mapping[str, int]
    num_with_check: int
    """Those that a check decides; a judge decides the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldCounts:
    """What is counted without running anything."""

    entities: Mapping[str, int]
    """By type, types without an entity included."""
    tools: Mapping[str, int]
    """By group; those without a group under an empty name."""
    surfaces: Mapping[str, int]
    """Tools on each surface."""
    tasks: TaskCounts
    criteria: CriteriaCounts
    calls: Spread
    """Calls of each reference solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """One tool or entity type, and the tasks whose reference solution needs it."""

    name: str
    title: str
    group: str
    """The tool's group; empty for entity types."""
    by_category: Mapping[str, int]
    total: int
    is_thin: bool
    """Whether fewer tasks than wanted need it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many tasks exercise each tool, or each entity type."""

    wanted: int
    """Tasks that each row should have at least."""
    rows: tuple[CoverageRow, ...]

    @property
    def thin(self) -> tuple[CoverageRow, ...]:
        """The rows with fewer tasks than wanted."""
        return tuple(row for row in self.rows if row.is_thin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How many tasks should exercise each tool and each entity type."""

    tool: int = 10
    entity_type: int = 15

    @classmethod
    def for_size(cls, num_tasks: int) -> "Thresholds":
        """The defaults for a world of that many tasks: fewer in proportion, never less than 1.

        >>> Thresholds.for_size(1_200), Thresholds.for_size(94)
        (Thresholds(tool=10, entity_type=15), Thresholds(tool=1, entity_type=2))
        """
        share = min(1.0, num_tasks / REFERENCE_NUM_TASKS)
        whole = cls()
        return cls(
            tool=max(1, ceil(whole.tool * share)),
            entity_type=max(1, ceil(whole.entity_type * share)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldStatistics:
    """All statistics of one world."""

    world: str
    """Its name."""
    counts: WorldCounts
    tools: Coverage
    entity_types: Coverage | None
    """None when the reference solutions were not run."""
