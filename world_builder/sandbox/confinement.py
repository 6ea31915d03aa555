"""Takes a process's rights away, for ever: system calls, files, network, memory, time.

The sandbox process gives up files and namespaces, each call in it everything else. Linux only; what
a kernel lacks is told, and without a system call filter nothing runs.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import sys
from functools import lru_cache
from typing import Final

from world_builder.sandbox.syscalls import MACHINES, program

MEMORY_BYTES: Final = 512 << 20
"""Address space of a call, the interpreter included."""
PATIENCE: Final = 5
"""A call may take so many times its processor time on the clock, and a second more."""

_NO_DUMP, _NO_NEW_PRIVILEGES, _SECCOMP, _FILTER_MODE = 4, 38, 22, 2
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_NEW_NAMESPACES: Final = 0x10000000 | 0x40000000 | 0x08000000
"""User, network and IPC."""


class Unconfined(Exception):
    """A required part of the sandbox cannot be had here; the message names it."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


_libc = ctypes.CDLL(None, use_errno=True)


def give_up_surroundings() -> list[str]:
    """Confines the sandbox process itself; returns the names of the layers that hold.

    Raises Unconfined.
    """
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        known = " and ".join(MACHINES)
        here = f"{platform.system()} on {platform.machine()}"
        raise Unconfined(f"system call filters of Linux on {known} are needed, this is {here}")
    _program()
    layers = ["limits", "seccomp"]
    if _libc.unshare(_NEW_NAMESPACES) == 0:
        layers.append("namespaces")
    _control(_NO_DUMP, 0)
    _control(_NO_NEW_PRIVILEGES, 1)
    if _forbid_files():
        layers.append("landlock")
    return layers


def confine_call(time_limit_s: float) -> None:
    """Confines this process to computing and to the descriptor it holds. Raises Unconfined."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: int(time_limit_s) + 2,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_CORE: 0,
    }
    try:
        for kind, most in limits.items():
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))
    except (OSError, ValueError) as error:
        raise Unconfined(f"limits cannot be set: {error}") from error
    for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.setitimer(signal.ITIMER_REAL, time_limit_s * PATIENCE + 1)
    signal.setitimer(signal.ITIMER_PROF, time_limit_s)
    _filter_calls()
    _check()


def _filter_calls() -> None:
    steps = _program()
    buffer = ctypes.create_string_buffer(steps, len(steps))
    filtered = _Program(len(steps) // 8, ctypes.cast(buffer, ctypes.c_void_p).value)
    _control(_SECCOMP, _FILTER_MODE, ctypes.byref(filtered))


@lru_cache(maxsize=1)
def _program() -> bytes:
    return program(MACHINES[platform.machine()])


def _check() -> None:
    """A kernel that took the filter and does not heed it would be worse than one without."""
    with contextlib.suppress(PermissionError):
        os.kill(0, 0)
        raise Unconfined("the kernel does not heed system call filters")


def _control(option: int, value: int, more: object = 0) -> None:
    if _libc.prctl(option, value, more, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Unconfined(f"the kernel refuses system call filters (prctl {option}): {reason}")


def _forbid_files() -> bool:
    """Landlock without a rule: no file, no TCP, no signal or abstract socket beyond this process.

    False when the kernel has no Landlock.
    """
    version = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    files = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    handled = [(1 << files) - 1]
    handled += [0b11] if version >= 4 else []
    handled += [0b11] if version >= 6 else []
    rules = (ctypes.c_uint64 * len(handled))(*handled)
    ruleset = _libc.syscall(_CREATE_RULESET, rules, ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return False
    is_held = _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(is_held)
