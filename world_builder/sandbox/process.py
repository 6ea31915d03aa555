"""One sandbox process, seen from here: started, given calls one at a time, killed when in doubt.

`pool` keeps several. Linux is needed for more than an error that says so.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from world_builder.errors import SandboxError
from world_builder.sandbox import child, confinement, wire
from world_builder.sandbox.outcome import Desk, Outcome

_BOOT: Final = (
    f"import sys; sys.path.insert(0, sys.argv[1]); from {child.__name__} import main; "
    "del sys.path[0]; main(int(sys.argv[2]))"
)
_FOLDER: Final = str(Path(__file__).parents[2])
_START_S: Final = 30.0
_GRACE_S: Final = 2.0
"""For a call that its own timers should have ended."""
_MOST_ASKED: Final = 5_000
_OUT_OF_TIME: Final = frozenset({signal.SIGPROF, signal.SIGXCPU})


class Sandbox:
    """A process that runs calls. Not for two threads at once."""

    def __init__(self) -> None:
        """Raises SandboxError when there can be none here."""
        self.layers: tuple[str, ...] = ()
        """What holds the calls back, for people."""
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = self._started(theirs.fileno())
        try:
            self.layers = self._greeted()
        except BaseException:
            self.kill()
            raise

    def call(self, order: dict[str, Any], desk: Desk) -> Outcome:
        """How the call goes. `order` needs `time_limit_ms`.

        Raises SandboxError, and whatever the desk raises; the process is of no use then.
        """
        limit_s = order["time_limit_ms"] / 1000 * confinement.PATIENCE + 1 + _GRACE_S
        deadline_s = time.monotonic() + limit_s
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._hand_over(theirs)
            said, problem = _dialogue(_Line(ours, deadline_s), order, desk)
        return _outcome(said, problem, self._status(deadline_s))

    def kill(self) -> None:
        """Ends it at once, with what runs in it."""
        self._control.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def forget(self) -> None:
        """Lets go of a process that is another one's: after a fork."""
        self._control.close()
        self._process.returncode = 0

    def _started(self, handle: int) -> "subprocess.Popen[bytes]":
        """A bare interpreter: no site, hardly an environment, no descriptor but one."""
        command = [sys.executable, "-sSPB", "-X", "utf8", "-c", _BOOT, _FOLDER, str(handle)]
        quiet = subprocess.DEVNULL
        try:
            return subprocess.Popen(
                command, pass_fds=(handle,), stdin=quiet, stdout=quiet, stderr=quiet,
                start_new_session=True, cwd="/", env=_environment(),
            )  # fmt: skip
        except OSError as error:
            self._control.close()
            raise SandboxError(f"Python tools cannot run: no process for them: {error}") from error

    def _greeted(self) -> tuple[str, ...]:
        try:
            hello = _Line(self._control, time.monotonic() + _START_S).read()
        except (EOFError, OSError, wire.BadFrame) as error:
            raise SandboxError("Python tools cannot run: their sandbox did not start") from error
        if "missing" in hello:
            raise _missing(hello)
        return tuple(hello["layers"])

    def _hand_over(self, theirs: socket.socket) -> None:
        try:
            socket.send_fds(self._control, [b"."], [theirs.fileno()])
        except OSError as error:
            raise SandboxError(
                "the sandbox of Python tools ended; the call was not made"
            ) from error

    def _status(self, deadline_s: float) -> int:
        """The wait status of the call's process."""
        try:
            return int.from_bytes(_Line(self._control, deadline_s).take(wire.HEADER_BYTES), "big")
        except (EOFError, OSError) as error:
            raise SandboxError("the sandbox of Python tools did not end a call") from error


class _Line:
    """Frames over a socket, until a deadline. Raises EOFError, OSError, BadFrame."""

    def __init__(self, connection: socket.socket, deadline_s: float) -> None:
        self._connection = connection
        self._deadline_s = deadline_s

    def read(self) -> dict[str, Any]:
        size = wire.size_of(self.take(wire.HEADER_BYTES), wire.MAX_ASKED_BYTES)
        return wire.decode(self.take(size))

    def write(self, message: dict[str, Any]) -> None:
        try:
            frame = wire.encode(message)
        except ValueError as error:
            frame = wire.encode({"error": f"what was asked for is no JSON: {error}"})
        if len(frame) > wire.MAX_TOLD_BYTES:
            frame = wire.encode({"error": "there is more than a Python tool may be told at once"})
        self._wait()
        self._connection.sendall(frame)

    def take(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._wait()
            part = self._connection.recv(size - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def _wait(self) -> None:
        self._connection.settimeout(max(self._deadline_s - time.monotonic(), 0.001))


def _dialogue(line: _Line, order: dict[str, Any], desk: Desk) -> tuple[dict[str, Any], str]:
    """The last thing that a call said, and what was wrong with how it spoke.

    Answers, too, may take no more processor time than the call has.
    """
    work_s = time.thread_time() + order["time_limit_ms"] / 1000
    _begin(line, order)
    try:
        for _ in range(_MOST_ASKED):
            said = line.read()
            if "ask" not in said:
                return said, ""
            line.write(desk(*_question(said)))
            if time.thread_time() > work_s:
                return {"late": True}, ""
    except wire.BadFrame as error:
        return {}, f"it sent {error}"
    except (EOFError, ConnectionError):
        return {}, "it ended without a result"
    except TimeoutError as error:
        raise SandboxError("a call of a Python tool got no answer in time") from error
    return {}, f"it asked for more than {_MOST_ASKED:,} things"


def _begin(line: _Line, order: dict[str, Any]) -> None:
    """Hands the call over; the tool's code is run once the process is confined, and not before."""
    try:
        line.write(order)
        said = line.read()
    except (EOFError, OSError, wire.BadFrame) as error:
        raise SandboxError("a call of a Python tool could not be begun") from error
    if "confined" not in said:
        raise _missing(said)


def _question(said: dict[str, Any]) -> tuple[str, list[Any]]:
    what, details = said["ask"], said.get("details")
    if not isinstance(what, str) or not isinstance(details, list):
        raise wire.BadFrame("a question without details")
    return what, details


def _outcome(said: dict[str, Any], problem: str, status: int) -> Outcome:
    """What a last message, or its absence, and the end of the process mean."""
    if "late" in said:
        return Outcome(is_out_of_time=True)
    if "result" in said:
        return Outcome(result=said["result"])
    match said.get("refused"):
        case [str(code), str(message)]:
            return Outcome(refused=(code, message))
    if "failed" in said:
        return Outcome(failed=str(said["failed"]))
    killer = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if killer in _OUT_OF_TIME:
        return Outcome(is_out_of_time=True)
    if killer in {signal.SIGALRM, signal.SIGKILL}:
        raise SandboxError(
            "a call of a Python tool was cut off: it got too little processor time or memory of "
            f"this machine (signal {killer})"
        )
    return Outcome(
        failed=f"{problem or 'it answered nonsense'}{f' (signal {killer})' * bool(killer)}"
    )


def _missing(said: dict[str, Any]) -> SandboxError:
    return SandboxError(f"Python tools cannot run here: {said.get('missing', 'no reason given')}")


def _environment() -> dict[str, str]:
    """A fixed hash seed, and where an interpreter without an installed library finds it."""
    found = os.environ.get("LD_LIBRARY_PATH")
    return {"PYTHONHASHSEED": "0"} | ({"LD_LIBRARY_PATH": found} if found else {})
