"""How long an environment server takes from the start of its process to its first answered call.

Byte code is there, as in an image: each kind of server starts once before it is measured. The peer
is the MCP SDK's server with the same tools and no world behind them.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from exporter import layout
from exporter.errors import ExporterError
from exporter.manifest import GateReport
from exporter.writer import write_bundle
from world_builder.world import World

_LIMIT_S: Final = 60.0
_POLL_S: Final = 0.002
_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-06-18",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start, in seconds."""

    wall_s: float
    cpu_s: float
    """Of the process and its children, until it was stopped after the first answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFigures:
    """Medians over the starts of our server and of the peer, in turn."""

    ours: Start
    peer: Start

    @property
    def wall_ratio(self) -> float:
        return self.peer.wall_s / self.ours.wall_s

    @property
    def cpu_ratio(self) -> float:
        return self.peer.cpu_s / self.ours.cpu_s


def bench_start(world: World, repeats: int) -> StartFigures:
    """Starts both servers on a bundle of the world, `repeats` times each, one after the other."""
    with TemporaryDirectory(prefix="corecraft-bench-") as folder:
        bundle = write_bundle(world, "0.0.0", folder, gates=GateReport(gates=()))
        environment = _environment(Path(folder) / "byte-code")
        pairs = list(_pairs(bundle, repeats + 1, environment))[1:]
    ours, peers = zip(*pairs, strict=True)
    return StartFigures(ours=_median(ours), peer=_median(peers))


def _pairs(
    bundle: Path, repeats: int, environment: Mapping[str, str]
) -> Iterator[tuple[Start, Start]]:
    for _ in range(repeats):
        ours = [str(bundle), "--port"]
        yield (
            _start("exporter.server", ours, bundle, environment),
            _start("exporter.bench.sdk_peer", [str(bundle)], bundle, environment),
        )


def _start(module: str, options: list[str], bundle: Path, environment: Mapping[str, str]) -> Start:
    port = _free_port()
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options, str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        _call(port, _first_call(bundle), process)
        wall_s = time.perf_counter() - began_s
    finally:
        process.terminate()
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return Start(wall_s=wall_s, cpu_s=used.ru_utime + used.ru_stime)


def _call(port: int, body: str, process: subprocess.Popen[bytes]) -> None:
    """Calls until the server answers. Raises ExporterError when it does not."""
    deadline_s = time.perf_counter() + _LIMIT_S
    while time.perf_counter() < deadline_s and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LIMIT_S)
        with suppress(ConnectionRefusedError):
            connection.request("POST", "/mcp", body, _HEADERS)
            answer = json.loads(connection.getresponse().read())
            connection.close()
            if "result" in answer:
                return
            raise ExporterError(f"the server refused the call: {answer}")
        time.sleep(_POLL_S)
    raise ExporterError("the server did not answer")


def _first_call(bundle: Path) -> str:
    """A call of the first tool that reads and needs no argument, or of the first one."""
    tools = json.loads((bundle / layout.MCP_TOOLS).read_bytes())
    plain = (
        tool
        for tool in tools
        if tool["annotations"]["readOnlyHint"] and not tool["inputSchema"].get("required")
    )
    params = {"name": next(plain, tools[0])["name"], "arguments": {}}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})


def _environment(byte_code: Path) -> dict[str, str]:
    """Ours, with a place for byte code, and the packages we were imported from first."""
    here = str(Path(__file__).parents[2])
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONPYCACHEPREFIX": str(byte_code),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _median(starts: tuple[Start, ...]) -> Start:
    return Start(
        wall_s=statistics.median(s.wall_s for s in starts),
        cpu_s=statistics.median(s.cpu_s for s in starts),
    )
