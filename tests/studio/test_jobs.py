"""Jobs run apart from the studio, are found again by another studio, and stop."""

import signal
import sys
from pathlib import Path

from studio.jobs import Jobs


def test_a_job_is_found_again_and_stopped_by_another_studio(tmp_path: Path) -> None:
    first = Jobs(tmp_path / "jobs")
    failing = first.start("run-1", "train", [sys.executable, "-c", "input()"])
    waiting = first.start("run-2", "train", [sys.executable, "-c", "__import__('signal').pause()"])
    second = Jobs(tmp_path / "jobs")
    assert second.find("run-2") == waiting
    assert second.is_running(waiting)
    second.stop(waiting)
    assert not second.is_running(waiting)
    assert first.exit_code(waiting) == -signal.SIGTERM
    assert second.all() == (failing, waiting)
    assert first._children["run-1"].wait(30) == first.exit_code(failing) == 1
    assert "EOFError" in Path(failing.log).read_text()
