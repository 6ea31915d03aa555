"""The environment server as a real process: stock clients, isolation, control, guards."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from exporter.bundle import Bundle
from exporter.mcp_tools import mcp_tools
from tests.exporter.servers import RunningServer, serving
from tests.exporter.small_world import library
from world_builder.engine import Engine
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall

LEND = {"book": "bk-02", "reader": "Rosa Lind"}


async def call(client: Client, tool: str, arguments: dict[str, Any], **meta: Any) -> dict[str, Any]:
    """The JSON that a tool answers, with whether it is an error."""
    result = await client.call_tool(tool, arguments, meta=meta or None)  # type: ignore[arg-type]
    [content] = result.content
    value: dict[str, Any] = json.loads(content.text)  # type: ignore[union-attr]
    return {**value, "is_error": result.is_error}


def rollout(server: RunningServer, start: str = "") -> dict[str, str]:
    response = server.post("/rollouts", start)
    assert response.status_code == 201, response.text
    made: dict[str, str] = response.json()
    return made


def state(server: RunningServer, path: str) -> dict[str, Any]:
    response = httpx2.get(f"{server.url}{path}", headers=server.trainer)
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


def delete(server: RunningServer, rollout_id: str) -> int:
    return httpx2.delete(f"{server.url}/rollouts/{rollout_id}", headers=server.trainer).status_code


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_stock_client_lists_and_calls_the_tools(server: RunningServer, mode: Any) -> None:
    async with Client(f"{server.url}/mcp", mode=mode) as client:
        listed = (await client.list_tools()).tools
        shown = [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed]
        assert shown == mcp_tools(library().tools)
        found = await call(client, "find_books", {"text": "dune"})
        assert not found["is_error"]
        assert "bk-01" in json.dumps(found)


async def test_answers_are_the_bytes_of_a_rollout_in_process(server: RunningServer) -> None:
    made = rollout(server)
    world = library()
    engine, local = Engine(world), WorldState(WorldBase(world))
    calls = [
        ToolCall(tool="find_books", arguments={"text": "the"}),
        ToolCall(tool="lend_book", arguments=dict(LEND)),
        ToolCall(tool="lend_book", arguments={"book": "bk-03", "reader": "Bo"}),
        ToolCall(tool="get_book", arguments={"id": 4}),
        ToolCall(tool="burn_book", arguments={}),
    ]
    async with Client(made["mcp_url"]) as client:
        for asked in calls:
            answer = await client.call_tool(asked.tool, dict(asked.arguments))
            expected = engine.apply(local, asked)
            assert [c.text for c in answer.content] == [expected.text]  # type: ignore[union-attr]
            assert answer.is_error == expected.is_error
    told = state(server, f"/rollouts/{made['id']}/state")
    assert told["state_hash"] == local.state_hash
    assert told["diff"] == local.diff().model_dump(mode="json")
    assert delete(server, made["id"]) == 204


async def test_a_bad_call_says_what_to_mend_and_changes_nothing(server: RunningServer) -> None:
    made = rollout(server)
    before = state(server, f"/rollouts/{made['id']}/state")
    async with Client(made["mcp_url"]) as client:
        out = await call(client, "lend_book", {"book": "bk-03", "reader": "Bo"})
        assert out["is_error"]
        assert "Moby Dick" in out["message"]
        assert (await call(client, "lend_book", {"book": "bk-02"}))["error"] == "invalid_arguments"
        assert (await call(client, "lend_books", {}))["error"] == "unknown_tool"
    assert state(server, f"/rollouts/{made['id']}/state") == before
    assert delete(server, made["id"]) == 204


async def test_sixteen_rollouts_are_isolated(server: RunningServer) -> None:
    made = [rollout(server) for _ in range(16)]

    async def lend(index: int) -> None:
        async with Client(made[index]["mcp_url"]) as client:
            for n in range(index + 1):
                loan = await call(client, "lend_book", {"book": "bk-01", "reader": f"r{index}-{n}"})
                assert loan["id"] == f"ln-{n + 2:03}"

    try:
        await asyncio.gather(*(lend(index) for index in range(16)))
        hashes = set()
        for index, one in enumerate(made):
            told = state(server, f"/rollouts/{one['id']}/state")
            readers = [change["after"]["reader"] for change in told["diff"]["changes"]]
            assert readers == [f"r{index}-{n}" for n in range(index + 1)]
            hashes.add(told["state_hash"])
        assert len(hashes) == 16

        full = server.post("/rollouts")
        assert full.status_code == 429
        assert "all 16 rollouts are in use" in full.json()["message"]
        assert full.headers["retry-after"]
        assert delete(server, made.pop()["id"]) == 204
        made.append(rollout(server))
    finally:
        for one in made:
            delete(server, one["id"])
    health = httpx2.get(f"{server.url}/health").json()
    assert (health["num_rollouts"], health["capacity"]) == (0, 16)


async def test_a_rollout_starts_as_its_task_says(server: RunningServer) -> None:
    start = {
        "tool_surface": "reading",
        "start_state": [{"entity_type": "book", "id": "bk-01", "values": {"year": 2021}}],
        "now": "2031-01-01T00:00:00Z",
    }
    made = rollout(server, json.dumps(start))
    async with Client(made["mcp_url"]) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["find_books"]
        assert "2021" in json.dumps(await call(client, "find_books", {"text": "dune"}))
    expected = WorldState(WorldBase(library()), Start.model_validate(start)).state_hash
    assert state(server, f"/rollouts/{made['id']}/state")["state_hash"] == expected
    assert delete(server, made["id"]) == 204


@pytest.mark.parametrize(
    "start",
    ['{"tool_surface": "none"}', '{"surface": 1}', "no json",
     '{"start_state": [{"entity_type": "bike", "id": "b", "values": {}}]}'],
)  # fmt: skip
def test_a_bad_start_is_refused(server: RunningServer, start: str) -> None:
    response = server.post("/rollouts", start)
    assert response.status_code == 422
    assert "cannot start so" in response.json()["message"]


async def test_a_retried_write_applies_once(server: RunningServer) -> None:
    made = rollout(server)
    key = {"corecraft/idempotency-key": "call-1"}
    async with Client(made["mcp_url"]) as client:
        first = await call(client, "lend_book", LEND, **key)
        assert await call(client, "lend_book", LEND, **key) == first
        other = await call(client, "lend_book", {**LEND, "reader": "Bo"}, **key)
        assert "was used for another call" in other["message"]
        again = await call(client, "lend_book", LEND)
    assert (first["id"], again["id"]) == ("ln-002", "ln-003")
    assert len(state(server, f"/rollouts/{made['id']}/state")["diff"]["changes"]) == 2
    assert delete(server, made["id"]) == 204


async def test_the_retry_key_may_be_a_header(server: RunningServer) -> None:
    made = rollout(server)
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "lend_book", "arguments": LEND},
    }
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-06-18",
        "Idempotency-Key": "k",
    }
    answers = [httpx2.post(made["mcp_url"], json=body, headers=headers).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert "ln-002" in json.dumps(answers[0])
    assert len(state(server, f"/rollouts/{made['id']}/state")["diff"]["changes"]) == 1
    assert delete(server, made["id"]) == 204


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "[" * 5000,
     '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 3}}',
     '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a", "arguments": 1}}',
     '{"jsonrpc": "1.0", "id": 1, "method": "tools/call", "params": {"name": "find_books"}}',
     '{"jsonrpc": "2.0", "id": 1, "method": "rollouts/list"}'],
)  # fmt: skip
def test_what_is_no_call_gets_a_protocol_error(server: RunningServer, body: str) -> None:
    response = post_mcp(server, body)
    assert response.json()["error"]["message"]
    assert httpx2.get(f"{server.url}/health").status_code == 200


def post_mcp(server: RunningServer, body: str) -> httpx2.Response:
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": "2025-06-18",
    }
    return httpx2.post(f"{server.url}/mcp", content=body, headers=headers)


async def test_the_plain_world_can_be_read_and_reset(server: RunningServer) -> None:
    pristine = server.post("/reset").json()["state_hash"]
    assert pristine == WorldState(WorldBase(library())).state_hash
    async with Client(f"{server.url}/mcp") as client:
        await call(client, "lend_book", LEND)
        assert state(server, "/state")["state_hash"] != pristine
        assert server.post("/reset").json()["state_hash"] == pristine
        assert (await call(client, "lend_book", LEND))["id"] == "ln-002"
    server.post("/reset")


def test_control_needs_the_token(server: RunningServer) -> None:
    made = rollout(server)
    url = f"{server.url}/rollouts/{made['id']}"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": server.token}):
        for method, path in (
            ("POST", f"{server.url}/rollouts"),
            ("GET", f"{url}/state"),
            ("DELETE", url),
            ("GET", f"{server.url}/state"),
            ("GET", f"{server.url}/metrics"),
            ("POST", f"{server.url}/reset"),
        ):
            response = httpx2.request(method, path, headers=headers)
            assert response.status_code == 401
            assert server.token not in response.text
    assert delete(server, made["id"]) == 204
    assert delete(server, made["id"]) == 404


async def test_a_policy_reaches_its_own_tools_and_nothing_else(
    server: RunningServer, bundle: Bundle
) -> None:
    own, other = rollout(server), rollout(server)
    assert len(own["id"]) >= 32
    assert own["id"] != other["id"]
    mcp_url = own["mcp_url"]
    for path in ("", "/", "/..", "/../state", "/state", "/rollouts", "/metrics"):
        response = httpx2.get(f"{mcp_url}{path}", headers={"Accept": "application/json"})
        assert response.status_code in {401, 404, 405, 406}
    for path in ("/solutions/lend-emma.json", "/tasks/lend-emma.json", "/bundle.json", "/",
                 "/metrics", "/rollouts",
                 f"/rollouts/{other['id'][:-1]}/mcp", "/rollouts//mcp"):  # fmt: skip
        response = httpx2.get(f"{server.url}{path}")
        assert response.status_code in {401, 404, 405}
    async with Client(mcp_url) as client:
        seen = json.dumps([t.model_dump() for t in (await client.list_tools()).tools])
        for tool in ("get_state", "rollouts", "../control"):
            assert (await call(client, tool, {}))["error"] == "unknown_tool"
        with pytest.raises(MCPError):
            await client.list_resources()
    health = httpx2.get(f"{server.url}/health").text
    for task in bundle.world.tasks:
        assert task.reference_solution is not None
        secrets = [task.reference_solution.response, *(c.text for c in task.rubric.criteria)]
        assert not [s for s in secrets if s in seen or s in health]
    assert own["id"] not in health
    assert server.token not in health
    for one in (own, other):
        assert delete(server, one["id"]) == 204
    assert httpx2.post(mcp_url, json={}).status_code == 404


def test_health_says_what_is_served(server: RunningServer, bundle: Bundle) -> None:
    health = httpx2.get(f"{server.url}/health").json()
    assert health == {
        "status": "ok",
        "world": "library",
        "version": "1.0.0",
        "digest": bundle.digest,
        "num_rollouts": 0,
        "capacity": 16,
        "has_control": True,
        "num_workers": 1,
        "num_workers_alive": 1,
        "num_worker_restarts": 0,
    }


def test_hosts_pages_and_sizes_are_guarded(server: RunningServer) -> None:
    def get(**headers: str) -> httpx2.Response:
        return httpx2.get(f"{server.url}/health", headers=headers)

    rebound = get(Host="evil.example:80")
    assert rebound.status_code == 421
    assert "CORECRAFT_SERVER_HOSTS" in rebound.json()["message"]
    assert get(Origin="http://evil.example").status_code == 403
    assert get(Origin="http://localhost:3000").status_code == 200
    assert get(Host="LOCALHOST").status_code == 200
    big = httpx2.post(f"{server.url}/mcp", content=b" " * ((1 << 20) + 1))
    assert big.status_code == 413


def test_control_is_off_without_a_token_and_hosts_can_be_added(
    bundle_path: Path, tmp_path: Path
) -> None:
    with serving(bundle_path, tmp_path, "--allow-host", "world.test") as server:
        response = httpx2.post(f"{server.url}/rollouts")
        assert response.status_code == 403
        assert "CORECRAFT_CONTROL_TOKEN" in response.json()["message"]
        named = httpx2.get(f"{server.url}/health", headers={"Host": "world.test:1"})
        assert named.json()["has_control"] is False


def test_half_a_character_is_a_tool_error_of_the_agents(server: RunningServer) -> None:
    """Found by fuzzing: it was a failure of the server."""
    made = rollout(server)
    before = state(server, f"/rollouts/{made['id']}/state")
    for text in (r"\ud800", r"x\udfff", r"\ud83d."):
        params = f'{{"name": "find_books", "arguments": {{"text": "{text}"}}}}'
        body = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = httpx2.post(made["mcp_url"], content=body, headers=headers)
        assert answer.status_code == 200
        result = answer.json()["result"]
        assert result["isError"]
        assert json.loads(result["content"][0]["text"])["error"] == "invalid_arguments"
    assert state(server, f"/rollouts/{made['id']}/state") == before


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", r'"\ud800"', "[" * 5_000])
def test_a_start_that_is_no_json_is_refused(server: RunningServer, value: str) -> None:
    """Else numbers that are none come back in answers that are no JSON."""
    patch = f'{{"entity_type": "book", "id": "bk-01", "values": {{"year": {value}}}}}'
    answer = server.post("/rollouts", f'{{"start_state": [{patch}]}}')
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_start")


def test_what_is_nested_without_end_is_refused(server: RunningServer) -> None:
    deep = "[" * 400 + "]" * 400
    start = server.post("/rollouts", content=f'{{"start_state": {deep}}}')
    assert start.status_code == 422
    assert "deeper than 64 levels" in start.text
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    call = f'{{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {{"x": {deep}}}}}'
    answer = httpx2.post(f"{server.url}/mcp", content=call, headers=headers)
    assert answer.json()["error"]["code"] == -32700


def test_a_group_of_rollouts_is_made_and_removed_at_once(server: RunningServer) -> None:
    before = httpx2.get(f"{server.url}/health").json()["num_rollouts"]
    made = server.post("/rollouts", content='{"count": 3}')
    assert made.status_code == 201
    group = made.json()["rollouts"]
    assert len({each["id"] for each in group}) == 3
    assert [each["mcp_url"].split("/")[-2] for each in group] == [each["id"] for each in group]
    states = [
        httpx2.get(f"{server.url}/rollouts/{each['id']}/state", headers=server.trainer).json()
        for each in group
    ]
    assert len({state["state_hash"] for state in states}) == 1
    first, *others = (each["id"] for each in group)
    delete = httpx2.Request(
        "DELETE", f"{server.url}/rollouts/{first}", json={"others": others}, headers=server.trainer
    )
    with httpx2.Client() as client:
        assert client.send(delete).status_code == 204
        assert client.send(delete).status_code == 404
    assert httpx2.get(f"{server.url}/health").json()["num_rollouts"] == before


@pytest.mark.parametrize("count", ["0", "257", '"3"', "1.5", "true"])
def test_a_group_has_a_size(server: RunningServer, count: str) -> None:
    refused = server.post("/rollouts", content=f'{{"count": {count}}}')
    assert refused.status_code == 422
    assert "from 1 to 256" in refused.text


def test_others_are_named_by_their_ids(server: RunningServer) -> None:
    made = server.post("/rollouts").json()
    for body in ('{"others": "x"}', '{"ids": []}', "[1]", "{"):
        answer = httpx2.request(
            "DELETE", f"{server.url}/rollouts/{made['id']}", content=body, headers=server.trainer
        )
        assert answer.status_code == 422
        assert "nothing was deleted" in answer.text
    url = f"{server.url}/rollouts/{made['id']}"
    assert httpx2.delete(url, headers=server.trainer).status_code == 204
