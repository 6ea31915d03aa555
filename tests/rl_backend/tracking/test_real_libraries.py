"""The trackers' own libraries, offline, where they are installed: two processes, one run."""

from __future__ import annotations

import inspect
import json
import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from rl_backend.config import load_preset
from rl_backend.records import BundleLock, EventKind
from rl_backend.rundir import RunDir
from rl_backend.tracking.kinds import is_installed
from rl_backend.tracking_config import TrackerKind
from tests.rl_backend.tracking import libraries
from tests.rl_backend.tracking.libraries import Calls, MlflowServer

ROOT = Path(__file__).parents[3]
BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="d" * 64)
WANDB_BLOCK, WANDB_HEADER = 32768, 7
NUM_RUNS_SQL = "SELECT count(*) FROM runs"


def need(kind: TrackerKind) -> None:
    if not is_installed(kind):
        pytest.skip(f"{kind.value} is not installed")


def follow(run: RunDir, *steps: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.rl_backend.tracking.real_case", str(run.path),
         *map(str, steps)],
        cwd=ROOT, env={**os.environ, "WANDB_API_KEY": ""}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = [e.message for e in run.tail_events().records if e.kind is EventKind.WARNING]
    assert told == [], done.stdout + done.stderr


@pytest.mark.parametrize("kind", list(TrackerKind))
def test_a_resumed_run_is_one_run_with_every_figure(kind: TrackerKind, tmp_path: Path) -> None:
    need(kind)
    config = load_preset("smoke", [f'tracking.kinds=["{kind.value}"]'])
    run = RunDir.create(tmp_path, config, BUNDLE, "run-1")
    follow(run, 1, 2, 3)
    follow(run, 4, 5)
    losses = READERS[kind](run.path / "tracking" / kind.value)
    assert losses == pytest.approx([1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def tensorboard_losses(folder: Path) -> list[float]:
    script = (
        "import json, sys\n"
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "events = EventAccumulator(sys.argv[1])\n"
        "events.Reload()\n"
        "print(json.dumps([e.value for e in events.Scalars('train/loss')]))\n"
    )
    command = [sys.executable, "-c", script, str(folder / "train")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (folder / "evaluation").is_dir()
    return [float(value) for value in json.loads(text)]


def trackio_losses(folder: Path) -> list[float]:
    with sqlite3.connect(folder / "corecraft.db") as database:
        rows = database.execute("SELECT run_name, metrics FROM metrics ORDER BY id").fetchall()
    database.close()
    assert {name for name, _ in rows} == {"run-1"}
    kept = [json.loads(metrics) for _, metrics in rows]
    return [values["train/loss"] for values in kept if "train/loss" in values]


def mlflow_losses(folder: Path) -> list[float]:
    wanted = "SELECT value FROM metrics WHERE key = 'train/loss' ORDER BY step"
    with sqlite3.connect(folder / "mlflow.db") as database:
        assert database.execute(NUM_RUNS_SQL).fetchone() == (1,)
        rows = database.execute(wanted).fetchall()
    database.close()
    return [value for (value,) in rows]


def wandb_losses(folder: Path) -> list[float]:
    files = sorted(folder.glob("wandb/offline-run-*/run-*.wandb"), key=lambda p: p.stat().st_mtime)
    assert len(files) == 2
    assert len({file.name for file in files}) == 1
    proto: Any = import_module("wandb.proto.wandb_internal_pb2")
    losses = []
    for data in (record for file in files for record in wandb_records(file.read_bytes())):
        record = proto.Record.FromString(data)
        items = {i.key or "/".join(i.nested_key): i.value_json for i in record.history.item}
        losses += [json.loads(x) for name, x in items.items() if name == "train/loss"]
    return losses


def wandb_records(data: bytes) -> Iterator[bytes]:
    """The records of a W&B file, whose form is that of LevelDB's log."""
    position, parts = WANDB_HEADER, b""
    while position + 7 <= len(data):
        if WANDB_BLOCK - position % WANDB_BLOCK < 7:
            position += WANDB_BLOCK - position % WANDB_BLOCK
        _, length, kind = struct.unpack_from("<IHB", data, position)
        parts += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


READERS: dict[TrackerKind, Callable[[Path], list[float]]] = {
    TrackerKind.WANDB: wandb_losses,
    TrackerKind.TENSORBOARD: tensorboard_losses,
    TrackerKind.TRACKIO: trackio_losses,
    TrackerKind.MLFLOW: mlflow_losses,
}


def doubled(kind: TrackerKind) -> list[tuple[str, Any]]:
    """Our doubles' functions by the name of the real one."""
    calls = Calls()
    if kind is TrackerKind.TENSORBOARD:
        writer: Any = libraries.tensorboard(calls).__dict__["SummaryWriter"]
        base = "torch.utils.tensorboard:SummaryWriter"
        return [(f"{base}.{name}", getattr(writer, name)) for name in ("__init__", "add_scalar")]
    if kind is TrackerKind.MLFLOW:
        client: Any = libraries.mlflow(calls, MlflowServer())["mlflow"].__dict__["MlflowClient"]
        names = ("__init__", "create_experiment", "search_runs", "create_run", "update_run",
                 "log_batch", "set_terminated")  # fmt: skip
        return [(f"mlflow:MlflowClient.{name}", getattr(client, name)) for name in names]
    module = {TrackerKind.WANDB: libraries.wandb, TrackerKind.TRACKIO: libraries.trackio}[kind](
        calls
    ).__dict__
    run: Any = module["Run"]
    names = ("log", "finish", *(("define_metric",) if kind is TrackerKind.WANDB else ()))
    methods = [(f"{kind.value}:Run.{name}", getattr(run, name)) for name in names]
    return [(f"{kind.value}:init", module["init"]), *methods]


@pytest.mark.parametrize("kind", list(TrackerKind))
def test_the_doubles_take_nothing_that_the_libraries_do_not(kind: TrackerKind) -> None:
    need(kind)
    pairs = {name: list(inspect.signature(double).parameters) for name, double in doubled(kind)}
    script = (
        "import importlib, inspect, json, sys\n"
        "found = {}\n"
        "for name in sys.argv[1:]:\n"
        "    module, _, path = name.partition(':')\n"
        "    value = importlib.import_module(module)\n"
        "    for part in path.split('.'):\n"
        "        value = getattr(value, part)\n"
        "    found[name] = list(inspect.signature(value).parameters)\n"
        "print(json.dumps(found))\n"
    )
    command = [sys.executable, "-c", script, *pairs]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    real = json.loads(done.stdout.splitlines()[-1])
    assert {name: set(given) - set(real[name]) for name, given in pairs.items()} == {
        name: set() for name in pairs
    }
