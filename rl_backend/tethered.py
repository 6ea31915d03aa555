"""Runs a command that must not outlive its starter: `-m rl_backend.tethered PID COMMAND`.

A server that outlived a killed run would keep a core busy and hold its memory. On Linux the kernel
ends the command when the process PID is gone, however it went; elsewhere the command just runs.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of prctl(2); it survives the exec."""


def tethered(command: list[str]) -> list[str]:
    """The command that runs `command` until this process ends."""
    return [sys.executable, "-m", "rl_backend.tethered", str(os.getpid()), *command]


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the process that started this one has ended")
    os.execvp(command[0], command)  # noqa: S606 - the command is our own, not a shell line


if __name__ == "__main__":
    main()
