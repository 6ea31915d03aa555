"""The MCP endpoint of a real process: bodies, headers and methods of every kind."""

import http.client
import json
from random import Random
from typing import Any, TypeAlias

from tests.fuzz.live import Answer, LiveServer
from tests.fuzz.running import counts, fuzz
from tests.fuzz.values import Words, body_of, call_of, text, wild
from world_builder.world import World

_METHODS = ("initialize", "ping", "tools/list", "tools/call", "server/discover", "tasks/list")
_META = "io.modelcontextprotocol/"
_VERSIONS = ("2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28", "1.0", "")
_HEADERS = (
    "Content-Type", "Accept", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name", "Host", "Origin",
    "Idempotency-Key", "Authorization", "Mcp-Session-Id", "Connection", "Expect",
)  # fmt: skip
_VALUES = (*_VERSIONS, "application/json", "*/*", "tools/call", "=?base64?e?=", "0", "\xff" * 9)
GOOD = {"Content-Type": "application/json", "Accept": "application/json"}
MODERN = {**GOOD, "Mcp-Protocol-Version": "2026-07-28"}

Sent: TypeAlias = tuple[str, dict[str, str], bytes]
"""Method, headers and body."""


def sent(rng: Random, world: World, words: Words) -> Sent:
    """A request: right in most cases, in either era of the protocol."""
    is_modern = rng.random() < 0.3
    body = body_of(rng, lambda: _message(rng, world, words, is_modern=is_modern))
    verb = "POST" if rng.random() < 0.95 else rng.choice(["GET", "PUT", "DELETE", "HEAD", "ODD"])
    headers = dict(_routed(body) if is_modern else GOOD)
    if rng.random() < 0.15:
        value = rng.choice(_VALUES) if rng.random() < 0.7 else _latin(text(rng))
        headers[rng.choice(_HEADERS)] = value
    return verb, headers, body


def _routed(body: bytes) -> dict[str, str]:
    """The headers that a proxy routes by, as the body says."""
    try:
        message = json.loads(body)
        return {
            **MODERN,
            "Mcp-Method": _latin(message["method"]),
            "Mcp-Name": _latin(message["params"]["name"]),
        }
    except (ValueError, LookupError, TypeError, RecursionError, AttributeError):
        return MODERN


def _latin(value: str) -> str:
    return "".join(c for c in value if " " <= c <= "ÿ" and c != "\x7f")


def _message(rng: Random, world: World, words: Words, *, is_modern: bool) -> Any:
    if rng.random() < 0.03:
        return wild(rng)
    method = "tools/call" if rng.random() < 0.85 else rng.choice([*_METHODS, text(rng)])
    name, arguments = call_of(rng, world.tools, words)
    params: Any = {"name": name, "arguments": arguments, **_meta(rng, is_modern=is_modern)}
    message = {"jsonrpc": "2.0", "id": rng.randrange(9), "method": method, "params": params}
    if rng.random() < 0.1:
        message[rng.choice(sorted(message))] = wild(rng)
    elif rng.random() < 0.03:
        del message[rng.choice(sorted(message))]
    return message


def _meta(rng: Random, *, is_modern: bool) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if is_modern:
        meta[f"{_META}protocolVersion"] = "2026-07-28"
        meta[f"{_META}clientCapabilities"] = {}
    if rng.random() < 0.3:
        meta["corecraft/idempotency-key"] = rng.choice(["k1", "k2", wild(rng)])
    if rng.random() < 0.1:
        keys = ["protocolVersion", "clientCapabilities", "clientInfo"]
        meta[f"{_META}{rng.choice(keys)}"] = wild(rng)
    if rng.random() < 0.03:
        return {"_meta": wild(rng)}
    return {"_meta": meta} if meta else {}


def test_requests_of_every_kind(fuzzed_world: World, live_server: LiveServer) -> None:
    server, words = live_server, Words(fuzzed_world)
    reading = {t.name for t in fuzzed_world.tools if t.is_read_only}
    witness = server.rollout()
    untouched = server.hash_of(witness)
    name = f"{fuzzed_world.name} mcp"

    def draw(rng: Random, num_steps: int) -> list[Sent]:
        return [sent(rng, fuzzed_world, words) for _ in range(num_steps)]

    def check(requests: list[Sent]) -> None:
        rollout_id = server.rollout()
        before = server.hash_of(rollout_id)
        for verb, given, body in requests:
            answer = asked(server, verb, f"/rollouts/{rollout_id}/mcp", body, given)
            after, outcome = server.hash_of(rollout_id), outcome_of(answer)
            counts[f"{name}: {outcome}"] += 1
            may_write = outcome == "accepted" and called(body) not in reading
            assert after == before or may_write, (verb, given, body, answer)
            before = after
        assert server.hash_of(witness) == untouched
        assert server.control("DELETE", f"/rollouts/{rollout_id}").status == 204
        assert server.process.poll() is None, server.log()

    fuzz(name, draw, check)
    server.check()


def asked(
    server: LiveServer, verb: str, path: str, body: bytes, given: dict[str, str]
) -> Answer | None:
    """None when the server closed the connection on a request that is no HTTP."""
    try:
        return server.ask(verb, path, body, given)
    except (http.client.HTTPException, ValueError, OSError):
        return None


def outcome_of(answer: Answer | None, *, is_wild: bool = False) -> str:
    """What an answer says. In a world that began wild a tool may break on the data in it."""
    if answer is None:
        return "no HTTP"
    if answer.status != 200 or not answer.body:
        return f"status {answer.status}"
    said = answer.json
    if "error" in said:
        return f"error {said['error']['code']}"
    if not said["result"].get("isError"):
        return "accepted"
    told = json.loads(said["result"]["content"][0]["text"])["error"]
    assert is_wild or told != "tool_broken", answer
    return f"tool error {told}"


def called(body: bytes) -> object:
    """The tool that an accepted request calls."""
    return (json.loads(body).get("params") or {}).get("name")
