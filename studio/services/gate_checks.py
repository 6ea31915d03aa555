"""Runs the gates on a draft beside the requests, so that no page waits for a thousand tasks."""

from typing import TypeAlias

from exporter.gates import run_gates
from exporter.manifest import GateReport
from studio.services.world_process import OnTask
from studio.services.world_work import WorldWork, work_on
from world_builder.world import World

GateCheck: TypeAlias = WorldWork[GateReport]
"""One run of the gates on one state of a world."""


def gates(world: World, on_task: OnTask) -> GateReport:
    """The job: the report on every gate."""
    return run_gates(world, on_task=on_task)


def check_of(database_url: str, world: World) -> GateCheck:
    """The check of this very world, started when there is none yet."""
    return work_on(database_url, world, gates)
