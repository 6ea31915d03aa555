"""Tasks of single scenarios, what their references do, and what rubrics say of other answers.

Tests pick tasks by what they ask and word answers from the typed company, so that no test depends
on the story that a seed draws.
"""

import re
from functools import cache

from tests.world_builder.worlds.corecraft.company import company, world
from world_builder.checking import CheckContext, check_rubric
from world_builder.frozen import Json
from world_builder.rubrics import VerdictValue
from world_builder.tasks import Split, Task
from world_builder.templates import Desk, Scenario, SplitSizes, expand
from world_builder.tools import ToolCall
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds.corecraft.company import Company, Product, Shipment


@cache
def desk() -> Desk[Company]:
    return Desk(world(), company())


@cache
def bench() -> Workbench:
    return Workbench(world())


@cache
def tasks_of(scenario: Scenario[Company]) -> tuple[Task, ...]:
    """All tasks of a scenario; the split does not matter here."""
    sizes = SplitSizes(num_train=500, num_held_out=0)
    tasks = expand((scenario,), desk(), sizes, author="tests")
    assert len(tasks) >= scenario.num_tasks * 2 / 3
    assert scenario.is_unseen == all(task.split is Split.HELD_OUT for task in tasks)
    return tasks


def answer_of(task: Task) -> str:
    """The reference's answer."""
    return reference_of(task).response


def unmet(task: Task, response: str, calls: tuple[ToolCall, ...] | None = None) -> set[str]:
    """Ids of the criteria that an answer misses, after the reference's calls unless others."""
    made = reference_of(task).calls if calls is None else calls
    solution = reference_of(task).model_copy(update={"response": response, "calls": made})
    trajectory = bench().run(task, solution)
    verdicts, left = check_rubric(CheckContext(task=task, trajectory=trajectory, base=bench().base))
    assert not left
    return {v.criterion_id for v in verdicts if v.value is not VerdictValue.MET}


def first(tasks: tuple[Task, ...], part: str) -> Task:
    """The first task whose reference answers with this text."""
    return next(task for task in tasks if part in answer_of(task))


def criterion_ids(task: Task) -> set[str]:
    return {criterion.id for criterion in task.rubric.criteria}


def writes(task: Task) -> list[str]:
    """The tools by which the reference changes something."""
    return [call.tool for call in reference_of(task).calls if bench().writes(call)]


def arguments(task: Task, tool: str) -> dict[str, Json]:
    """The arguments of the reference's last call of a tool."""
    return dict([c.arguments for c in reference_of(task).calls if c.tool == tool][-1])


def with_arguments(task: Task, tool: str, **values: Json) -> tuple[ToolCall, ...]:
    """The reference's calls with other arguments for a tool."""
    return tuple(
        c.model_copy(update={"arguments": {**c.arguments, **values}}) if c.tool == tool else c
        for c in reference_of(task).calls
    )


def without(task: Task, *tools: str) -> tuple[ToolCall, ...]:
    """The reference's calls but those of some tools."""
    return tuple(call for call in reference_of(task).calls if call.tool not in tools)


def ids_in(text: str, kind: str) -> list[str]:
    """The ids of a kind in the order in which a text names them.

    >>> ids_in("shp-250902-011 of ord-250829-007", "ord")
    ['ord-250829-007']
    """
    return re.findall(rf"\b{kind}-[\d-]*\d", text)


def goods_of(items: Json) -> list[tuple[Product, int]]:
    """Items of a call as products with their numbers."""
    assert isinstance(items, list)
    rows = [item for item in items if isinstance(item, dict)]
    return [(company().product(str(row["product_id"])), int(str(row["qty"]))) for row in rows]


def product_sought(task: Task) -> Product:
    """The only product that the reference looks for by its name."""
    calls = [c for c in reference_of(task).calls if c.tool == "search_products"]
    sought = {call.arguments.get("text") for call in calls}
    (found,) = (product for product in company().products if product.name in sought)
    return found


def parcel_in(text: str) -> Shipment | None:
    """The parcel whose tracking number a text holds."""
    return next((s for s in company().shipments if s.tracking_number in text), None)
