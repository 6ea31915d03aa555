"""The coverage matrix: tasks by tool and category, and by entity type and category.

A task covers a tool that its reference solution calls, and an entity type that the solution
touches (`touching`). Draft tasks without a reference solution cover nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from world_builder.statistics.types import Coverage, CoverageRow
from world_builder.tasks import Category, Task
from world_builder.world import World


def tool_coverage(world: World, wanted: int) -> Coverage:
    """How many tasks call each tool; tools in the world's order, those of a group together."""
    counts = _counted((task, called_tools(task)) for task in world.tasks)
    groups = list(dict.fromkeys(tool.group for tool in world.tools))
    tools = sorted(world.tools, key=lambda tool: groups.index(tool.group))
    return _coverage(((t.name, t.title, t.group) for t in tools), counts, wanted)


def type_coverage(world: World, touched: Mapping[str, frozenset[str]], wanted: int) -> Coverage:
    """How many tasks touch each entity type; `touched` as `Toucher.touched_by` gives it."""
    counts = _counted((task, touched.get(task.id, frozenset())) for task in world.tasks)
    return _coverage(((t.name, t.plural, "") for t in world.entity_types), counts, wanted)


def called_tools(task: Task) -> frozenset[str]:
    """The tools that the reference solution of a task calls."""
    solution = task.reference_solution
    return frozenset() if solution is None else frozenset(call.tool for call in solution.calls)


def _counted(needs: Iterable[tuple[Task, frozenset[str]]]) -> Counter[tuple[str, Category]]:
    return Counter((name, task.category) for task, names in needs for name in names)


def _coverage(
    named: Iterable[tuple[str, str, str]], counts: Counter[tuple[str, Category]], wanted: int
) -> Coverage:
    rows = []
    for name, title, group in named:
        by_category = {category.value: counts[name, category] for category in Category}
        total = sum(by_category.values())
        rows.append(
            CoverageRow(
                name=name, title=title, group=group, by_category=by_category, total=total,
                is_thin=total < wanted,
            )
        )  # fmt: skip
    return Coverage(wanted=wanted, rows=tuple(rows))
