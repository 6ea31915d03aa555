"""A real server process under fire, and the least of a client for it."""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exporter.manifest import GateReport
from exporter.writer import write_bundle
from world_builder.world import World

DECLARED: Final = frozenset(
    {200, 201, 202, 204, 400, 401, 403, 404, 405, 406, 413, 415, 421, 422, 429}
)
"""Every status that the server documents; a 5xx is not among them."""

_START_S: Final = 60.0
_IDLE_S: Final = 2.0
"""The server closes a connection that rests for longer than a few seconds."""
_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class LiveServer:
    """A server process with one connection to it that is renewed when it breaks."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", port: int, token: str, log: Path
    ) -> None:
        self.process = process
        self.port = port
        self.trainer = {"Authorization": f"Bearer {token}"}
        self._log = log
        self._connection: http.client.HTTPConnection | None = None
        self._used_s = 0.0

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """The answer, after what must hold of every answer. Raises what `http.client` raises."""
        if self._connection is not None and time.monotonic() - self._used_s > _IDLE_S:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self._connection.request(method, path, body=body, headers=headers or {})
            response = self._connection.getresponse()
            answer = Answer(status=response.status, body=response.read())
        except BaseException:
            self._connection.close()
            self._connection = None
            raise
        self._used_s = time.monotonic()
        assert answer.status in DECLARED, (answer, self.log())
        assert b"Traceback" not in answer.body
        return answer

    def control(self, method: str, path: str, body: bytes = b"") -> Answer:
        return self.ask(method, path, body, self.trainer)

    def rollout(self, body: bytes = b"") -> str:
        answer = self.control("POST", "/rollouts", body)
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def hash_of(self, rollout_id: str) -> str:
        answer = self.control("GET", f"/rollouts/{rollout_id}/state")
        assert answer.status == 200, answer
        return str(answer.json["state_hash"])

    def check(self) -> None:
        """It lives, answers, and logged no failure."""
        assert self.process.poll() is None, self.log()
        assert self.ask("GET", "/health").status == 200
        assert "Traceback" not in self.log(), self.log()[-3_000:]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def log(self) -> str:
        return self._log.read_text(errors="replace")


@contextlib.contextmanager
def live(world: World, folder: Path, *options: str) -> Iterator[LiveServer]:
    """A server of the world, without its tasks, which it never reads."""
    bare = world.model_copy(update={"tasks": ()})
    bundle = write_bundle(bare, "1.0.0", folder, gates=GateReport(gates=()))
    token, port_file, log = secrets.token_hex(8), folder / "port", folder / "log"
    command = [sys.executable, "-m", "exporter.server", str(bundle), "--port", "0"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*command, "--port-file", str(port_file), *options],
            cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=written,
            env={**os.environ, "CORECRAFT_CONTROL_TOKEN": token},
        )  # fmt: skip
    try:
        end_s = time.monotonic() + _START_S
        while not port_file.exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end_s, "the server did not start"
            time.sleep(0.02)
        server = LiveServer(process, int(port_file.read_text()), token, log)
        with contextlib.closing(server):
            yield server
    finally:
        process.terminate()
        process.wait(timeout=_START_S)
