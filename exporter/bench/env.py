"""Our environment server beside OpenEnv's: resets, tool calls and memory, in the same run.

Each server is one process on this machine, and so are its clients (`env_client`); one is measured
after the other. Ours serves a bundle of the world: a reset is a new rollout by HTTP and the removal
of the one before (two requests, for one rollout or for a group of 16), a call is MCP over HTTP to a
tool that gets one entity by id, with whatever the tool joins to it, arguments validated. OpenEnv's
serves the entities of the same bundle (`openenv_peer`): a reset and a call are one message each
over an open WebSocket, the call reads the bare entity.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from exporter.bench.env_client import GROUP_SIZE
from exporter.bench.env_types import Asked, EnvFigures, Measured, Side
from exporter.bench.peer_venv import OPENENV, required_version
from exporter.errors import ExporterError
from exporter.manifest import GateReport
from exporter.server.settings import TOKEN_VARIABLE
from exporter.writer import write_bundle
from world_builder.operations import Get
from world_builder.tools import Tool
from world_builder.world import World

_NUM_ARGUMENTS: Final = 200
_LIMIT_S: Final = 120.0
_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvPlan:
    """How much is measured."""

    num_clients: tuple[int, ...] = (1, 8, 64)
    seconds: float = 3.0
    """Of each rate."""
    num_memory_sessions: int = 200

    @property
    def capacity(self) -> int:
        return 2 * max(GROUP_SIZE * max(self.num_clients), self.num_memory_sessions + 1)


def bench_env(world: World, python: Path, plan: EnvPlan) -> Iterator[Side | EnvFigures]:
    """Names each side before it is measured, and gives the figures at the end.

    Raises ExporterError when the interpreter has no OpenEnv, the world has no tool that gets one
    entity, or a server does not answer.
    """
    version = required_version(OPENENV, python)
    tool, load = _reading_tool(world), os.getloadavg()[0]
    measured: dict[Side, Measured] = {}
    with TemporaryDirectory(prefix="corecraft-bench-") as folder:
        bundle = write_bundle(world, "0.0.0", folder, gates=GateReport(gates=()))
        for side in Side:
            yield side
            measured[side] = _measured(side, bundle, python, world, tool, plan)
    yield EnvFigures(
        world=world.name,
        num_entities=world.num_entities,
        tool=tool.name,
        openenv_version=version,
        num_cores=os.cpu_count() or 1,
        load=load,
        ours=measured[Side.OURS],
        openenv_mcp=measured[Side.OPENENV_MCP],
        openenv_step=measured[Side.OPENENV_STEP],
    )


def _reading_tool(world: World) -> Tool:
    """The tool that gets one entity by its id alone, with the fewest joins."""
    fitting = [
        (len(tool.operation.joins), tool)
        for tool in world.surface_tools()
        if isinstance(tool.operation, Get)
        and len(tool.parameter_names) == 1
        and tool.operation.id == f"args.{tool.parameter_names[0]}"
    ]
    if not fitting:
        raise ExporterError(f"world {world.name!r} has no tool that gets one entity by its id")
    return min(fitting, key=lambda pair: pair[0])[1]


def _measured(
    side: Side, bundle: Path, python: Path, world: World, tool: Tool, plan: EnvPlan
) -> Measured:
    port, token = _free_port(), secrets.token_hex(16)
    command = _command(side, bundle, python, port, plan)
    with _server(command, {TOKEN_VARIABLE: token}, port) as pid:
        asked = Asked(
            side=side,
            port=port,
            server_pid=pid,
            token=token,
            tool=tool.name if side is Side.OURS else "read",
            arguments=_arguments(side, world, tool),
            num_clients=plan.num_clients,
            seconds=plan.seconds,
            num_memory_sessions=plan.num_memory_sessions,
        )
        return _by_clients(asked)


def _command(side: Side, bundle: Path, python: Path, port: int, plan: EnvPlan) -> list[str]:
    if side is Side.OURS:
        module = [sys.executable, "-m", "exporter.server", str(bundle)]
        return [*module, "--port", str(port), "--capacity", str(plan.capacity)]
    kind = "mcp" if side is Side.OPENENV_MCP else "step"
    script = Path(__file__).with_name("openenv_peer.py")
    return [str(python), str(script), str(bundle), str(port), kind, str(plan.capacity)]


def _arguments(side: Side, world: World, tool: Tool) -> tuple[dict[str, str], ...]:
    operation = tool.operation
    if not isinstance(operation, Get):
        raise TypeError("the tool gets one entity")
    records = world.entities[operation.entity_type]
    ids = [str(record["id"]) for record in records[:: len(records) // _NUM_ARGUMENTS + 1]]
    if side is Side.OURS:
        (name,) = tool.parameter_names
        return tuple({name: entity_id} for entity_id in ids)
    return tuple({"entity_type": operation.entity_type, "entity_id": i} for i in ids)


@contextmanager
def _server(command: Sequence[str], secret: Mapping[str, str], port: int) -> Iterator[int]:
    """The process of a server that listens. Raises ExporterError when it does not."""
    process = subprocess.Popen(
        command, env=_environment(secret), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _await_port(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.communicate()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.perf_counter() + _LIMIT_S
    while time.perf_counter() < deadline_s:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise ExporterError(f"the server ended: {said[-500:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_POLL_S)
    raise ExporterError(f"the server did not answer within {_LIMIT_S:.0f} s")


def _by_clients(asked: Asked) -> Measured:
    command = [sys.executable, "-m", "exporter.bench.env_client"]
    told = subprocess.run(
        command,
        input=asked.model_dump_json(),
        env=_environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        last = told.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ExporterError(f"the clients of {asked.side.value} failed: {last[0]}")
    return Measured.model_validate_json(told.stdout)


def _environment(secret: Mapping[str, str]) -> dict[str, str]:
    here = str(Path(__file__).parents[2])
    paths = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": paths, **secret}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
