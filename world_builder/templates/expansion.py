"""Scenarios to tasks: draw the cases, word the prompts, assign the splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from world_builder.rubrics import Rubric
from world_builder.tasks import ReferenceSolution, Split, Task, TaskStatus
from world_builder.templates.desk import Desk, ModelT
from world_builder.templates.scenario import Draft, Scenario
from world_builder.templates.sharing import in_parts
from world_builder.templates.splits import Case, drawn
from world_builder.templates.voices import prompt_of

UNSEEN_TAG = "unseen-scenario"
"""Marks tasks of a scenario that no training task belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSizes:
    """How many tasks of the seen scenarios train and are held out."""

    num_train: int
    num_held_out: int


def expand(
    scenarios: Sequence[Scenario[ModelT]], desk: Desk[ModelT], sizes: SplitSizes, *, author: str
) -> tuple[Task, ...]:
    """The tasks of all scenarios, in their order; unseen scenarios come whole and held out.

    Raises TemplateError or ReferenceRefused when a scenario is written wrongly.
    """
    parts = in_parts(lambda number: _expanded(scenarios[number], desk, author), len(scenarios))
    tasks = [task for found, _ in parts for task in found]
    cases = [case for _, found in parts for case in found]
    split = drawn(
        cases, num_train=sizes.num_train, num_held_out=sizes.num_held_out, seed=desk.world.seed
    )
    return tuple(_placed(tasks, split))


def _expanded(
    scenario: Scenario[ModelT], desk: Desk[ModelT], author: str
) -> tuple[list[Task], list[Case]]:
    tasks, cases = [], []
    for number, draft in enumerate(islice(scenario.drafts(desk), scenario.num_tasks)):
        scenario.check_slots(draft)
        task = _task(scenario, desk, draft, number, author)
        tasks.append(task)
        if not scenario.is_unseen:
            cases.append(Case(task_id=task.id, scenario=scenario.name, keys=draft.keys))
    return tasks, cases


def _placed(tasks: Iterable[Task], split: dict[str, Split]) -> Iterable[Task]:
    for task in tasks:
        if UNSEEN_TAG in task.tags:
            yield task
        elif task.id in split:
            yield task.model_copy(update={"split": split[task.id]})


def _task(
    scenario: Scenario[ModelT], desk: Desk[ModelT], draft: Draft, number: int, author: str
) -> Task:
    tags = (scenario.system_prompt, *scenario.tags, *((UNSEEN_TAG,) * scenario.is_unseen))
    return Task(
        id=f"{scenario.name}-{number + 1:02}",
        title=draft.title,
        category=scenario.category,
        difficulty=draft.difficulty or scenario.difficulty,
        tags=tags,
        scenario=scenario.name,
        split=Split.HELD_OUT if scenario.is_unseen else Split.TRAIN,
        prompt=_prompt(scenario, desk, draft, number),
        intent=(draft.intent or scenario.intent).format_map(draft.slots),
        system_prompt=scenario.system_prompt,
        tool_surface=scenario.tool_surface,
        max_turns=max(scenario.max_turns, len(draft.calls) + 4),
        rubric=Rubric(criteria=draft.criteria),
        reference_solution=ReferenceSolution(calls=draft.calls, response=draft.response),
        author=author,
        status=TaskStatus.APPROVED,
    )


def _prompt(scenario: Scenario[ModelT], desk: Desk[ModelT], draft: Draft, number: int) -> str:
    """Phrasings go round in an order of the seed, so that each serves equally many cases."""
    order = list(scenario.phrasings)
    desk.random(f"{scenario.name}/phrasings").shuffle(order)
    return prompt_of(
        order[number % len(order)],
        scenario.details,
        draft.slots,
        draft.requester if scenario.names_requester else None,
        desk.random(f"{scenario.name}/{number}/voice"),
        scenario.voices,
    )
