"""How a server starts: from its copy in the bundle, on its pins alone, and only when unchanged."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client

from exporter.bundle import Bundle
from exporter.container import REQUIREMENTS
from exporter.served import is_served
from exporter.server.settings import DEFAULT_SURFACE
from tests.exporter.servers import START_LIMIT_S, serving
from world_builder import world

ROOT = Path(__file__).parents[2]
LEND = {"book": "bk-02", "reader": "Rosa Lind"}
HEAVY = ("mcp", "starlette", "typer", "rich", "prompt_toolkit", "exporter.bundle", "exporter.gates")


@pytest.fixture
def copy(bundle_path: Path, tmp_path: Path) -> Path:
    """A bundle without solutions, to tamper with."""
    folder = Path(shutil.copytree(bundle_path, tmp_path / "copy"))
    shutil.rmtree(folder / "solutions")
    return folder


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    """A folder with the pinned distributions and nothing else."""
    folder = tmp_path / "pinned"
    folder.mkdir()
    for line in REQUIREMENTS.splitlines():
        found = distribution(line.partition("==")[0])
        tops = {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (folder / top).symlink_to(Path(str(found.locate_file(top))))
    return folder


def alone(pinned: Path) -> dict[str, str]:
    """The environment of a process that finds only its own folder and the pins."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(pinned), "PYTHONNOUSERSITE": "1"}


async def lent(url: str) -> str:
    async with Client(f"{url}/mcp") as client:
        answer: Any = await client.call_tool("lend_book", LEND)
        return str(answer.content[0].text)


async def test_the_copy_in_the_bundle_serves_alone_on_its_pins(
    copy: Path, pinned: Path, tmp_path: Path
) -> None:
    """No site-packages (`-S`): only the bundle's `server/` and what `requirements.txt` names."""
    options = {"cwd": copy / "server", "environment": alone(pinned), "interpreter": ("-S",)}
    with serving(copy, tmp_path, **options) as server:  # type: ignore[arg-type]
        assert "ln-002" in await lent(server.url)
        digest = httpx2.get(f"{server.url}/health").json()["digest"]
    assert digest == Bundle.open(copy).digest


def test_a_start_imports_nothing_that_it_does_not_need(copy: Path, pinned: Path) -> None:
    code = (
        "import sys; from exporter.server.__main__ import main; "
        "code = main([sys.argv[1], '--check', '--port', '0']); print(*sys.modules); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", code, str(copy)],
        cwd=copy / "server", env=alone(pinned), check=True, capture_output=True, text=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"exporter.server.app", "uvicorn.server", "cel.cel"} <= loaded
    assert not loaded.intersection(HEAVY)


def run_server(bundle: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "exporter.server", str(bundle), "--port", "0", *options]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=START_LIMIT_S
    )


@pytest.mark.parametrize(
    "name", ["entities/book.json", "entities/schema.json", "server/tools.json"]
)
def test_a_changed_file_that_is_served_stops_the_start(copy: Path, name: str) -> None:
    assert is_served(name)
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    done = run_server(copy)
    assert done.returncode == 1
    assert f"changed file: {name}" in done.stderr
    assert "serving on" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["tasks/lend-emma.json", "server/exporter/layout.py", "README.md"])
def test_any_other_changed_file_ends_the_server(copy: Path, name: str) -> None:
    """It is found a moment after the first answers, and the server stops of itself."""
    assert not is_served(name)
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    done = run_server(copy)
    assert done.returncode == 1
    assert f"changed file: {name}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["tasks/extra.json", "entities/extra.json", "server/evil.py"])
def test_an_extra_file_stops_the_start(copy: Path, name: str) -> None:
    (copy / name).write_text("[]")
    done = run_server(copy)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"extra file: {name}" in done.stderr


def test_the_surface_of_a_plain_server_is_every_worlds() -> None:
    assert DEFAULT_SURFACE == world.DEFAULT_SURFACE


def test_check_verifies_everything_and_serves_nothing(copy: Path) -> None:
    done = run_server(copy, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (copy / "tasks" / "lend-emma.json").write_text("{}")
    done = run_server(copy, "--check")
    assert done.returncode == 1
    assert "changed file: tasks/lend-emma.json" in done.stderr


def test_a_taken_port_is_told_in_a_line(copy: Path, tmp_path: Path) -> None:
    with serving(copy, tmp_path) as server:
        port = server.url.rpartition(":")[2]
        done = run_server(copy, "--port", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: 127.0.0.1:{port}: ")
    assert len(done.stderr.splitlines()) == 1
