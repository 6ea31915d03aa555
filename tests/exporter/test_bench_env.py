"""Our environment server beside a peer: what is asked, measured and told."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exporter.bench.env import EnvPlan, _arguments, _measured, _reading_tool, bench_env
from exporter.bench.env_types import EnvFigures, Measured, Rate, Side
from exporter.bench.peer_venv import OPENENV, peer_version
from exporter.bench.wire import WebSocket, WireError, _frame
from exporter.errors import ExporterError
from exporter.manifest import GateReport
from exporter.writer import write_bundle
from studio.cli_bench import app
from tests.exporter.small_world import library
from world_builder.worlds import build_world

_PLAN = EnvPlan(num_clients=(1, 3), seconds=0.2, num_memory_sessions=3)


def _rate(num: int, per_s: float, load: float = 0.1) -> Rate:
    return Rate(num_clients=num, per_s=per_s, per_server_cpu_s=2 * per_s, client_load=load)


def _side(per_s: float, memory: float) -> Measured:
    rates = (_rate(1, per_s), _rate(8, per_s, load=0.95))
    return Measured(resets=rates, calls=rates, bytes_per_session=memory)


FIGURES = EnvFigures(
    world="tutorial",
    num_entities=64,
    tool="get_order",
    openenv_version="1.2.3",
    num_cores=2,
    load=0.5,
    ours=_side(1000.0, 4096.0),
    openenv_mcp=_side(100.0, 40960.0),
    openenv_step=_side(500.0, 8192.0),
)


def test_our_server_is_measured(tmp_path: Path) -> None:
    world = build_world("tutorial")
    bundle = write_bundle(world, "0.0.0", tmp_path, gates=GateReport(gates=()))
    tool = _reading_tool(world)
    measured = _measured(Side.OURS, bundle, Path(sys.executable), world, tool, _PLAN)
    for rate in (*measured.resets, *measured.calls, *measured.group_resets):
        assert rate.per_s > 1
        assert rate.per_server_cpu_s > 1
        assert 0 < rate.client_load < 2
    assert [rate.num_clients for rate in measured.calls] == [1, 3]
    assert [rate.num_clients for rate in measured.group_resets] == [1, 3]


def test_each_side_is_asked_for_the_same_entities() -> None:
    world = build_world("tutorial")
    tool = _reading_tool(world)
    (name,) = tool.parameter_names
    ours = [a[name] for a in _arguments(Side.OURS, world, tool)]
    peers = [a["entity_id"] for a in _arguments(Side.OPENENV_MCP, world, tool)]
    assert ours == peers
    assert 0 < len(ours) <= 200


def test_an_interpreter_without_openenv_is_refused(tmp_path: Path) -> None:
    assert peer_version(OPENENV, Path(sys.executable)) is None
    with pytest.raises(ExporterError, match="pip install openenv=="):
        next(iter(bench_env(library(), Path(sys.executable), _PLAN)))
    with pytest.raises(ExporterError, match="cannot be run"):
        peer_version(OPENENV, tmp_path / "none")


def test_the_command_says_what_is_missing() -> None:
    asked = ["env", "--world", "tutorial", "--peer-python", sys.executable]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    assert "has no OpenEnv" in result.output
    assert CliRunner().invoke(app, [*asked, "--optional"]).exit_code == 0
    assert CliRunner().invoke(app, [*asked, "--clients", "0,x"]).exit_code == 2


def test_figures_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.cli_bench_env._figures", lambda world, python, plan: FIGURES)
    told = CliRunner().invoke(app, ["env", "--json"]).stdout
    assert EnvFigures.model_validate_json(told) == FIGURES
    shown = CliRunner().invoke(app, ["env"], env={"COLUMNS": "160"}).stdout
    assert "10.0x (10.0x)" in shown
    assert "1,000 (2,000) *" in shown
    assert "40.0" in shown


@pytest.mark.parametrize("size", [5, 300, 70_000])
def test_frames_say_their_length(size: int) -> None:
    frame = _frame(b"x" * size)
    assert frame[0] == 0x81
    assert frame[1] & 0x80
    assert frame.endswith(bytes(4) + b"x" * size)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = await reader.readuntil(b"\r\n\r\n")
    status = b"101 Switching" if b"GET /ws" in asked else b"404 Not Found"
    writer.write(b"HTTP/1.1 " + status + b"\r\n\r\n")
    with suppress(asyncio.IncompleteReadError):
        for head in (b"\x81\x02", b"\x81\x7e\x00\x02", b"\x88\x02"):
            await reader.readexactly(6 + 2)
            writer.write(head + b"ok")
        await reader.readexactly(1)
    writer.close()
    await writer.wait_closed()


def test_web_sockets_answer_and_break() -> None:
    handlers: list[asyncio.Task[None]] = []

    def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.create_task(_echo(reader, writer)))

    async def talk() -> None:
        async with await asyncio.start_server(answered, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            socket = await WebSocket.open(port)
            await socket.shake_hands("/ws")
            assert await socket.ask(b"hi") == b"ok"
            assert await socket.ask(b"hi") == b"ok"
            with pytest.raises(WireError, match="not a text message"):
                await socket.ask(b"hi")
            socket.close()
            other = await WebSocket.open(port)
            with pytest.raises(WireError, match="no WebSocket"):
                await other.shake_hands("/none")
            other.close()
            await asyncio.gather(*handlers)

    asyncio.run(talk())


def test_state_figures_tell_kinds_of_calls_apart() -> None:
    told = CliRunner().invoke(app, ["state", "--world", "tutorial", "--seconds", "0.05", "--json"])
    figures = {f["name"]: f for f in json.loads(told.stdout)["figures"]}
    assert {"resets", "reads", "writes", "hashes", "get", "search"} <= figures.keys()
    assert figures["reads"]["target_per_s"] == 20_000
    assert all(figures[name]["cold_per_s"] > 0 for name in ("reads", "get", "writes"))
    assert figures["resets"]["cold_per_s"] is None
    shown = CliRunner().invoke(app, ["state", "--world", "tutorial", "--seconds", "0.05"]).stdout
    assert "to reach" in shown
