"""The local sockets by which the workers of a server reach each other.

Made before the first worker and kept by all of them, so that what is sent to a worker that is just
being started again waits for it. A folder that only this user may enter holds their names.
"""

import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

_BACKLOG: Final = 128
_MEMORY_FOLDER: Final = "/dev/shm"  # noqa: S108 (a folder of our own is made in it)
"""Where a name can be put when no other folder may be written, as in a read-only container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One worker's sockets and the names that others know them by."""

    asking: socket.socket
    """A listening stream: other workers ask it."""
    asking_name: str
    handing: socket.socket
    """Datagrams: other workers hand connections to it."""
    handing_name: str


class Doors:
    """The doors of all workers; a context manager that takes them away."""

    def __init__(self, num_workers: int) -> None:
        """Raises OSError when there is no place for them."""
        self._folder = _make_folder()
        self._doors = [_make_door(self._folder, n) for n in range(num_workers)]

    def __getitem__(self, worker: int) -> Door:
        return self._doors[worker]

    def __enter__(self) -> "Doors":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for door in self._doors:
            door.asking.close()
            door.handing.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _make_folder() -> Path:
    prefix = "corecraft-"
    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except FileNotFoundError:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY_FOLDER))


def _make_door(folder: Path, worker: int) -> Door:
    asking, handing = folder / f"{worker}", folder / f"{worker}h"
    door = Door(
        asking=socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        asking_name=str(asking),
        handing=socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        handing_name=str(handing),
    )
    door.asking.bind(door.asking_name)
    door.asking.listen(_BACKLOG)
    door.handing.bind(door.handing_name)
    for each in (door.asking, door.handing):
        each.setblocking(False)
    return door
