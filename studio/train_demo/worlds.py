"""The bundles of the demonstration: one to train on, others to measure on.

All are the bookshop `tutorial`. Three scenarios are kept out of GRPO altogether. Sibling shops have
other people, books and orders and are only measured on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from world_builder.tasks import Split
from world_builder.world import World
from world_builder.worlds import build_world

WORLD: Final = "tutorial"
UNSEEN: Final = frozenset({"return-email", "quote", "change-address"})
"""Scenarios that GRPO never rolls out: one that writes, one that calculates, one that informs."""
SIBLING_SEEDS: Final = (101, 102, 103)
"""Of the shops that are only measured on; the warm start draws its own from far above."""


def demo_world(seed: int | None = None) -> World:
    """The bookshop with the scenarios of `UNSEEN` held out as a whole."""
    world = build_world(WORLD, seed)
    tasks = tuple(
        task.model_copy(update={"split": Split.HELD_OUT}) if task.scenario in UNSEEN else task
        for task in world.tasks
    )
    return world.model_copy(update={"tasks": tasks})


def training_bundle(folder: Path) -> Bundle:
    """The bundle that GRPO trains on."""
    return _bundle(demo_world(), folder / "trained")


def sibling_bundles(folder: Path) -> tuple[Bundle, ...]:
    """Bundles of shops that were never trained on."""
    return tuple(_bundle(demo_world(seed), folder / f"sibling-{seed}") for seed in SIBLING_SEEDS)


def _bundle(world: World, folder: Path) -> Bundle:
    path = folder / f"{world.name}-1.0.0"
    return Bundle.open(path if path.is_dir() else write_bundle(world, "1.0.0", folder))
