"""Control of a real process: tokens, wild starts, paths, methods, and calls in what came of it."""

from random import Random
from typing import Any, TypeAlias

from tests.fuzz.live import LiveServer
from tests.fuzz.running import counts, fuzz
from tests.fuzz.test_mcp import GOOD, asked, outcome_of
from tests.fuzz.values import Words, body_of, call_of, encoded, start_of, text
from world_builder.world import World

Stray: TypeAlias = tuple[str, str, dict[str, str], bytes]
"""Method, path, headers and body."""
Example: TypeAlias = tuple[bytes, list[tuple[str, Any]], list[Stray]]
"""The body of a start, calls, and requests beside."""

_PARTS = ("rollouts", "state", "reset", "mcp", "health", "", "..", "%00", "%2e%2e", "x" * 300)
_ROUTES = ("/rollouts", "/rollouts/none/state", "/rollouts/none", "/state", "/reset", "/mcp")
_VERBS = ("GET", "POST", "DELETE", "PUT", "HEAD", "PATCH")


def stray(rng: Random, server: LiveServer, start: bytes) -> Stray:
    path = "/" + "/".join(rng.choices(_PARTS, k=rng.randrange(4)))
    if rng.random() < 0.6:
        path = rng.choice(_ROUTES)
    verb = rng.choice(_VERBS)
    if verb == "POST" and path == "/rollouts":
        return verb, path, rng.choice([{}, {"Authorization": f"Bearer {_latin(rng)}"}]), start
    wrong = {"Authorization": rng.choice(["", "Bearer ", "Basic "]) + _latin(rng)}
    return verb, path, rng.choice([server.trainer, server.trainer, wrong, {}]), start


def _latin(rng: Random) -> str:
    return "".join(c for c in text(rng) if " " <= c <= "ÿ" and c != "\x7f")


def test_starts_and_what_is_called_in_them(fuzzed_world: World, live_server: LiveServer) -> None:
    server, words, name = live_server, Words(fuzzed_world), f"{fuzzed_world.name} control"
    reading = {t.name for t in fuzzed_world.tools if t.is_read_only}
    witness = server.rollout()
    untouched = server.hash_of(witness)

    def draw(rng: Random, num_steps: int) -> Example:
        start = body_of(rng, lambda: start_of(rng, fuzzed_world, words))
        calls = [call_of(rng, fuzzed_world.tools, words) for _ in range(num_steps)]
        return start, calls, [stray(rng, server, start) for _ in range(num_steps // 3)]

    def check(example: Example) -> None:
        start, calls, strays = example
        for verb, path, token, body in strays:
            answer = asked(server, verb, path, body, token)
            told = "no HTTP" if answer is None else answer.status
            counts[f"{name}, other paths: {told}"] += 1
        made = server.control("POST", "/rollouts", start)
        counts[f"{name}, starts: {made.status}"] += 1
        assert server.hash_of(witness) == untouched
        if made.status == 201:
            played(server, str(made.json["id"]), calls, reading, name)
        assert server.process.poll() is None, server.log()

    fuzz(name, draw, check)
    server.check()


def played(
    server: LiveServer, rollout_id: str, calls: list[tuple[str, Any]], reading: set[str], name: str
) -> None:
    """Calls in a world that may be wild, then its end."""
    before = server.hash_of(rollout_id)
    for tool, arguments in calls:
        params = {"name": tool, "arguments": arguments}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        path = f"/rollouts/{rollout_id}/mcp"
        outcome = outcome_of(asked(server, "POST", path, encoded(request), GOOD), is_wild=True)
        after = server.hash_of(rollout_id)
        counts[f"{name}, calls: {outcome}"] += 1
        assert after == before or (outcome == "accepted" and tool not in reading)
        before = after
    assert server.control("DELETE", f"/rollouts/{rollout_id}").status == 204
    assert server.control("GET", f"/rollouts/{rollout_id}/state").status == 404
