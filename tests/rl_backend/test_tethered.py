"""A tethered command ends with its starter, even when that is killed."""

import os
import signal
import subprocess
import sys
import time

STARTER = """
import subprocess, sys
from rl_backend.tethered import tethered
child = subprocess.Popen(tethered(["sleep", "60"]), start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def command_of(pid: int) -> str:
    shown = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(shown, capture_output=True, text=True, check=False).stdout.strip()


def test_the_command_ends_when_its_starter_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    child = int(starter.stdout.readline())
    deadline = time.monotonic() + 30
    while command_of(child) != "sleep 60":
        assert time.monotonic() < deadline, command_of(child)
        time.sleep(0.02)
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    while command_of(child) == "sleep 60":
        assert time.monotonic() < deadline
        time.sleep(0.02)
