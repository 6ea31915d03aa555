"""Which tasks use a tool or a policy: counted over the rows, without parsing tasks."""

from collections import Counter
from typing import Any

from sqlmodel import Session, col, select

from studio.tables import TaskRow


def tool_usage(session: Session, world_id: int) -> dict[str, tuple[str, ...]]:
    """The ids of the tasks whose reference solution calls a tool, by tool."""
    solution: Any = col(TaskRow.payload)["reference_solution"]["calls"].as_json()
    rows = session.exec(
        select(TaskRow.key, solution)
        .where(TaskRow.world_id == world_id)
        .order_by(col(TaskRow.position))
    )
    used: dict[str, dict[str, None]] = {}
    for key, calls in rows:
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict) and isinstance(call.get("tool"), str):
                used.setdefault(call["tool"], {})[key] = None
    return {tool: tuple(keys) for tool, keys in used.items()}


def policy_usage(session: Session, world_id: int) -> dict[str, int]:
    """How many tasks name a policy as their system prompt, by policy."""
    name: Any = col(TaskRow.payload)["system_prompt"].as_string()
    rows = session.exec(select(name).where(TaskRow.world_id == world_id))
    return dict(Counter(str(value) for value in rows))
