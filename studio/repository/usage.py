"""Which tasks use a tool or a policy: counted over columns, without reading tasks."""

from sqlmodel import Session, col, select

from studio.repository.store import TASKS
from studio.tables import TaskRow


def tool_usage(session: Session, world_id: int) -> dict[str, tuple[str, ...]]:
    """The ids of the tasks whose reference solution calls a tool, by tool."""
    rows = session.exec(
        select(TaskRow.key, TaskRow.tools)
        .where(TaskRow.world_id == world_id, TaskRow.tools != "")
        .order_by(col(TaskRow.position))
    )
    used: dict[str, list[str]] = {}
    for key, tools in rows:
        for tool in tools.split():
            used.setdefault(tool, []).append(key)
    return {tool: tuple(keys) for tool, keys in used.items()}


def policy_usage(session: Session, world_id: int) -> dict[str, int]:
    """How many tasks name a policy as their system prompt, by policy."""
    return TASKS.counts(session, world_id, "system_prompt")
