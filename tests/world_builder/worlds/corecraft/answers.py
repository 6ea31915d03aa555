"""Tasks of single scenarios, and what their rubrics say of an answer given by hand."""

from functools import cache

from tests.world_builder.worlds.corecraft.company import company, world
from world_builder.checking import CheckContext, check_rubric
from world_builder.rubrics import VerdictValue
from world_builder.tasks import Split, Task
from world_builder.templates import Desk, Scenario, SplitSizes, expand
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds.corecraft.company import Company


@cache
def desk() -> Desk[Company]:
    return Desk(world(), company())


@cache
def bench() -> Workbench:
    return Workbench(world())


def tasks_of(scenario: Scenario[Company]) -> tuple[Task, ...]:
    """All tasks of a scenario; the split does not matter here."""
    sizes = SplitSizes(num_train=500, num_held_out=0)
    tasks = expand((scenario,), desk(), sizes, author="tests")
    assert len(tasks) == scenario.num_tasks
    assert scenario.is_unseen == all(task.split is Split.HELD_OUT for task in tasks)
    return tasks


def answer_of(task: Task) -> str:
    """The reference's answer."""
    return reference_of(task).response


def unmet(task: Task, response: str, *, acts: bool = True) -> set[str]:
    """Ids of the criteria that an answer misses; `acts`: after the reference's calls."""
    calls = reference_of(task).calls if acts else ()
    solution = reference_of(task).model_copy(update={"response": response, "calls": calls})
    trajectory = bench().run(task, solution)
    verdicts, left = check_rubric(CheckContext(task=task, trajectory=trajectory, base=bench().base))
    assert not left
    return {v.criterion_id for v in verdicts if v.value is not VerdictValue.MET}


def first(tasks: tuple[Task, ...], part: str) -> Task:
    """The first task whose reference answers with this text."""
    return next(task for task in tasks if part in answer_of(task))
