"""What tests of shipping share: the world with its tasks, and what fails an answer."""

import re
from functools import cache

from world_builder.audit.outcomes import attempt
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds.corecraft import DEFAULT_SEED, build
from world_builder.worlds.corecraft.company import Company, Shipment
from world_builder.worlds.corecraft.story import build_company

SHP = re.compile(r"shp-\d{6}-\d{3}")


class Examiner:
    """The world with its tasks, and what fails an answer."""

    def __init__(self) -> None:
        world = build(DEFAULT_SEED)
        self.company: Company = build_company(DEFAULT_SEED)
        self._bench = Workbench(world)
        self._tasks = world.tasks
        self._parcels = {s.tracking_number: s for s in self.company.shipments}

    def tasks(self, scenario: str) -> list[Task]:
        found = [task for task in self._tasks if task.scenario == scenario]
        assert len(found) >= 12
        return found

    def failed(
        self, task: Task, response: str, calls: tuple[ToolCall, ...] | None = None
    ) -> set[str]:
        """Ids of the criteria that the answer misses; `calls` None makes the reference's."""
        made = reference_of(task).calls if calls is None else calls
        run = attempt(self._bench, task, ReferenceSolution(calls=made, response=response))
        return {verdict.criterion_id for verdict in run.refused_by}

    def parcel_in(self, text: str) -> Shipment | None:
        """The parcel whose tracking number the text names."""
        return next((p for n, p in self._parcels.items() if n in text), None)


@cache
def the_examiner() -> Examiner:
    """Built once for all tests."""
    return Examiner()
