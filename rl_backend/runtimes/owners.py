"""Who a container belongs to, as its label says, and whether that process still lives.

A process is named by the boot of its machine, its process namespace, its number and when it began,
so that a number used again is not mistaken for it. Knows nothing of Docker.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_STATE, _STARTED = 0, 19
"""Fields of /proc/<pid>/stat, counted after the name in brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process on some machine."""

    boot: str
    """Of the machine, since it was last started."""
    namespace: str
    """Of process numbers: two containers of one machine count each for itself."""
    pid: int
    started: int
    """In clock ticks since the boot; 0 where the system does not tell."""

    @classmethod
    def of(cls, pid: int | None = None) -> Self:
        """A process of this machine; None takes this one."""
        pid = os.getpid() if pid is None else pid
        _, started = _process(pid) or ("", 0)
        return cls(boot=_boot(), namespace=_namespace(), pid=pid, started=started)

    @classmethod
    def parse(cls, label: str) -> Self | None:
        """The owner that a label names; None when it names none."""
        boot, _, rest = label.partition("/")
        namespace, *numbers = rest.split("/")
        if not boot or len(numbers) != 2 or not all(number.isdigit() for number in numbers):
            return None
        return cls(boot=boot, namespace=namespace, pid=int(numbers[0]), started=int(numbers[1]))

    @property
    def label(self) -> str:
        return f"{self.boot}/{self.namespace}/{self.pid}/{self.started}"

    @property
    def is_dead(self) -> bool | None:
        """Whether the process is gone; None when that cannot be told from here."""
        if (self.boot, self.namespace) != (_boot(), _namespace()) or self.started == 0:
            return None
        found = _process(self.pid)
        return found is None or found[0] in "ZX" or found[1] != self.started


def _boot() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else socket.getfqdn()


def _namespace() -> str:
    return _NAMESPACE.readlink().name.strip("pid:[]") if _NAMESPACE.exists() else "0"


def _process(pid: int) -> tuple[str, int] | None:
    """State and start of a process here; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return fields[_STATE], int(fields[_STARTED])
