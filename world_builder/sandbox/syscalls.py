"""Which system calls a call in the sandbox may make, as a seccomp program for the kernel.

An allow list: memory, reading and writing what is open already, and ending. All others fail with
EPERM, among them every way to open a file or a socket, to start or signal a process, to load
executable memory, to sleep, and to undo the limits. It installs nothing; `confinement` does.
"""

import errno
import struct
from dataclasses import dataclass
from typing import Final

_LOAD, _EQUALS, _HAS_BITS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_KILL: Final = 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _THIRD_ARGUMENT_AT = 0, 4, 32
_EXECUTABLE: Final = 4
"""PROT_EXEC, in the third argument of mmap and mprotect."""
_X32: Final = 0x40000000


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The numbers of one processor architecture."""

    audit: int
    """As the kernel names it to a filter."""
    allowed: tuple[int, ...]
    mapping: tuple[int, ...]
    """mmap and mprotect: allowed unless they ask for executable memory."""


MACHINES: Final = {
    "x86_64": Machine(
        audit=0xC000003E,
        # read write close munmap brk rt_sigreturn sched_yield mremap madvise exit futex exit_group
        allowed=(0, 1, 3, 11, 12, 15, 24, 25, 28, 60, 202, 231),
        mapping=(9, 10),
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        # close read write exit exit_group futex sched_yield rt_sigreturn brk munmap mremap madvise
        allowed=(57, 63, 64, 93, 94, 98, 124, 139, 214, 215, 216, 233),
        mapping=(222, 226),
    ),
}


def program(machine: Machine) -> bytes:
    """The filter, as the array of instructions that the kernel takes."""
    refuse, allow = _step(_RETURN, _REFUSE), _step(_RETURN, _ALLOW)
    head = [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUALS, machine.audit, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _X32, no=1),
        _step(_RETURN, _KILL),
    ]
    plain = [part for number in machine.allowed for part in (_step(_EQUALS, number, no=1), allow)]
    mapped = [
        part
        for number in machine.mapping
        for part in (
            _step(_EQUALS, number, no=4),
            _step(_LOAD, _THIRD_ARGUMENT_AT),
            _step(_HAS_BITS, _EXECUTABLE, no=1),
            refuse,
            allow,
        )
    ]
    return b"".join([*head, *plain, *mapped, refuse])


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """An instruction; a comparison skips `yes` or `no` instructions."""
    return struct.pack("=HBBI", code, yes, no, value)
