"""What is wrong with a world: every problem at once, with its path and a hint. Never raises.

`parse_world` takes raw data, `validate_world` a world that has the right shape; the studio's forms,
the CLI and the publishing gates all ask here.
"""

from world_builder.validation.parsing import parse, parse_task, parse_tool, parse_world
from world_builder.validation.problems import Problem, has_errors
from world_builder.validation.tasks import Surroundings, task_problems
from world_builder.validation.whole import (
    SoundTasks,
    surroundings,
    validate_entity,
    validate_parts,
    validate_task,
    validate_tasks,
    validate_tool,
    validate_world,
)

__all__ = [
    "Problem",
    "SoundTasks",
    "Surroundings",
    "has_errors",
    "parse",
    "parse_task",
    "parse_tool",
    "parse_world",
    "surroundings",
    "task_problems",
    "validate_entity",
    "validate_parts",
    "validate_task",
    "validate_tasks",
    "validate_tool",
    "validate_world",
]
