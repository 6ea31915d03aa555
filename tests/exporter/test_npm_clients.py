"""Clients from npm that know nothing of this project: the TypeScript SDKs and the inspector.

Each lists the tools of the tutorial over HTTP, reads and writes, and must see the bytes that the
engine gives in process.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.manifest import GateReport
from exporter.mcp_tools import mcp_tools
from exporter.server.mcp_methods import HANDSHAKE_VERSIONS, MODERN_VERSIONS
from exporter.writer import write_bundle
from tests.exporter.servers import RunningServer, serving
from world_builder.engine import Engine
from world_builder.state import WorldBase, WorldState
from world_builder.tools import ToolCall
from world_builder.world import World
from world_builder.worlds import build_world

SCRIPTS = Path(__file__).parent / "node"
SDKS = ("@modelcontextprotocol/sdk@1.32.2", "@modelcontextprotocol/client@2.4.0")
INSPECTOR = "@modelcontextprotocol/inspector@1.0.3"
"""The last one that runs on Node 20."""
LIMIT_S = 600.0


@pytest.fixture(scope="module")
def npm() -> str:
    found = shutil.which("npm")
    if found is None or shutil.which("node") is None:
        message = "npm and node are needed for the clients from npm"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def sdks(npm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdks")
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    return installed(npm, folder, *SDKS)


@pytest.fixture(scope="module")
def inspector(npm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = installed(npm, tmp_path_factory.mktemp("inspector"), INSPECTOR)
    return folder / "node_modules" / ".bin" / "mcp-inspector"


def installed(npm: str, folder: Path, *packages: str) -> Path:
    """The folder, with the packages in it; none of their scripts is run."""
    (folder / "package.json").write_text('{"private": true}')
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([npm, "install", *options, *packages], cwd=folder, check=True, timeout=LIMIT_S)
    return folder


@pytest.fixture(scope="module")
def tutorial() -> World:
    return build_world("tutorial")


@pytest.fixture
def server(tutorial: World, tmp_path: Path) -> Iterator[RunningServer]:
    bundle = write_bundle(tutorial, "1.0.0", tmp_path, gates=GateReport(gates=()))
    with serving(bundle, tmp_path) as running:
        yield running


def read_and_write(world: World) -> list[ToolCall]:
    """A reference solution's first call that reads and its first that writes."""
    for task in world.tasks:
        calls = task.reference_solution.calls if task.reference_solution else ()
        reads = [call for call in calls if world.tool(call.tool).is_read_only]
        writes = [call for call in calls if not world.tool(call.tool).is_read_only]
        if reads and writes:
            return [reads[0], writes[0]]
    raise AssertionError("no task reads and writes")


def expected_texts(world: World, calls: list[ToolCall]) -> list[str]:
    engine, state = Engine(world), WorldState(WorldBase(world))
    results = [engine.apply(state, call) for call in calls]
    assert not any(result.is_error for result in results)
    assert state.diff().changes
    return [result.text for result in results]


def run(program: str | Path, *arguments: str | Path) -> Any:
    """The JSON that a program of node prints."""
    command = [program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("script", "version"),
    [
        (("handshake.mjs",), None),
        (("modern.mjs", "legacy"), HANDSHAKE_VERSIONS[-1]),
        (("modern.mjs", "auto"), MODERN_VERSIONS[-1]),
    ],
    ids=["sdk", "client-handshake", "client-negotiating"],
)
def test_the_typescript_sdk_lists_reads_and_writes(
    script: tuple[str, ...],
    version: str | None,
    sdks: Path,
    server: RunningServer,
    tutorial: World,
) -> None:
    calls = read_and_write(tutorial)
    asked = json.dumps([call.model_dump(mode="json") for call in calls])
    name, *mode = script
    told = run("node", sdks / name, f"{server.url}/mcp", asked, *mode)
    assert told["version"] == version
    assert told["tools"] == mcp_tools(tutorial.tools)
    texts = [content["text"] for answer in told["answers"] for content in answer["content"]]
    assert texts == expected_texts(tutorial, calls)


def test_the_inspector_lists_reads_and_writes(
    inspector: Path, server: RunningServer, tutorial: World
) -> None:
    asked = ("--cli", f"{server.url}/mcp", "--transport", "http", "--method")
    assert run(inspector, *asked, "tools/list")["tools"] == mcp_tools(tutorial.tools)
    calls = read_and_write(tutorial)
    texts = []
    for call in calls:
        named = [f"{name}={json.dumps(value)}" for name, value in call.arguments.items()]
        arguments = [part for text in named for part in ("--tool-arg", text)]
        answer = run(inspector, *asked, "tools/call", "--tool-name", call.tool, *arguments)
        texts += [content["text"] for content in answer["content"]]
    assert texts == expected_texts(tutorial, calls)
