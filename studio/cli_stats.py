"""What `corecraft world stats` prints: the statistics of a world as tables for a terminal."""

from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from world_builder.statistics import (
    Coverage,
    CoverageRow,
    CriteriaCounts,
    Spread,
    TaskCounts,
    WorldStatistics,
    binned,
    world_statistics,
)
from world_builder.tasks import Category
from world_builder.wording import counted, words
from world_builder.world import World

_BAR = 28
"""Characters of the longest bar."""
_FILE_WIDTH = 100
"""Characters of a line that goes to a file or a pipe."""


def gather(world: World, *, runs_references: bool) -> WorldStatistics:
    """The statistics, with a progress bar on standard error while references run."""
    console = Console(stderr=True)
    columns = TextColumn("running references"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True,
        disable=not (runs_references and console.is_terminal),
    ) as progress:  # fmt: skip
        shown = progress.add_task("", total=len(world.tasks))
        return world_statistics(
            world, runs_references=runs_references, on_task=lambda: progress.advance(shown)
        )


def show(world: World, found: WorldStatistics) -> None:
    """Prints everything that was counted; whole names wherever no terminal limits the width."""
    console = Console()
    console.width = console.width if console.is_terminal else max(console.width, _FILE_WIDTH)
    console.print(Group(*_parts(world, found)))


def _parts(world: World, found: WorldStatistics) -> Iterator[RenderableType]:
    counts = found.counts
    yield Text(f"{world.title} ({world.name})", style="bold")
    yield Text(
        f"{counted(len(counts.entities), 'entity type')}, "
        f"{counted(sum(counts.entities.values()), 'entity', 'entities')}, "
        f"{counted(sum(counts.tools.values()), 'tool')}, {counted(counts.tasks.total, 'task')}, "
        f"{counted(counts.criteria.total, 'criterion', 'criteria')}"
    )
    yield from _bars("Entities", counts.entities)
    yield from _bars("Tools by group", {name or "no group": n for name, n in counts.tools.items()})
    if len(counts.surfaces) > 1:
        yield from _bars("Tools by surface", counts.surfaces)
    yield from _tasks(counts.tasks)
    yield from _criteria(counts.criteria)
    yield from _spread("Calls per reference solution", counts.calls)
    yield from _matrix("Tools: tasks that call them", found.tools)
    if found.entity_types is None:
        yield Text("\nEntity types: not counted, for no reference was run", "dim")
    else:
        yield from _matrix("Entity types: tasks that touch them", found.entity_types)


def _tasks(tasks: TaskCounts) -> Iterator[RenderableType]:
    yield from _bars("Tasks by category", tasks.by_category)
    yield from _bars("Tasks by difficulty", tasks.by_difficulty)
    yield from _bars("Tasks by split", tasks.by_split)
    yield from _spread("Tasks per scenario", Spread.of(tasks.by_scenario.values()))
    unseen = ", ".join(f"{name} ({n:,})" for name, n in tasks.unseen_scenarios.items())
    num = counted(len(tasks.by_scenario), "scenario")
    yield Text(f"{num}; never seen in training: {unseen or 'none'}")
    without = tasks.total - tasks.num_with_reference
    if without:
        yield Text(f"{counted(without, 'task')} without a reference solution", "yellow")


def _criteria(criteria: CriteriaCounts) -> Iterator[RenderableType]:
    yield from _bars("Criteria by category", criteria.by_category)
    yield from _bars("Criteria by scope", criteria.by_scope)
    yield from _bars("Criteria by kind", criteria.by_kind)
    if criteria.total:
        share = criteria.num_with_check / criteria.total
        yield Text(f"A check decides {share:.0%} of the criteria ({criteria.num_with_check:,})")
    yield from _spread("Criteria per task", criteria.per_task)


def _spread(title: str, spread: Spread) -> Iterator[RenderableType]:
    if spread.median is not None:
        told = f"from {spread.minimum} to {spread.maximum}, median {spread.median:g}"
        yield from _bars(f"{title}: {told}", {bin_.label: bin_.count for bin_ in binned(spread)})


def _bars(title: str, counts: Mapping[str, int]) -> Iterator[RenderableType]:
    if not counts:
        return
    yield _heading(title)
    table = _table()
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="cyan")
    most = max(counts.values()) or 1
    for name, count in counts.items():
        table.add_row(words(name), f"{count:,}", "█" * round(count / most * _BAR))
    yield table


def _matrix(title: str, coverage: Coverage) -> Iterator[RenderableType]:
    if not coverage.rows:
        return
    yield _heading(f"{title} (wanted: {coverage.wanted} or more)")
    table = _table(show_header=True)
    table.add_column(overflow="fold")
    for category in Category:
        label = words(category.value).replace(" ", "\n")
        table.add_column(label, justify="right", no_wrap=True)
    table.add_column("all", justify="right", style="bold")
    table.add_column()
    group = ""
    for row in coverage.rows:
        if row.group != group:
            group = row.group
            table.add_row(Text(group, "dim"))
        cells = (_number(row.by_category[category.value]) for category in Category)
        table.add_row(f"  {row.name}", *cells, f"{row.total:,}", _remark(row))
    yield table


def _number(count: int) -> Text:
    return Text(f"{count:,}", style="" if count else "dim")


def _remark(row: CoverageRow) -> Text:
    return Text(("few" if row.total else "none") if row.is_thin else "", style="yellow")


def _heading(text: str) -> RenderableType:
    return Text(f"\n{text}", style="bold")


def _table(*, show_header: bool = False) -> Table:
    return Table(box=None, show_header=show_header, pad_edge=False, padding=(0, 2, 0, 0))
