"""Rollouts share one base: what each of them takes is small."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exporter.bench.rollout_memory import NUM_CALLS, MemoryFigure, rollout_memory
from exporter.errors import ExporterError
from exporter.manifest import GateReport
from exporter.writer import write_bundle
from studio.cli_bench import app
from tests.exporter.small_world import library


def test_a_rollout_takes_less_than_100_kilobytes(bundle_path: Path) -> None:
    figure = rollout_memory(bundle_path, 300)
    assert figure.num_calls == NUM_CALLS
    assert figure.changes_per_rollout > 1
    assert 1_000 < figure.allocated_bytes < 100_000
    assert figure.resident_bytes < 100_000


def test_a_world_whose_tasks_only_read_is_not_measured(tmp_path: Path) -> None:
    world = library().model_copy(update={"tasks": ()})
    bundle = write_bundle(world, "1.0.0", tmp_path, gates=GateReport(gates=()))
    with pytest.raises(ExporterError, match="no reference solution of library writes"):
        rollout_memory(bundle, 1)


def test_the_figure_is_printed(bundle_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = rollout_memory(bundle_path, 2)
    monkeypatch.setattr("studio.cli_bench.rollout_memory", lambda bundle, count: measured)
    result = CliRunner().invoke(app, ["memory", str(bundle_path), "--json"])
    assert MemoryFigure(**json.loads(result.stdout)) == measured
    shown = CliRunner().invoke(app, ["memory", str(bundle_path)]).stdout
    assert f"{measured.allocated_bytes / 1024:.1f} KiB of objects a rollout" in shown
