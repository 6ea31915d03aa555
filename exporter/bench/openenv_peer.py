"""`PYTHON openenv_peer.py BUNDLE PORT KIND SESSIONS`: a bundle's entities behind OpenEnv's server.

Run by an interpreter that has OpenEnv; it imports nothing of ours. Each environment has one tool
that reads an entity by type and id. `mcp` is the kind OpenEnv's documents recommend for tools, an
`MCPEnvironment` over FastMCP; `step` is the leanest that OpenEnv allows, a plain `Environment` with
an action of its own and asynchronous methods. Both make a fresh copy of the dictionaries of
entities for a reset, and share the entities.
"""

import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastmcp import FastMCP
from openenv.core.env_server import (
    Action,
    CallToolAction,
    CallToolObservation,
    Environment,
    MCPEnvironment,
    Observation,
    State,
    create_app,
)

ENTITIES: dict[str, dict[str, dict[str, Any]]] = {}


class Read(Action):
    entity_type: str
    entity_id: str


class Seen(Observation):
    record: dict[str, Any] | None = None


def fresh() -> dict[str, dict[str, dict[str, Any]]]:
    """A world of one's own."""
    return {name: dict(records) for name, records in ENTITIES.items()}


class StepWorld(Environment[Read, Seen, State]):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self._entities = fresh()

    def reset(self, seed: int | None = None, episode_id: str | None = None, **rest: Any) -> Seen:
        self._entities = fresh()
        return Seen()

    async def reset_async(
        self, seed: int | None = None, episode_id: str | None = None, **rest: Any
    ) -> Seen:
        return self.reset(seed, episode_id)

    def step(self, action: Read, timeout_s: float | None = None, **rest: Any) -> Seen:
        return Seen(record=self._entities[action.entity_type].get(action.entity_id))

    async def step_async(self, action: Read, timeout_s: float | None = None, **rest: Any) -> Seen:
        return self.step(action)

    @property
    def state(self) -> State:
        return State()


class McpWorld(MCPEnvironment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        self._entities = fresh()
        server = FastMCP("peer")

        @server.tool
        def read(entity_type: str, entity_id: str) -> dict[str, Any]:
            """One entity by its type and id."""
            return self._entities[entity_type][entity_id]

        super().__init__(server)

    def reset(
        self, seed: int | None = None, episode_id: str | None = None, **rest: Any
    ) -> Observation:
        self._entities = fresh()
        return Observation()

    async def reset_async(
        self, seed: int | None = None, episode_id: str | None = None, **rest: Any
    ) -> Observation:
        return self.reset(seed, episode_id)

    def _step_impl(
        self, action: Action, timeout_s: float | None = None, **rest: Any
    ) -> Observation:
        raise ValueError("only tools can be called")

    @property
    def state(self) -> State:
        return State()


def main(bundle: Path, port: int, kind: str, num_sessions: int) -> None:
    """Serves until stopped."""
    for path in sorted((bundle / "entities").glob("*.json")):
        if path.stem != "schema":
            records = json.loads(path.read_bytes())
            ENTITIES[path.stem] = {record["id"]: record for record in records}
    shapes = (CallToolAction, CallToolObservation) if kind == "mcp" else (Read, Seen)
    world = McpWorld if kind == "mcp" else StepWorld
    app = create_app(world, *shapes, max_concurrent_envs=num_sessions, env_name="peer")
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
