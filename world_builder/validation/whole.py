"""Validates a whole world, or one part of it against the rest."""

from collections.abc import Iterator
from typing import Protocol

from world_builder.errors import UnknownName
from world_builder.frozen import Record
from world_builder.tasks import Task
from world_builder.tools import Tool
from world_builder.validation.entities import entity_problems, record_problems, type_problems
from world_builder.validation.problems import Problem, duplicates
from world_builder.validation.tasks import Surroundings, task_problems
from world_builder.validation.tools import surface_problems, tool_problems
from world_builder.world import DEFAULT_SURFACE, World


class SoundTasks(Protocol):
    """Tasks with which nothing is wrong among the very policies, tools and entities of a world."""

    def __contains__(self, task: Task, /) -> bool: ...

    def add(self, task: Task, /) -> None: ...


def validate_world(world: World, sound: SoundTasks | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with a world; empty when nothing is.

    Tasks in `sound` are not looked at again; those with which nothing is wrong are added to it.
    """
    return (*validate_parts(world), *validate_tasks(world, sound))


def validate_parts(world: World) -> tuple[Problem, ...]:
    """Everything that is wrong with a world but for its tasks."""
    return tuple(_part_problems(world))


def validate_tasks(world: World, sound: SoundTasks | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with the tasks of a world; `sound` as in `validate_world`."""
    return tuple(_task_problems(world, sound))


def validate_entity(world: World, entity_type: str, record: Record) -> tuple[Problem, ...]:
    """What is wrong with one record of the world. Raises UnknownName for a strange type."""
    declared = world.entity_type(entity_type)
    return tuple(record_problems(declared, record, _ids(world)))


def validate_tool(world: World, tool: Tool) -> tuple[Problem, ...]:
    """What is wrong with one tool, among the world's types."""
    return tuple(tool_problems(tool, {t.name: t for t in world.entity_types}))


def validate_task(world: World, task: Task) -> tuple[Problem, ...]:
    """What is wrong with one task, among the world's policies, tools and entities."""
    return tuple(task_problems(task, surroundings(world)))


def surroundings(world: World) -> Surroundings:
    """What the tasks of a world may name."""
    return Surroundings(
        policies=frozenset(p.name for p in world.policies),
        surfaces={name: _tools(world, name) for name in _surface_names(world)},
        types=frozenset(t.name for t in world.entity_types),
        ids=_ids(world),
    )


def _part_problems(world: World) -> Iterator[Problem]:
    types = {t.name: t for t in world.entity_types}
    yield from type_problems(world.entity_types)
    yield from entity_problems(world.entity_types, world.entities)
    yield from duplicates("tools", "tool", (t.name for t in world.tools))
    for tool in world.tools:
        yield from tool_problems(tool, types)
    yield from surface_problems(world.surfaces, {t.name for t in world.tools})
    yield from duplicates("policies", "policy", (p.name for p in world.policies))
    for policy in world.policies:
        if not policy.text.strip():
            yield Problem(path=f"policies.{policy.name}.text", message="is empty")


def _task_problems(world: World, sound: SoundTasks | None) -> Iterator[Problem]:
    yield from duplicates("tasks", "task", (t.id for t in world.tasks))
    around = surroundings(world)
    for task in world.tasks:
        if sound is not None and task in sound:
            continue
        found = tuple(task_problems(task, around))
        if sound is not None and not found:
            sound.add(task)
        yield from found


def _surface_names(world: World) -> set[str]:
    return {DEFAULT_SURFACE} | {surface.name for surface in world.surfaces}


def _tools(world: World, surface: str) -> dict[str, Tool]:
    try:
        return {tool.name: tool for tool in world.surface_tools(surface)}
    except UnknownName:
        return {}


def _ids(world: World) -> dict[str, set[str]]:
    return {
        name: {str(record.get("id")) for record in records}
        for name, records in world.entities.items()
    }
