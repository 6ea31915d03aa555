"""Python tools in a real environment server, and where they do not run."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from exporter.bundle import Bundle
from exporter.differences import compare, details
from exporter.gates import run_gates
from exporter.mcp_tools import mcp_tool
from exporter.server.asgi import Request
from exporter.server.mcp_endpoint import McpEndpoint
from exporter.server.mcp_methods import McpMethods
from exporter.server.rollouts import Rollouts, Worlds
from exporter.versioning import Bump
from exporter.writer import write_bundle
from tests.exporter.servers import RunningServer, serving
from tests.exporter.small_world import TEXT, library
from world_builder.engine import Engine
from world_builder.errors import SandboxError
from world_builder.operations import Python, object_schema
from world_builder.sandbox import pool
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import Tool, ToolCall
from world_builder.world import World

COPY = """
def run(arguments, world):
    book = world.need("book", arguments["id"])
    while arguments.get("for_ever"):
        pass
    return {"copy": world.create("book", {**{k: v for k, v in book.items() if k != "id"}})}
"""
CALL_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


def copying(source: str = COPY) -> World:
    """The library with a tool that copies a book, or works for ever."""
    tool = Tool(
        name="copy_book",
        title="Copy",
        description="Copies a book.",
        is_read_only=False,
        parameters=object_schema({"id": TEXT, "for_ever": {"type": "boolean"}}, ("id",)),
        operation=Python(source=source),
    )
    world = library()
    return world.model_copy(update={"tools": (*world.tools, tool)})


@pytest.fixture(scope="module")
def python_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    return write_bundle(copying(), "1.0.0", out, override_reason="no task copies a book")


@pytest.fixture(scope="module")
def python_server(
    python_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """Serves from the bundle's own copy of the server."""
    folder = tmp_path_factory.mktemp("server")
    with serving(python_bundle, folder, token="secret", cwd=python_bundle / "server") as server:
        yield server


async def call(client: httpx2.AsyncClient, url: str, **arguments: Any) -> dict[str, Any]:
    params = {"name": "copy_book", "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    response = await client.post(url, json=body, headers=CALL_HEADERS)
    assert response.status_code == 200
    result = response.json()["result"]
    value: dict[str, Any] = json.loads(result["content"][0]["text"])
    return value


def test_a_bundle_keeps_the_source(python_bundle: Path) -> None:
    assert Bundle.open(python_bundle).world.tool("copy_book") == copying().tool("copy_book")
    listed = mcp_tool(copying().tool("copy_book"))
    assert listed["annotations"]["readOnlyHint"] is False  # type: ignore[call-overload,index]
    assert "source" not in json.dumps(listed)


def test_changed_source_is_a_major_change_told_by_field() -> None:
    [item] = compare(copying(), copying(COPY.replace("copy", "other", 1))).items
    assert item.bump is Bump.MAJOR
    assert [field.path for field in details(item).fields] == ["operation.source"]


async def test_answers_are_the_bytes_of_another_process(python_server: RunningServer) -> None:
    made = python_server.post("/rollouts").json()
    world = copying()
    engine, local = Engine(world), WorldState(WorldBase(world))
    async with httpx2.AsyncClient() as client:
        for book in ("bk-02", "bk-99", "bk-03"):
            expected = engine.apply(local, ToolCall(tool="copy_book", arguments={"id": book}))
            assert await call(client, made["mcp_url"], id=book) == expected.value
        path = f"{python_server.url}/rollouts/{made['id']}/state"
        told = (await client.get(path, headers=python_server.trainer)).json()
    assert told["state_hash"] == local.state_hash


async def test_others_are_served_while_a_tool_works_for_ever(python_server: RunningServer) -> None:
    busy, other = (python_server.post("/rollouts").json() for _ in range(2))
    async with httpx2.AsyncClient(timeout=60) as client:
        endless = asyncio.create_task(call(client, busy["mcp_url"], id="bk-01", for_ever=True))
        await asyncio.sleep(0)
        assert (await client.get(f"{python_server.url}/health")).status_code == 200
        assert "copy" in await call(client, other["mcp_url"], id="bk-01")
        assert not endless.done()
        waiting = asyncio.create_task(call(client, busy["mcp_url"], id="bk-01"))
        assert (await endless)["error"] == "timed_out"
        assert "copy" in await waiting


async def test_a_group_of_calls_on_one_rollout_takes_turns(python_server: RunningServer) -> None:
    made = python_server.post("/rollouts").json()
    async with httpx2.AsyncClient(timeout=60) as client:
        answers = await asyncio.gather(
            *(call(client, made["mcp_url"], id="bk-01") for _ in range(12))
        )
    assert len({answer["copy"]["id"] for answer in answers}) == 12


async def test_a_call_without_a_sandbox_gets_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "Sandbox", no_sandbox)
    pool.shared().close()
    world = copying()
    rollout = Rollouts(Worlds(world), capacity=1, idle_s=60).single(Start())
    before = rollout.state.state_hash
    params = {"name": "copy_book", "arguments": {"id": "bk-01"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    headers = {name.lower(): value for name, value in CALL_HEADERS.items()}
    request = Request(method="POST", path="/mcp", origin="", headers=headers, body=body.encode())
    reply = await McpEndpoint(McpMethods("library", "1.0.0")).answer(request, rollout)
    error = json.loads(reply.body)["error"]
    assert (error["code"], "no filters here" in error["message"]) == (-32603, True)
    assert rollout.state.state_hash == before


def no_sandbox() -> None:
    raise SandboxError("no filters here")


def test_a_gate_is_never_met_or_shut_by_a_missing_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine lacks says nothing of a task, and must not be kept as if it did."""
    monkeypatch.setattr(pool, "Sandbox", no_sandbox)
    pool.shared().close()
    world = copying()
    calls = (ToolCall(tool="copy_book", arguments={"id": "bk-01"}),)
    first = world.tasks[0]
    assert first.reference_solution is not None
    solution = first.reference_solution.model_copy(update={"calls": calls})
    task = first.model_copy(update={"reference_solution": solution})
    with pytest.raises(SandboxError, match="no filters here"):
        run_gates(world.model_copy(update={"tasks": (task, *world.tasks[1:])}))
