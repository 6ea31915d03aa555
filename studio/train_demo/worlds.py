"""The bundles of the demonstration: one to train on, others to measure on.

The bookshop `tutorial`, with three scenarios kept out of GRPO altogether. Only measured on are
sibling shops with other people, books and orders, the same shop with tools of other names, and the
clinic, another world altogether.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from world_builder.tasks import Split, Task
from world_builder.world import World
from world_builder.worlds import build_world

WORLD: Final = "tutorial"
UNSEEN: Final = frozenset({"return-email", "quote", "change-address"})
"""Scenarios that GRPO never rolls out: one that writes, one that calculates, one that informs."""
SIBLING_SEEDS: Final = (101, 102, 103)
"""Of the shops that are only measured on; the warm start draws its own from far above."""

RENAMED: Final = {
    "find_books": "search_catalogue",
    "get_book": "show_title",
    "find_customers": "search_people",
    "find_orders": "list_purchases",
    "get_order": "show_purchase",
    "quote_order": "price_purchase",
    "check_return": "assess_return",
    "create_return": "book_return",
    "cancel_order": "void_purchase",
    "change_address": "redirect_purchase",
    "place_order": "enter_purchase",
}
"""The shop's tools under the names of the second surface."""
OTHER_WORLD: Final = "clinic"


def demo_world(seed: int | None = None) -> World:
    """The bookshop with the scenarios of `UNSEEN` held out as a whole."""
    world = build_world(WORLD, seed)
    tasks = tuple(
        task.model_copy(update={"split": Split.HELD_OUT}) if task.scenario in UNSEEN else task
        for task in world.tasks
    )
    return world.model_copy(update={"tasks": tasks})


def renamed_world(world: World) -> World:
    """The same shop and tasks, with tools of other names that do the same."""
    tools = tuple(tool.model_copy(update={"name": RENAMED[tool.name]}) for tool in world.tools)
    tasks = tuple(_renamed_task(task) for task in world.tasks)
    return world.model_copy(update={"tools": tools, "tasks": tasks})


def _renamed_task(task: Task) -> Task:
    solution = task.reference_solution
    if solution is None:
        return task
    calls = tuple(call.model_copy(update={"tool": RENAMED[call.tool]}) for call in solution.calls)
    solution = solution.model_copy(update={"calls": calls})
    return task.model_copy(update={"reference_solution": solution})


def training_bundle(folder: Path) -> Bundle:
    """The bundle that GRPO trains on."""
    return _bundle(demo_world(), folder / "trained")


def sibling_bundles(folder: Path) -> tuple[Bundle, ...]:
    """Bundles of shops that were never trained on."""
    return tuple(_bundle(demo_world(seed), folder / f"sibling-{seed}") for seed in SIBLING_SEEDS)


def renamed_bundle(folder: Path) -> Bundle:
    """The shop of training, its tools under other names."""
    return _bundle(renamed_world(demo_world()), folder / "renamed")


def other_bundle(folder: Path) -> Bundle:
    """A world that nothing was learned of, with every second of its held-out tasks."""
    world = build_world(OTHER_WORLD)
    left_out = {task.id for task in world.tasks_in(Split.HELD_OUT)[1::2]}
    tasks = tuple(task for task in world.tasks if task.id not in left_out)
    return _bundle(world.model_copy(update={"tasks": tasks}), folder / "other")


def _bundle(world: World, folder: Path) -> Bundle:
    path = folder / f"{world.name}-1.0.0"
    return Bundle.open(path if path.is_dir() else write_bundle(world, "1.0.0", folder))
