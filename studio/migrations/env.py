"""What alembic runs: migrations over the connection that `database` or a developer gives."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel

import studio.tables  # noqa: F401 - fills the metadata


def _render(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    if kind == "type" and type(item).__module__.startswith("sqlmodel"):
        return f"{type(item).__name__}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
