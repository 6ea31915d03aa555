"""Runs the gates on a draft beside the requests, so that no page waits for a thousand tasks.

One check at a time for each world; a check of a world that has changed since is given up. The
world is a frozen snapshot: nothing here touches the database.
"""

from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from threading import Lock

from exporter.gates import run_gates
from exporter.manifest import GateReport
from world_builder.world import World


class GateCheck:
    """One run of the gates on one state of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.num_tasks = len(world.tasks)
        self.num_done = 0
        self._is_cancelled = False
        self._future: Future[GateReport] = _pool.submit(self._run)

    def wait(self, timeout_s: float | None = None) -> GateReport | None:
        """The report; None when it is not there within the time, or was cancelled."""
        try:
            return self._future.result(timeout_s)
        except (NotYet, CancelledError):
            return None

    @property
    def report(self) -> GateReport | None:
        """None while it runs."""
        return self.wait(0)

    def cancel(self) -> None:
        """Gives the check up at the next task."""
        self._is_cancelled = True
        self._future.cancel()

    def _run(self) -> GateReport:
        return run_gates(self.world, on_task=self._on_task)

    def _on_task(self) -> None:
        self.num_done += 1
        if self._is_cancelled:
            raise CancelledError


_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gates")
_checks: dict[tuple[str, str], GateCheck] = {}
_lock = Lock()


def check_of(database_url: str, world: World) -> GateCheck:
    """The check of this very world, started when there is none yet."""
    key = (database_url, world.name)
    with _lock:
        known = _checks.get(key)
        if known is not None and known.world is world:
            return known
        if known is not None:
            known.cancel()
        _checks[key] = GateCheck(world)
        return _checks[key]
