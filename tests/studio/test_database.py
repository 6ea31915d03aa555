"""Migrations agree with the models; what was saved survives kill -9 of the server."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from studio.database import Database, alembic_config
from studio.repository.usage import policy_usage, tool_usage

SERVER = """
import socket, sys
from pathlib import Path
import uvicorn
from studio.app import create_app
from studio.repository.worlds import import_world
from studio.settings import Settings
from tests.studio.conftest import small_world

app = create_app(Settings(data_dir=Path(sys.argv[1]), sample_worlds=()))
database = app.state.studio.database
database.migrate()
with database.write() as session:
    import_world(session, small_world())

@app.post("/save/{number}")
def save(number: int) -> dict[str, int]:
    from studio.services.authoring import save_entity
    record = {"id": "cus-001", "name": f"name {number}"}
    save_entity(database, "shop", "customer", record, version=number, who="mo")
    return {"saved": number}

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
"""


OLD_TASKS = {
    "solved": {
        "system_prompt": "support",
        "reference_solution": {
            "calls": [{"tool": "refund"}, {"tool": "get_order"}, {"tool": "refund"}]
        },
    },
    "half-typed": {"system_prompt": 7, "reference_solution": {"calls": "refund"}},
}


def test_models_and_migrations_agree(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    database.close()


def test_tasks_of_an_older_schema_get_their_new_columns(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        connection.exec_driver_sql(
            "INSERT INTO world (id, version, updated_at, name, title, payload)"
            " VALUES (1, 1, '2025-01-01', 'shop', 'Shop', '{}')"
        )
        for key, payload in OLD_TASKS.items():
            connection.exec_driver_sql(
                "INSERT INTO task (version, updated_at, world_id, scope, key, title, position,"
                " is_valid, search, payload, category, difficulty, split, status, scenario, author,"
                " num_criteria, num_checks, has_reference) VALUES"
                " (1, '2025-01-01', 1, '', ?, '', 0, 1, '', ?, '', '', '', '', '', '', 0, 0, 1)",
                (key, json.dumps(payload)),
            )
    database.migrate()
    with database.read() as session:
        assert tool_usage(session, 1) == {"refund": ("solved",), "get_order": ("solved",)}
        assert policy_usage(session, 1) == {"support": 1, "": 1}
    database.close()


def test_kill_9_right_after_a_save_loses_nothing(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    command = [sys.executable, "-c", SERVER, str(data_dir)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    try:
        assert server.stdout is not None
        base = f"http://127.0.0.1:{int(server.stdout.readline())}"
        _wait_until_ready(f"{base}/health")
        for number in range(1, 6):
            assert httpx2.post(f"{base}/save/{number}").json() == {"saved": number}
        os.kill(server.pid, signal.SIGKILL)
    finally:
        server.kill()
        server.communicate()
    database = Database(f"sqlite:///{data_dir / 'studio.db'}")
    with database.engine.connect() as connection:
        saved = connection.exec_driver_sql("SELECT payload FROM entity WHERE key = 'cus-001'")
        assert json.loads(saved.scalar_one())["name"] == "name 5"
        counted = connection.exec_driver_sql("SELECT count(*) FROM revision")
        assert counted.scalar_one() == 5
    database.close()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            assert httpx2.get(url).status_code == 200
        except httpx2.TransportError:
            assert time.monotonic() < deadline, "the server did not start"
        else:
            return
