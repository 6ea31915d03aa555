"""A stand-in for an environment server that can misbehave on demand. Standard library only.

Runs as a file inside a container: one counter as its world, and tools that leak, hang, die, eat
memory and look around.
"""

import json
import os
import socket
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = os.environ.get("CORECRAFT_CONTROL_TOKEN", "")
DIGEST = os.environ.get("DOUBLE_DIGEST", "")

state = {"total": 0, "is_leaky": False}


def add(amount: int) -> dict[str, Any]:
    state["total"] += amount
    return {"total": state["total"]}


def leak() -> dict[str, Any]:
    """From now on a reset leaves the counter as it is."""
    state["is_leaky"] = True
    return add(1)


def hang() -> dict[str, Any]:
    time.sleep(600)
    return {}


def die() -> dict[str, Any]:
    print("I give up", flush=True)  # noqa: T201 (the last words that a test looks for)
    os._exit(3)


def eat() -> dict[str, Any]:
    held = [bytearray(os.urandom(1 << 20)) for _ in range(1024)]
    return {"held": len(held)}


def look() -> dict[str, Any]:
    """What the container may do."""
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return {
        "user": os.getuid(),
        "capabilities": int(status["CapEff"], 16),
        "has_no_new_privileges": status["NoNewPrivs"] == "1",
        "interfaces": [name for _, name in socket.if_nameindex()],
        "can_write_root": _can_write("/x"),
        "can_write_tmp": _can_write("/tmp/x"),  # noqa: S108 (the container's own)
        "has_token": bool(TOKEN),
    }


def reach(host: str, port: int) -> dict[str, Any]:
    try:
        socket.create_connection((host, port), 2).close()
    except OSError as error:
        return {"is_reached": False, "error": str(error)}
    return {"is_reached": True}


def _can_write(path: str) -> bool:
    try:
        Path(path).write_text("x")
    except OSError:
        return False
    return True


TOOLS: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (add, leak, hang, die, eat, look, reach)
}


class Double(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer({"digest": DIGEST})
        elif self._is_trainer():
            self._answer({"diff": {}, "state_hash": _hash()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/mcp":
            self._answer({"jsonrpc": "2.0", "id": 1, "result": _result(json.loads(body))})
        elif self._is_trainer():
            if '"nowhere"' in body:
                self._answer({"message": "there is no tool surface 'nowhere'"}, 422)
                return
            state["total"] *= state["is_leaky"]
            self._answer({"state_hash": _hash()})

    def _is_trainer(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {TOKEN}":
            return True
        self._answer({}, 401)
        return False

    def _answer(self, value: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


def _hash() -> str:
    return sha256(str(state["total"]).encode()).hexdigest()


def _result(request: dict[str, Any]) -> dict[str, Any]:
    if request["method"] == "tools/list":
        return {"tools": [{"name": name, "inputSchema": {}} for name in TOOLS]}
    params = request["params"]
    value = TOOLS[params["name"]](**params["arguments"])
    return {"content": [{"type": "text", "text": json.dumps(value)}], "isError": False}


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8000), Double).serve_forever()
