"""What pages show of a tally: heat maps of the coverage, histograms, what too few tasks need.

Turns figures into rows, shades and addresses. Nothing is counted here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, sqrt
from urllib.parse import urlencode

from studio.services.tallies import Tally, TallyWork
from world_builder.statistics import Coverage, CoverageRow, Spread, binned
from world_builder.tasks import Category
from world_builder.wording import words

SHADES = 5
"""Of a heat map, from the palest to the fullest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """A number of tasks."""

    value: int
    shade: int
    """0 for no task, up to `SHADES` for the most."""
    url: str
    """The list of these tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One tool or entity type."""

    name: str
    title: str
    url: str
    """Its page."""
    cells: tuple[HeatCell, ...]
    """One for each category."""
    total: HeatCell
    mark: str
    """`few` or `none` when fewer tasks than wanted need it; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatGroup:
    """Rows under one heading."""

    title: str
    """Empty for rows without a heading."""
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Tasks by tool or entity type, and by category."""

    columns: tuple[str, ...]
    groups: tuple[HeatGroup, ...]
    wanted: int
    """Tasks that each row should have at least."""

    @property
    def rows(self) -> tuple[HeatRow, ...]:
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def thin(self) -> tuple[HeatRow, ...]:
        """The rows with fewer tasks than wanted."""
        return tuple(row for row in self.rows if row.mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a histogram."""

    label: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    bars: tuple[Bar, ...]
    detail: str
    """Such as `3 to 7, median 5`; empty when nothing was counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenarios:
    """How the scenarios of a world stand to the split."""

    num: int
    unseen: tuple[tuple[str, int], ...]
    """Those never seen in training, with their tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted of a draft, as pages show it."""

    tools: HeatMap
    entity_types: HeatMap | None
    """None while types or tools have errors: then no reference can be run."""
    criteria: Histogram
    calls: Histogram
    num_criteria: int
    num_checked: int
    """Criteria that a check decides."""
    scenarios: Scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresView:
    """The figures, or how far the counting is."""

    figures: Figures | None
    """None while they are counted for the first time."""
    is_done: bool
    """False while they are counted, also when older figures are shown."""
    num_done: int
    num_tasks: int


def figures_view(world: str, work: TallyWork) -> FiguresView:
    """The figures of a draft; those of an earlier state of it until they are counted."""
    result = work.wait(0)
    shown = work.outdated if result is None else result
    return FiguresView(
        figures=None if shown is None else _figures(f"/worlds/{world}", shown),
        is_done=result is not None, num_done=work.num_done, num_tasks=work.num_tasks,
    )  # fmt: skip


def _figures(base: str, tally: Tally) -> Figures:
    found, counts = tally.statistics, tally.statistics.counts
    types = found.entity_types
    return Figures(
        tools=_heat_map(base, found.tools, "tool", "tools"),
        entity_types=None if types is None else _heat_map(base, types, "touches", "entities"),
        criteria=_histogram(counts.criteria.per_task), calls=_histogram(counts.calls),
        num_criteria=counts.criteria.total, num_checked=counts.criteria.num_with_check,
        scenarios=Scenarios(
            num=len(counts.tasks.by_scenario),
            unseen=tuple(counts.tasks.unseen_scenarios.items()),
        ),
    )  # fmt: skip


def _heat_map(base: str, coverage: Coverage, filter_name: str, folder: str) -> HeatMap:
    most = max((n for row in coverage.rows for n in row.by_category.values()), default=0)
    rows = [(row.group, _row(base, row, most, filter_name, folder)) for row in coverage.rows]
    groups = groupby(rows, key=lambda pair: pair[0])
    return HeatMap(
        columns=tuple(words(category.value) for category in Category),
        groups=tuple(
            HeatGroup(title=title, rows=tuple(row for _, row in found)) for title, found in groups
        ),
        wanted=coverage.wanted,
    )


def _row(base: str, row: CoverageRow, most: int, filter_name: str, folder: str) -> HeatRow:
    def tasks(category: str = "") -> str:
        given = {filter_name: row.name, "category": category}
        return f"{base}/tasks?{urlencode({name: v for name, v in given.items() if v})}"

    return HeatRow(
        name=row.name, title=row.title, url=f"{base}/{folder}/{row.name}",
        cells=tuple(
            HeatCell(value=number, shade=_shade(number, most), url=tasks(category))
            for category, number in row.by_category.items()
        ),
        total=HeatCell(value=row.total, shade=0, url=tasks()),
        mark=("few" if row.total else "none") if row.is_thin else "",
    )  # fmt: skip


def _shade(number: int, most: int) -> int:
    """The square root sets small numbers apart, which is where coverage is decided."""
    return ceil(sqrt(number / most) * SHADES) if number else 0


def _histogram(spread: Spread) -> Histogram:
    bars: Sequence[Bar] = [Bar(label=b.label, value=b.count) for b in binned(spread)]
    detail = (
        ""
        if spread.median is None
        else f"{spread.minimum} to {spread.maximum}, median {spread.median:g}"
    )
    return Histogram(bars=tuple(bars), detail=detail)
