"""Index what tasks are counted by"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FACETS = ["category", "difficulty", "split", "status", "scenario", "is_valid", "system_prompt"]


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("system_prompt", AutoString(), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("tools", AutoString(), nullable=False, server_default=""))
    _fill()
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.alter_column("system_prompt", server_default=None)
        batch_op.alter_column("tools", server_default=None)
        batch_op.drop_index("ix_task_list")
        batch_op.create_index("ix_task_facets", ["world_id", *_FACETS], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("ix_task_facets")
        batch_op.create_index("ix_task_list", ["world_id", "status", "category"], unique=False)
        batch_op.drop_column("tools")
        batch_op.drop_column("system_prompt")


def _fill() -> None:
    """Derives the new columns of the tasks that are there."""
    task = sa.table(
        "task", sa.column("id"), sa.column("payload"), sa.column("tools"),
        sa.column("system_prompt"),
    )  # fmt: skip
    connection = op.get_bind()
    for key, payload in connection.execute(sa.select(task.c.id, task.c.payload)).all():
        data = json.loads(payload) if isinstance(payload, str) else payload
        prompt = data.get("system_prompt")
        given = {"tools": _tools(data), "system_prompt": prompt if isinstance(prompt, str) else ""}
        connection.execute(task.update().where(task.c.id == key).values(given))


def _tools(data: Any) -> str:
    solution = data.get("reference_solution")
    calls = solution.get("calls") if isinstance(solution, dict) else None
    rows = [row for row in calls if isinstance(row, dict)] if isinstance(calls, list) else []
    names = {row["tool"] for row in rows if isinstance(row.get("tool"), str)} - {""}
    return f" {' '.join(sorted(names))} " if names else ""
