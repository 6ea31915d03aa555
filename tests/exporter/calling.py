"""Calls the tools of a rollout over plain HTTP, as a trainer's runtime does."""

import json
from typing import Any

import httpx2

HEADERS = {
    "Accept": "application/json, text/event-stream",
    "Content-Type": "application/json",
    "MCP-Protocol-Version": "2025-06-18",
}


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def tool_call(tool: str, arguments: dict[str, Any], key: str = "") -> dict[str, Any]:
    meta = {"_meta": {"corecraft/idempotency-key": key}} if key else {}
    return rpc("tools/call", name=tool, arguments=arguments, **meta)


def post(
    url: str, body: dict[str, Any], client: httpx2.Client | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer; on a connection of its own unless a client is given."""
    send = httpx2.post if client is None else client.post
    response = send(url, json=body, headers=HEADERS)
    answer: dict[str, Any] = response.json()
    return response.status_code, answer


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """The JSON that the tool answered."""
    value: dict[str, Any] = json.loads(answer["result"]["content"][0]["text"])
    return value
