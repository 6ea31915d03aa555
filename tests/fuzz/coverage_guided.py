"""Fuzzes the whole server application in process, led by the code that inputs reach (atheris).

`python -m tests.fuzz.coverage_guided -max_total_time=600`; atheris is not installed for the tests,
since it has wheels for few systems. The tests beside it need no more than Hypothesis.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["exporter", "world_builder"]):
    from exporter.manifest import GateReport
    from exporter.served import ServedBundle
    from exporter.server.app import create_app
    from exporter.server.settings import ServerSettings
    from exporter.writer import write_bundle
    from tests.fuzz.live import DECLARED
    from world_builder.worlds import build_world

TOKEN = "secret"
_PATHS = ("/mcp", "/rollouts", "/reset", "/state", "/health", "/rollouts/x/state", "/rollouts/x")
_METHODS = ("POST", "POST", "POST", "GET", "DELETE", "PUT")
_NAMES = (b"mcp-protocol-version", b"mcp-method", b"mcp-name", b"idempotency-key", b"origin")
_HEAD: dict[str, Any] = {
    "type": "http",
    "headers": [
        (b"host", b"127.0.0.1"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json"),
        (b"authorization", f"Bearer {TOKEN}".encode()),
    ],
}


class Target:
    """The application over `tutorial`, and what must hold of its answers."""

    def __init__(self) -> None:
        world = build_world("tutorial").model_copy(update={"tasks": ()})
        with tempfile.TemporaryDirectory() as folder:
            report = GateReport(gates=())
            bundle = ServedBundle.open(write_bundle(world, "1.0.0", Path(folder), gates=report))
            settings = ServerSettings(control_token=TOKEN, capacity=1 << 30)
            self._application = create_app(bundle, settings)
        self._loop = asyncio.new_event_loop()

    def __call__(self, raw: bytes) -> None:
        """An answer of a declared status, and no change by what was refused."""
        data = atheris.FuzzedDataProvider(raw)
        scope = scope_of(data)
        body = data.ConsumeBytes(data.remaining_bytes())
        before = self._state()
        status, answer = self._asked(scope, body)
        assert status in DECLARED, (scope, body, answer)
        if status >= 400 or b'"isError":true' in answer or b'"error"' in answer:
            assert self._state() == before, (scope, body, answer)

    def _state(self) -> bytes:
        return self._asked({**_HEAD, "method": "GET", "path": "/state"}, b"")[1]

    def _asked(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            said.append(message)

        self._loop.run_until_complete(self._application(scope, receive, send))
        return said[0]["status"], said[1]["body"]


def scope_of(data: Any) -> dict[str, Any]:
    """A request's head: right but for a header or two."""
    odd = [name for name in _NAMES if data.ConsumeIntInRange(0, 15) == 0]
    headers = [*_HEAD["headers"], *((name, data.ConsumeBytes(12)) for name in odd)]
    method = _METHODS[data.ConsumeIntInRange(0, len(_METHODS) - 1)]
    path = _PATHS[data.ConsumeIntInRange(0, len(_PATHS) - 1)]
    return {**_HEAD, "method": method, "path": path, "headers": headers}


def main() -> None:
    atheris.Setup(sys.argv, Target())
    atheris.Fuzz()


if __name__ == "__main__":
    main()
