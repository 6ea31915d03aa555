"""The sandbox process: it forks, and each fork runs one call of a Python tool and ends.

Started by `process` under a bare interpreter, with one socket. It runs no tool's code itself: every
call finds the same fresh process, whatever the one before did. The standard library only.
"""

import gc
import json
import os
import socket
import sys
from typing import Any, NoReturn

from world_builder.sandbox import confinement, view, wire

FILE = "<tool>"
_MOST_LETTERS = 500


def main(handle: int) -> None:
    """Serves calls until the other side is gone."""
    control = socket.socket(fileno=handle)
    try:
        view.load_modules()
        layers = confinement.give_up_surroundings()
    except confinement.Unconfined as error:
        control.sendall(wire.encode({"missing": str(error)}))
        return
    control.sendall(wire.encode({"layers": layers}))
    gc.collect()
    gc.freeze()
    while True:
        started, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not started:
            return
        process = os.fork()
        if process == 0:
            _serve(handles[0])
        os.close(handles[0])
        status = os.waitpid(process, 0)[1]
        control.sendall(status.to_bytes(wire.HEADER_BYTES, "big"))


def _serve(handle: int) -> NoReturn:
    """The fork: one call, then the end, come what may."""
    try:
        os.closerange(0, handle)
        os.closerange(handle + 1, 1024)
        sys.stdin = sys.stdout = sys.stderr = None  # type: ignore[assignment]
        order = wire.read_frame(handle)
        confinement.confine_call(order["time_limit_ms"] / 1000)
        wire.write_all(handle, wire.encode({"confined": True}))
        wire.write_all(handle, _outcome(order, handle))
    except confinement.Unconfined as error:
        wire.write_all(handle, wire.encode({"missing": str(error)}))
    finally:
        os._exit(0)


def _outcome(order: dict[str, Any], handle: int) -> bytes:
    """How the call went, as a frame."""
    try:
        found = _encoded({"result": _called(order, handle)})
    except view.Refused as refused:
        return wire.encode({"refused": [refused.code, _said(refused)]})
    except BaseException as error:
        return wire.encode({"failed": told(error)})
    if len(found) > wire.MAX_ASKED_BYTES:
        most = f"{wire.MAX_ASKED_BYTES:,}"
        return wire.encode({"failed": f"its result has {len(found):,} bytes, at most {most}"})
    return found


def _called(order: dict[str, Any], handle: int) -> Any:
    names: dict[str, Any] = {"__builtins__": view.tool_builtins(), "__name__": "tool"}
    exec(compile(order["source"], FILE, "exec"), names)  # noqa: S102 - this is what the sandbox is for
    world = view.World(_asking(handle), order["now"], order["seed"])
    return names["run"](order["arguments"], world)


def _asking(handle: int) -> view.Asking:
    def ask(what: str, *details: Any) -> Any:
        wire.write_all(handle, _encoded({"ask": what, "details": details}))
        answer = wire.read_frame(handle)
        if "refused" in answer:
            raise view.Refused(*answer["refused"])
        if "error" in answer:
            raise LookupError(answer["error"])
        return answer["value"]

    return ask


def _encoded(message: dict[str, Any]) -> bytes:
    """Times become ISO text. Raises TypeError or ValueError for what JSON cannot say."""
    return wire.encode(json.loads(json.dumps(message, default=_plain)))


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be said in JSON")


def told(error: BaseException) -> str:
    """What went wrong, and on which line of the tool."""
    name = f"{type(error).__name__}: {_said(error)}"
    return name.removesuffix(": ") + _line(error)


def _said(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:_MOST_LETTERS].encode(errors="replace").decode()
    except Exception:
        return ""


def _line(error: BaseException) -> str:
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""
